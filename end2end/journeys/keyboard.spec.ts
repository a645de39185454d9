import { ADA } from '../data/accounts.ts';
import { expect, test } from '../fixtures/journey.ts';
import { stops, whatCanBeReached } from '../fixtures/keyboard.ts';
import { signIn, signInAgain } from '../pages/sign-in.ts';

/** WCAG 2.2, 2.1.1, 2.4.3, 2.4.7, 2.4.11: by the keyboard everything is reached, in order, and the focus is seen at each stop. */
test('everything on a page is reached by the keyboard, and the focus is seen', async ({
  application,
  provider,
  page,
  anotherBrowser,
}) => {
  const isReached = async (): Promise<void> => {
    const expected = await whatCanBeReached(page);
    expect(expected.length).toBeGreaterThan(0);
    const reached = await stops(page, expected.length);
    expect(reached.map(({ what }) => what)).toEqual(expected);
    expect(reached.flatMap(({ what, faults }) => faults.map((fault) => `${what}: ${fault}`))).toEqual([]);
  };

  await application.open('/');
  await isReached();
  await application.open('/sign-in?return_to=/resource');
  await isReached();
  await application.open('/');
  await application.beginSignIn();
  await provider.asksForPassword();
  await isReached();
  await signIn({ application, provider }, ADA);
  const phone = await anotherBrowser();
  await signInAgain(phone, ADA);
  await application.open('/sessions');
  await application.shows('Where you are signed in');
  await isReached();
  await provider.openAccount();
  await isReached();
  // What asks a second time opens by the keyboard, and holds what it asks.
  await provider.section('Connected applications').locator('summary').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: /^Remove / })).toBeVisible();
  await isReached();
});

test('the skip link leads past the header', async ({ application, page }) => {
  await application.open('/');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('main').getByRole('link', { name: 'Sign in' })).toBeFocused();
});

import type { Locator } from '@playwright/test';
import { ADA } from '../data/accounts.ts';
import { expect, test } from '../fixtures/journey.ts';
import { signIn, signInAgain } from '../pages/sign-in.ts';

const HEADING = 'Where you are signed in';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a browser is signed out from another one', async ({ application, provider, page, anotherBrowser }) => {
      await signIn({ application, provider }, ADA);
      await page.getByRole('link', { name: HEADING, exact: true }).click();
      await application.shows(HEADING);
      await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
      await expect(region(page.getByRole('main'), 'This browser').getByRole('listitem')).toHaveCount(1);

      const phone = await anotherBrowser();
      await signInAgain(phone, ADA);
      await page.reload();
      await application.shows(HEADING);
      const elsewhere = region(page.getByRole('main'), 'Elsewhere');
      await expect(elsewhere.getByRole('listitem')).toHaveCount(1);
      await expect(elsewhere).toContainText(/Chrom\w+ on Linux/);
      await expect(elsewhere).toContainText('Signed in less than a minute ago, last used less than a minute ago, from 127.0.0.1');

      // By the keyboard alone.
      await elsewhere.getByRole('button', { name: /^Sign out Chrom/ }).focus();
      await page.keyboard.press('Enter');
      await expect(page.locator('#notice')).toHaveText('That browser is signed out.');
      await application.shows(HEADING);
      await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
      await page.reload();
      await expect(page.locator('#notice')).toHaveCount(0);

      await phone.application.open('/sessions');
      await phone.application.shows(HEADING);
      await phone.application.beginSignIn();
      await phone.application.shows(HEADING);
    });

    test('all other browsers are signed out at once, after a second look', async ({
      application,
      provider,
      page,
      anotherBrowser,
    }) => {
      await signIn({ application, provider }, ADA);
      const others = [await anotherBrowser(), await anotherBrowser()];
      for (const other of others) await signInAgain(other, ADA);
      await application.open('/sessions');
      const signOut = page.getByRole('button', { name: 'Sign out 2 browsers' });
      await expect(signOut).toBeHidden();
      await page.getByText('Sign out everywhere else').focus();
      await page.keyboard.press('Enter');
      await expect(signOut).toBeVisible();
      await application.shows(HEADING);
      await signOut.click();
      await expect(page.locator('#notice')).toHaveText('You are signed out everywhere else.');
      for (const other of others) {
        await other.application.open('/');
        await other.application.shows('Hand in your tokens, carry a ticket.');
      }
      await application.open('/');
      await application.greets(ADA);
    });

    test('a browser that is signed out already, and a list that is out of date', async ({
      application,
      provider,
      page,
      anotherBrowser,
    }) => {
      await signIn({ application, provider }, ADA);
      const phone = await anotherBrowser();
      await signInAgain(phone, ADA);
      await application.open('/sessions');
      // A copy of the list from before.
      const button = page.getByRole('button', { name: /^Sign out Chrom/ });
      await phone.application.signOutButton.click();
      await phone.page.waitForURL((url) => url.pathname !== '/');
      await button.click();
      await expect(page.locator('#notice')).toHaveText('It was signed out already.');
    });
  });
}

function region(within: Locator, name: string): Locator {
  return within.getByRole('region', { name, exact: true });
}

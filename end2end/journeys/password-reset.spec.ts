import { ADA } from '../data/accounts.ts';
import { expect, test } from '../fixtures/journey.ts';
import { tokenOf } from '../pages/links.ts';

const PASSWORD = 'a wholly new password';

test('a forgotten password is replaced, and every session ends', async ({
  application,
  provider,
  links,
  anotherTab,
  anotherBrowser,
  watch,
  cloakroom,
}) => {
  test.slow();
  watch.console.expectStatus(410, 422);
  const phone = await anotherBrowser();
  await phone.provider.openAccount(ADA);

  await application.open('/');
  await application.beginSignIn();
  await provider.logIn({ ...ADA, password: 'forgotten' });
  await expect(provider.page.getByRole('alert')).toBeFocused();
  await links.begin('reset-password');
  await links.ask(ADA.email);
  const mail = await anotherTab();
  const link = await mail.links.linkIn('Choose a new password');

  await test.step('a new password is chosen, and the sign-in goes on', async () => {
    await links.open(link);
    await links.choosePassword(ADA.email);
    await links.refuses('easy to guess');
    await links.choosePassword(PASSWORD);
    await provider.allow();
    await application.greets(ADA);
  });

  await test.step('the phone is signed out, and the old password is worth nothing', async () => {
    await phone.page.reload();
    await phone.provider.logIn(ADA);
    await expect(phone.page.getByRole('alert')).toBeFocused();
    await phone.links.open(link);
    await phone.links.cannotBeUsed();
    await phone.page.locator('#account').click();
    await phone.provider.logIn({ ...ADA, password: PASSWORD });
    await phone.provider.showsAccount();
    await expect(phone.provider.section('Recent activity')).toContainText('You chose a new password');
  });

  await test.step('the owner is written to', async () => {
    await mail.application.open('/outbox');
    await expect(mail.page.getByRole('heading', { name: 'Your password was changed' })).toBeVisible();
  });
  expect(await cloakroom.printed()).not.toContain(tokenOf(link));
});

test('a newer link replaces the one before it', async ({ links, page, anotherTab, watch, cloakroom }) => {
  watch.console.expectStatus(410);
  const mail = await anotherTab();
  const asked = async (known?: string): Promise<string> => {
    await page.goto(`${cloakroom.origins.provider}/reset-password`);
    await links.ask(ADA.email);
    return mail.links.linkIn('Choose a new password', known);
  };
  const older = await asked();
  const newer = await asked(older);
  await links.open(older);
  await links.cannotBeUsed();
  await links.open(newer);
  await links.shows('Choose a new password');
});

import { ADA } from '../data/accounts.ts';
import { expect, test } from '../fixtures/journey.ts';
import { signIn } from '../pages/sign-in.ts';

test('the account page: a name, a device, an application, a password', async ({
  application,
  provider,
  watch,
  anotherBrowser,
}) => {
  test.slow();
  watch.console.expectStatus(422);
  await signIn({ application, provider }, ADA);
  const phone = await anotherBrowser();
  await phone.provider.openAccount(ADA);

  await provider.openAccount();
  const { page } = provider;
  await expect(provider.section('Profile')).toContainText(ADA.email);
  await expect(provider.section('Recent activity')).toContainText('to act for you');

  await test.step('another name', async () => {
    await page.getByLabel('Full name').fill('Countess Lovelace');
    await page.getByRole('button', { name: 'Save name' }).click();
    await expect(provider.notice).toHaveText('Your name was changed.');
    await expect(page.locator('#user-name')).toHaveText('Countess Lovelace');
    await page.reload();
    await expect(provider.notice).toHaveCount(0);
  });

  await test.step('the phone is signed out from here', async () => {
    const devices = provider.section('Where you are signed in');
    await expect(devices.getByRole('listitem')).toHaveCount(2);
    await expect(devices.getByRole('listitem').filter({ hasText: 'This device' })).toHaveCount(1);
    await devices.getByRole('button', { name: /^Sign out Chrome/ }).click();
    await expect(provider.notice).toHaveText('That device is signed out.');
    await expect(devices.getByRole('listitem')).toHaveCount(1);
    await phone.page.reload();
    await phone.provider.asksForPassword();
  });

  await test.step('the application is removed, and has to ask again', async () => {
    const applications = provider.section('Connected applications');
    await expect(applications.getByRole('button', { name: /^Remove / })).toBeHidden();
    await applications.locator('summary').click();
    await expect(applications).toContainText('can see and do nothing for you any more');
    await applications.getByRole('button', { name: /^Remove / }).click();
    await expect(provider.notice).toHaveText('The application can no longer act for you.');
    await expect(applications.getByRole('listitem')).toHaveCount(0);
    await phone.application.open('/');
    await phone.application.beginSignIn();
    await phone.provider.logIn(ADA);
    await phone.provider.asksForConsent();
  });

  await test.step('another password, for whoever knows the present one', async () => {
    const change = async (current: string): Promise<void> => {
      await page.getByLabel('Current password').fill(current);
      await page.getByLabel('New password').fill('a wholly new password');
      await page.getByRole('button', { name: 'Change password' }).click();
    };
    await change('guessed');
    await expect(page.getByRole('alert')).toBeFocused();
    await expect(page).toHaveTitle(/^Error: /);
    await provider.showsAccount();
    await change(ADA.password);
    await expect(provider.notice).toContainText('signed out everywhere else');
    await phone.provider.openAccount({ ...ADA, password: 'a wholly new password' });
  });
});

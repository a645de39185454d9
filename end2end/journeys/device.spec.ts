import { ADA } from '../data/accounts.ts';
import { Device } from '../fixtures/device.ts';
import { expect, test } from '../fixtures/journey.ts';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with script' : 'without script', () => {
    test.use({ javaScriptEnabled });

    test('a device is connected by the code that it shows', async ({ provider, cloakroom }) => {
      const device = await Device.of(cloakroom, 'Television');
      await provider.page.goto(`${cloakroom.origins.provider}/device`);
      await provider.logIn(ADA);
      expect(await device.learns()).toBe('authorization_pending');
      await provider.enterDevice(device.userCode.toLowerCase().replace('-', ' '));
      await expect(provider.page.locator('#device-code')).toHaveText(device.userCode);
      await expect(provider.page.locator('#warning')).toContainText('on a device that you have with you');
      await provider.allow();
      await provider.tells('The device is connected');
      expect(await device.learns()).toBe('tokens');

      await test.step('and is listed at the account, until it is removed there', async () => {
        await provider.openAccount();
        const applications = provider.section('Connected applications');
        await expect(applications.getByRole('listitem').filter({ hasText: 'Television' })).toHaveCount(1);
        await applications.locator('summary').click();
        await applications.getByRole('button', { name: /^Remove Television/ }).click();
        await expect(applications.getByRole('listitem')).toHaveCount(0);
      });
    });

    test('the address with the code asks to compare it, and a no is a no', async ({ provider, cloakroom }) => {
      const device = await Device.of(cloakroom, 'Television');
      await provider.page.goto(device.address.href);
      await provider.logIn(ADA);
      await provider.asksForDevice();
      await expect(provider.userCode).toHaveValue(device.userCode);
      await expect(provider.page.getByText('does it show exactly this code')).toBeVisible();
      expect(await device.learns()).toBe('authorization_pending');
      await provider.page.locator('#continue').click();
      await provider.asksForConsent();
      await provider.deny();
      await provider.tells('The device is not connected');
      expect(await device.learns()).toBe('access_denied');
    });
  });
}

test('a code that does not fit is told, and can be mended', async ({ provider, cloakroom, watch }) => {
  watch.console.expectStatus(422);
  const device = await Device.of(cloakroom, 'Television');
  await provider.page.goto(`${cloakroom.origins.provider}/device`);
  await provider.logIn(ADA);
  await provider.enterDevice('BCDF-GHJK');
  await expect(provider.page.getByRole('alert')).toBeFocused();
  await expect(provider.page).toHaveTitle(/^Error: /);
  await expect(provider.userCode).toHaveValue('BCDF-GHJK');
  await provider.enterDevice(device.userCode);
  await provider.asksForConsent();
});

test('a login for a device can be given up', async ({ provider, cloakroom }) => {
  await provider.page.goto(`${cloakroom.origins.provider}/device`);
  await provider.asksForPassword();
  await provider.deny();
  await provider.tells('Sign-in provider');
});

import { join } from 'node:path';
import { ADA, KATHERINE } from '../data/accounts.ts';
import { expectAccessible } from '../fixtures/accessibility.ts';
import { Device } from '../fixtures/device.ts';
import { ARTIFACTS, expect, test } from '../fixtures/journey.ts';
import { signInAgain, signOut } from '../pages/sign-in.ts';

/**
 * Takes each page as people see it: light and dark, wide and on a phone. The files are for people to look at.
 *
 * What each page says to whoever cannot see it is held against `../spoken`: roles, names and states, word for word.
 * `make end2end ARGS="--project=embedded --update-snapshots pictures"` writes those files anew; then read the difference, and put
 * regular expressions where something varies. What a recorded sign-in says is told in flow.spec.ts.
 */
test('every page, light and dark, wide and phone', async ({ application, provider, links, watch, cloakroom, anotherBrowser }) => {
  // Some fifty pages, six times each.
  test.setTimeout(600_000);
  watch.console.expectStatus(400, 401, 403, 404, 410, 422);
  const { page } = application;
  const picture = async (name: string, { spoken } = { spoken: true }): Promise<void> => {
    if (spoken) await expect.soft(page.locator('body')).toMatchAriaSnapshot({ name: `${name}.aria.yml` });
    // Half of a desk's window, which is 200 % in it, and the narrowest that text has to flow into (WCAG 2.2, 1.4.10).
    for (const width of [640, 320]) {
      await page.setViewportSize({ width, height: 900 });
      await application.fitsTheWindow();
    }
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
        await application.fitsTheWindow();
        await application.hasAHeaderOfOneRow();
        await page.screenshot({ path: join(ARTIFACTS, 'pictures', `${name}-${colorScheme}-${width}.png`), fullPage: true });
      }
      await expectAccessible(page);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
  };

  await application.open('/');
  await picture('home');
  await application.open('/flow');
  await picture('flow');
  await application.open('/sign-in?return_to=/resource');
  await picture('sign-in');
  await application.open('/resource');
  await picture('resource-signed-out');
  await application.open('/nowhere');
  await picture('not-found');
  await application.open('/problem/denied');
  await picture('problem');
  await application.open('/flow?exchange=3');
  await picture('flow-sample-exchange', { spoken: false });
  await page.goto(cloakroom.origins.provider);
  await picture('provider-home');
  await page.goto(`${cloakroom.origins.provider}/authorize`);
  await picture('provider-problem');

  await application.open('/');
  await application.beginSignIn();
  await provider.asksForPassword();
  await picture('provider-login');
  await provider.logIn({ username: ADA.username, password: 'wrong' });
  await provider.page.getByRole('alert').waitFor();
  await picture('provider-login-error');
  const login = page.url();
  await links.begin('sign-up');
  await picture('provider-sign-up');
  await links.ask(KATHERINE.email);
  await picture('provider-sign-up-sent');
  await links.open(await links.linkIn('Confirm your e-mail address'));
  await picture('provider-new-account');
  await links.openAccount({ ...KATHERINE, username: ADA.username });
  await links.refuses('taken');
  await picture('provider-new-account-error');
  await page.goto(login);
  await links.begin('reset-password');
  await picture('provider-reset');
  await links.ask(ADA.email);
  await picture('provider-reset-sent');
  await links.open(await links.linkIn('Choose a new password'));
  await picture('provider-new-password');
  await page.goto(`${cloakroom.origins.provider}/confirm?token=none`);
  await picture('provider-spent-link');
  await page.goto(login);
  await provider.logIn(ADA);
  await provider.asksForConsent();
  await picture('provider-consent');
  await provider.allow();
  await application.greets(ADA);
  await picture('home-signed-in');
  await application.open('/identity');
  await application.shows('Your identity');
  await picture('identity');
  await application.open('/flow');
  await picture('flow-recorded', { spoken: false });
  await application.open('/flow?exchange=9');
  await picture('flow-exchange', { spoken: false });
  const phone = await anotherBrowser();
  const tablet = await anotherBrowser();
  await application.open('/sessions');
  await picture('sessions-alone');
  for (const browsing of [phone, tablet]) await signInAgain(browsing, ADA);
  await application.open('/sessions');
  await page.getByText('Sign out everywhere else').click();
  await picture('sessions');
  await page
    .getByRole('button', { name: /^Sign out Chrom/ })
    .first()
    .click();
  await page.locator('#notice').waitFor();
  await picture('sessions-notice');
  await application.open('/resource?ask=1');
  await application.answer();
  await picture('resource');
  // Letters and the account's activity come by the Queue: whoever looks at once may be too early.
  await expect(async () => {
    await application.open('/outbox');
    await expect(page.getByRole('heading', { name: 'New sign-in' })).toHaveCount(3, { timeout: 500 });
  }).toPass();
  await picture('outbox');
  await expect(async () => {
    await provider.openAccount();
    await expect(provider.section('Recent activity')).toContainText('You signed out of an application', { timeout: 500 });
  }).toPass();
  await picture('provider-account');
  const choosePassword = async (): Promise<void> => {
    await provider.page.locator('#current-password').fill('wrong');
    await provider.page.locator('#new-password').fill('long enough a password');
    await provider.page.locator('#change-password').click();
    await provider.page.getByRole('alert').waitFor();
  };
  // The worker writes down what was tried, a moment later: the second time, the first is there.
  await choosePassword();
  await expect(async () => {
    await provider.openAccount();
    const newest = provider.section('Recent activity').getByRole('listitem').first();
    await expect(newest).toContainText('wrong password', { timeout: 500 });
  }).toPass();
  await choosePassword();
  await picture('provider-account-error');
  const device = await Device.of(cloakroom, 'Television');
  await page.goto(`${cloakroom.origins.provider}/device`);
  await picture('provider-device');
  await provider.enterDevice('BCDF-GHJK');
  await provider.page.getByRole('alert').waitFor();
  await picture('provider-device-error');
  await page.goto(device.address.href);
  await picture('provider-device-filled-in');
  await provider.page.locator('#continue').click();
  await picture('provider-device-consent');
  await provider.allow();
  await picture('provider-device-connected');
  const denied = await Device.asks(cloakroom, 'television');
  await page.goto(denied.address.href);
  await provider.page.locator('#continue').click();
  await provider.deny();
  await picture('provider-device-denied');
  await provider.openAccount();
  await provider.page.locator('#sign-out').click();
  await picture('provider-sign-out');
  await application.open('/');
  await signOut({ application, provider });
  await picture('signed-out');
  await application.open('/sign-in?ended=1&return_to=/resource');
  await picture('sign-in-ended');
});

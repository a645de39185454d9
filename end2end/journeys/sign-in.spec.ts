import { ADA, GRACE } from '../data/accounts.ts';
import { type Browsing, expect, test } from '../fixtures/journey.ts';
import { signIn } from '../pages/sign-in.ts';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a visitor signs in, allows, and is greeted by name', async ({ application, provider, cloakroom, context }) => {
      await application.open('/');
      await application.shows('Hand in your tokens, carry a ticket.');
      await application.beginSignIn();
      await provider.logIn(ADA);
      await provider.allow();
      await application.greets(ADA);
      await expect(application.fact('Name')).toHaveText(ADA.name);
      await expect(application.fact('E-mail')).toHaveText(ADA.email);
      await expect(application.fact('Signed in')).toHaveText('less than a minute ago');

      const session = (await context.cookies()).find(({ name }) => name === '__Host-session');
      expect(session).toMatchObject({ httpOnly: true, secure: true, path: '/', sameSite: 'Lax', domain: 'localhost' });
      // 256 bits in base64url.
      expect(session?.value).toMatch(/^[A-Za-z0-9_-]{43,}$/);

      // The application really spoke to the provider: PAR, token request with verifier and assertion, userinfo.
      expect(cloakroom.backChannel.requests).toContain('POST /par 201');
      expect(cloakroom.backChannel.requests).toContain('POST /token 200');
      expect(cloakroom.backChannel.requests).toContain('GET /userinfo 200');
      const kinds = new Set([...cloakroom.backChannel.secrets.values()].map(({ kind }) => kind));
      expect([...kinds].sort()).toEqual(['access_token', 'client_assertion', 'code_verifier', 'id_token', 'refresh_token']);
      expect(cloakroom.backChannel.codes.size).toBe(1);
    });

    test('a wrong password and an unknown user are told the same, and the right password still works', async ({
      application,
      provider,
      watch,
    }) => {
      watch.console.expectStatus(422);
      await application.open('/');
      await application.beginSignIn();
      const told: string[] = [];
      for (const wrong of [
        { username: ADA.username, password: 'ada-loves-coffee' },
        { username: 'nobody', password: ADA.password },
      ]) {
        await provider.logIn(wrong);
        const summary = provider.page.getByRole('alert');
        await expect(summary).toBeVisible();
        await expect(summary).toBeFocused();
        await expect(provider.page).toHaveTitle(/^Error: /);
        await expect(provider.username).toHaveValue(wrong.username);
        await expect(provider.password).toHaveValue('');
        told.push(await summary.innerText());
        await provider.asksForPassword();
      }
      expect(told[0]).toBe(told[1]);
      await provider.logIn(ADA);
      await provider.allow();
      await application.greets(ADA);
    });

    test('saying no at the consent page leads to a page that explains, and to another try', async ({
      application,
      provider,
      context,
      watch,
    }) => {
      watch.console.expectStatus(403);
      await application.open('/');
      await application.beginSignIn();
      await provider.logIn(GRACE);
      await provider.asksForConsent();
      await provider.deny();
      await application.shows('Access was denied');
      expect((await context.cookies()).map(({ name }) => name)).not.toContain('__Host-session');

      await application.page.getByRole('link', { name: 'Sign in again' }).click();
      await provider.allow();
      await application.greets(GRACE);
    });
  });
}

test('cancelling at the login page is told as denied', async ({ application, provider, watch }) => {
  watch.console.expectStatus(403);
  await application.open('/');
  await application.beginSignIn();
  await provider.asksForPassword();
  await provider.deny();
  await application.shows('Access was denied');
});

test('the second sign-in shows neither login nor consent', async ({ application, provider, context, cloakroom }) => {
  await signIn({ application, provider }, ADA);
  await context.clearCookies({ name: '__Host-session' });
  await application.open('/');
  await application.shows('Hand in your tokens, carry a ticket.');

  const shown: string[] = [];
  application.page.on('response', (response) => {
    const isPage = response.request().isNavigationRequest() && response.status() < 300;
    if (isPage && response.url().startsWith(cloakroom.origins.provider)) shown.push(response.url());
  });
  await application.beginSignIn();
  await application.greets(ADA);
  expect(shown, 'pages of the provider').toEqual([]);
});

for (const order of ['the tab that began first', 'the tab that began last']) {
  test(`two tabs sign in at once, and ${order} completes first`, async ({ anotherTab, context, cloakroom }) => {
    const tabs = [
      { tab: await anotherTab(), path: '/flow', heading: 'OAuth 2 Flow' },
      { tab: await anotherTab(), path: '/resource', heading: 'Resource API' },
    ];
    for (const { tab, path } of tabs) {
      await tab.application.open(path);
      await tab.application.beginSignIn();
      await tab.provider.asksForPassword();
    }
    if (order === 'the tab that began last') tabs.reverse();
    let consented = false;
    for (const { tab, path, heading } of tabs) {
      await tab.provider.logIn(ADA);
      if (!consented) await tab.provider.allow();
      consented = true;
      await tab.application.shows(heading);
      expect(tab.page.url()).toBe(cloakroom.origins.application + path);
      await expect(tab.application.signOutButton).toBeVisible();
    }
    for (const { tab } of tabs) await staysSignedIn(tab);
    // What each sign-in needed for itself is cleared away.
    const left = (await context.cookies()).map(({ name }) => name).filter((name) => name.startsWith('__Host-sign-in'));
    expect(left).toEqual([]);
  });
}

async function staysSignedIn({ application }: Browsing): Promise<void> {
  await application.open('/');
  await application.greets(ADA);
}

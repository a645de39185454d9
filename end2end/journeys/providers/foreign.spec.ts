import { expect, HEDY, logInAbroad, type Manner, METHODS, name, test } from '../../fixtures/foreign.ts';

const MANNERS: [string, Manner][] = [
  ['with PAR and DPoP, rotating refresh tokens', { par: true, dpop: true, rotating: true, endSession: true, resource: true }],
  ['with PAR and without DPoP', { par: true, dpop: false, rotating: true, endSession: true, resource: true }],
  ['without PAR and with DPoP', { par: false, dpop: true, rotating: false, endSession: true, resource: true }],
  [
    'without PAR and DPoP, without a place for signing out',
    { par: false, dpop: false, rotating: false, endSession: false, resource: false },
  ],
];

for (const [told, manner] of MANNERS) {
  test.describe(told, () => {
    test.use({ manner });

    for (const method of METHODS) {
      test(`a visitor signs in by ${method}, is refreshed, and signs out`, async ({ application, foreign, page, context }) => {
        await application.open('/sign-in?return_to=/resource%3Fask%3D1');
        await application.shows('Sign in');
        await page.getByRole('link', { name: `Sign in with Foreign by ${method}`, exact: true }).click();
        await logInAbroad(page, foreign);
        await application.shows('Resource API');
        // What it gave is good at a resource server, bound to a key or not.
        if (manner.resource) expect(await application.answer()).toMatchObject({ subject: HEDY.username });
        expect(foreign.count(manner.resource ? 'GET /me 401' : 'GET /me 200')).toBe(1);
        expect(foreign.count(manner.par ? 'POST /request 201' : 'POST /request 404')).toBe(manner.par ? 1 : 0);
        // The Resource API knows no token that is not for it, so that another was fetched at once.
        const grants = manner.resource ? 1 : 2;
        expect(foreign.count('POST /token 200')).toBe(grants);
        // With DPoP, the provider wanted its nonce first.
        expect(foreign.count('POST /token 400')).toBe(manner.dpop ? 1 : 0);

        // Once more, for tokens that run out. It is one grant to this provider, so that nothing of it may be revoked.
        foreign.shortenLives();
        await application.open('/login?renew=1&return_to=/resource%3Fask%3D1');
        await logInAbroad(page, foreign);
        await application.shows('Resource API');
        expect(foreign.count('POST /token/revocation 200')).toBe(0);
        const before = foreign.count('POST /token 200');
        // Twice, so that what the first refresh gave is used, too.
        for (const refreshes of [1, 2]) {
          await expect(async () => {
            await application.open('/resource?ask=1');
            if (manner.resource) expect(await application.answer()).toMatchObject({ subject: HEDY.username });
            expect(foreign.count('POST /token 200')).toBeGreaterThanOrEqual(before + refreshes);
          }).toPass();
        }

        await application.open('/');
        await application.greets(HEDY);
        await expect(application.fact('E-mail')).toHaveText(HEDY.email);
        await expect(application.fact('Provider')).toHaveText(new URL(foreign.issuer).host);
        await application.signOutButton.click();
        if (manner.endSession) await page.getByRole('button', { name: 'Yes, sign me out' }).click();
        await application.shows('You are signed out');
        const words = manner.endSession ? 'here and at the sign-in provider' : 'you may still be signed in';
        await expect(page.getByText(words)).toBeVisible();
        expect(foreign.count('POST /token/revocation 200')).toBe(1);
        expect((await context.cookies()).map((cookie) => cookie.name)).not.toContain('__Host-session');
      });
    }
  });
}

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the sign-in page offers each provider, and each leads back to itself', async ({
    application,
    foreign,
    page,
    cloakroom,
  }) => {
    await application.open('/');
    await application.beginSignIn();
    await application.shows('Sign in');
    const ways = page.getByRole('main').getByRole('listitem').getByRole('link');
    await expect(ways).toHaveText(
      ['Cloakroom', ...METHODS.map((method) => `Foreign by ${method}`)].map((title) => `Sign in with ${title}`),
    );
    const callbacks: string[] = [];
    page.on('request', (request) => {
      const { origin, pathname } = new URL(request.url());
      if (origin === cloakroom.origins.application && pathname.startsWith('/callback')) callbacks.push(pathname);
    });
    for (const method of METHODS.slice(0, 2)) {
      await page.context().clearCookies({ name: '__Host-session' });
      await application.open('/sign-in');
      await page.getByRole('link', { name: `Sign in with Foreign by ${method}`, exact: true }).click();
      await logInAbroad(page, foreign);
      await application.greets(HEDY);
    }
    expect(callbacks).toEqual(METHODS.slice(0, 2).map((method) => `/callback/${name(method)}`));
  });
});

test('saying no at a foreign provider is told as denied', async ({ application, foreign, page, watch }) => {
  watch.console.expectStatus(403);
  await application.open(`/login?provider=${name('none')}`);
  await expect(page).toHaveURL(new RegExp(`^${foreign.issuer}/interaction/`));
  await page.getByRole('link', { name: '[ Cancel ]' }).click();
  await application.shows('Access was denied');
});

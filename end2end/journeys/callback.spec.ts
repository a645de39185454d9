import type { Page } from '@playwright/test';
import { ADA } from '../data/accounts.ts';
import { expect, test } from '../fixtures/journey.ts';
import { signIn } from '../pages/sign-in.ts';

/** Notes the documents that a page asks for; a loop would make them many. */
function documents(page: Page): string[] {
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.isNavigationRequest()) asked.push(request.url());
  });
  return asked;
}

for (const [query, heading] of [
  ['', 'The answer could not be trusted'],
  ['?code=abc', 'The answer could not be trusted'],
  ['?code=abc&state=unknown&iss=https%3A%2F%2Fidp.example', 'This sign-in has expired'],
  ['?code=a&code=b&state=unknown', 'The answer could not be trusted'],
  ['?error=access_denied', 'Access was denied'],
  ['?error=access_denied&state=unknown', 'Access was denied'],
  ['?error=%3Cscript%3Ealert(1)%3C%2Fscript%3E&state=unknown', 'This sign-in has expired'],
] as const) {
  test(`a callback with ${query || 'nothing'} gets the page that explains`, async ({ application, provider, watch }) => {
    watch.console.expectStatus(400, 403);
    const asked = documents(application.page);
    const response = await application.open(`/callback${query}`);
    await application.shows(heading);
    expect(response.status()).toBeGreaterThanOrEqual(400);
    expect(response.status()).toBeLessThan(500);
    expect(asked.length, 'documents asked for').toBeLessThanOrEqual(3);
    await expect(application.page.locator('body')).not.toContainText(/panicked|stack|\.rs:\d/i);

    await application.page.getByRole('link', { name: /^(Sign in|Try) again$/ }).click();
    await provider.asksForPassword();
  });
}

test('a used callback leads home while signed in, and to the page that explains once signed out', async ({
  application,
  provider,
  context,
  watch,
}) => {
  watch.travel = { redirects: 1, callbacks: 3 };
  watch.console.expectStatus(400);
  const asked = documents(application.page);
  await signIn({ application, provider }, ADA);
  const used = asked.find((url) => new URL(url).pathname === '/callback');
  if (used === undefined) throw new Error('the sign-in passed no callback');

  await application.page.goto(used);
  await application.greets(ADA);
  await context.clearCookies({ name: '__Host-session' });
  await application.page.goto(used);
  await application.shows('This sign-in has expired');
});

test('the callback of another browser is refused, and still completes in its own', async ({
  application,
  provider,
  anotherBrowser,
  cloakroom,
  watch,
}) => {
  watch.travel = { redirects: 0, callbacks: 2 };
  watch.console.expectStatus(403);
  await application.open('/');
  await application.beginSignIn();
  await provider.logIn(ADA);
  // The answer is held on its way, as somebody would who wants to plant it elsewhere.
  const held = cloakroom.backChannel.hold();
  const allowed = provider.allow();
  const { address, drop } = await held;
  drop();
  await allowed;

  const stranger = await anotherBrowser();
  await stranger.page.goto(address);
  await stranger.application.shows('This sign-in began in another browser');
  await stranger.application.open('/');
  await stranger.application.shows('Hand in your tokens, carry a ticket.');

  await application.page.goto(address);
  await application.greets(ADA);
});

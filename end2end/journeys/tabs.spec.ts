import type { Page } from '@playwright/test';
import { ADA } from '../data/accounts.ts';
import { type Browsing, expect, test } from '../fixtures/journey.ts';
import { signIn, signInAgain, signOut } from '../pages/sign-in.ts';

/** Milliseconds within which an open page knows of the end; what a busy machine needs to draw it comes on top. */
const SOON = 5_000;

/** B18: the page stops showing what it showed, says why, and knows the way back. */
async function isGone({ application, page }: Browsing, path: string): Promise<void> {
  await page.waitForURL((url) => url.pathname === '/sign-in', { timeout: SOON });
  await application.shows('You were signed out');
  await expect(page.getByText(ADA.name)).toHaveCount(0);
  const link = page.getByRole('main').getByRole('link', { name: 'Sign in', exact: true });
  const way = path === '/' ? '/login' : `/login?return_to=${encodeURIComponent(path)}`;
  await expect(link).toHaveAttribute('href', way);
}

/** Counts the event streams that a tab opens. */
function streams(page: Page): () => number {
  let count = 0;
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/session/events') count += 1;
  });
  return () => count;
}

test('a tab learns that another one signed out, and Back shows nothing any more', async ({
  application,
  provider,
  page,
  anotherTab,
  watch,
}) => {
  watch.console.expectStatus(401);
  await signIn({ application, provider }, ADA);
  const other = await anotherTab();
  await other.application.open('/flow');
  await other.application.open('/resource?ask=1');
  await other.application.answer();
  await signOut({ application, provider });
  await isGone(other, '/resource?ask=1');
  await other.page.goBack();
  await expect(other.page.getByRole('heading', { level: 1, name: 'OAuth 2 Flow' })).toBeVisible();
  await expect(other.page.getByText(ADA.name)).toHaveCount(0);
  // In the tab itself, too.
  await page.goBack();
  await expect(page.getByText(ADA.name)).toHaveCount(0);
});

test('of ten tabs one holds a stream, and all of them learn', async ({ application, provider, anotherTab, watch }) => {
  test.slow();
  watch.console.expectStatus(401);
  await signIn({ application, provider }, ADA);
  const tabs: { tab: Browsing; opened: () => number }[] = [];
  for (let count = 0; count < 10; count += 1) {
    const tab = await anotherTab();
    const opened = streams(tab.page);
    // Six connections would be taken by six streams, and the seventh tab would never load.
    await tab.application.open('/');
    await tab.application.greets(ADA);
    tabs.push({ tab, opened });
  }
  expect(tabs.map(({ opened }) => opened())).toEqual(Array.from({ length: 10 }, () => 0));
  await signOut({ application, provider });
  await Promise.all(tabs.map(({ tab }) => isGone(tab, '/')));
});

test('the tab that holds the stream is closed, and another takes over', async ({
  application,
  provider,
  page,
  anotherTab,
  watch,
}) => {
  watch.console.expectStatus(401);
  await signIn({ application, provider }, ADA);
  const heirs = [await anotherTab(), await anotherTab()];
  for (const { application } of heirs) await application.open('/');
  const heir = heirs[0]?.page.waitForRequest((request) => request.url().endsWith('/session/events'));
  await page.close();
  await heir;
  const [first, second] = heirs;
  if (first === undefined || second === undefined) throw new Error('two tabs were opened');
  await signOut(second);
  await isGone(first, '/');
});

test('a page in another browser learns that it was signed out from here, and its token is revoked', async ({
  application,
  provider,
  page,
  anotherBrowser,
  cloakroom,
  watch,
}) => {
  watch.console.expectStatus(401);
  await signIn({ application, provider }, ADA);
  const phone = await anotherBrowser();
  await signInAgain(phone, ADA);
  await application.open('/sessions');
  await page.getByRole('button', { name: /^Sign out Chrom/ }).click();
  await isGone(phone, '/');
  // Attack 58: only that browser's ticket opens the refresh token.
  await expect(() => expect(cloakroom.backChannel.requests).toContain('POST /revoke 200')).toPass();
  await application.open('/');
  await application.greets(ADA);
});

test('a page learns that the provider ended the session', async ({ application, provider, anotherTab, watch }) => {
  watch.console.expectStatus(401);
  await signIn({ application, provider }, ADA);
  const other = await anotherTab();
  await other.provider.openAccount();
  await other.page.locator('#sign-out').click();
  await other.provider.signOutButton.click();
  // The logout token travels by way of the Queue.
  await application.page.waitForURL((url) => url.pathname === '/sign-in');
  await application.shows('You were signed out');
});

test('a sign-in that is renewed leaves the other tabs as they are', async ({ application, provider, page, anotherTab }) => {
  await signIn({ application, provider }, ADA);
  const stream = () => page.waitForRequest((request) => request.url().endsWith('/session/events'));
  const first = stream();
  await application.open('/flow');
  await first;
  const second = stream();
  const other = await anotherTab();
  await other.application.open('/login?renew=1&return_to=/');
  await other.application.greets(ADA);
  // The session that it followed is over, and it follows the next one.
  await second;
  expect(new URL(page.url()).pathname).toBe('/flow');
  await expect(application.signOutButton).toBeVisible();
});

/** B19: that it cannot be found out who is here is no answer. */
test('an outage of the Cache signs nobody out', async ({ application, provider, page, context, watch }) => {
  watch.console.expectStatus(503);
  await signIn({ application, provider }, ADA);
  for (const path of ['/session/events', '/api/current-user']) {
    await context.route(`**${path}`, (route) => route.fulfill({ status: 503, headers: { 'retry-after': '5' } }));
  }
  const asked = page.waitForResponse((response) => response.url().endsWith('/api/current-user'));
  await application.open('/flow');
  expect((await asked).status()).toBe(503);
  await context.unrouteAll();
  // It is asked again by itself, and the page is still there.
  const again = await page.waitForResponse((response) => response.url().endsWith('/session/events'));
  expect(again.status()).toBe(200);
  expect(new URL(page.url()).pathname).toBe('/flow');
  await expect(application.signOutButton).toBeVisible();
});

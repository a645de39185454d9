import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { ADA } from '../data/accounts.ts';
import { Cloakroom } from '../fixtures/cloakroom.ts';
import { ARTIFACTS, test as base, expect } from '../fixtures/journey.ts';
import { signIn } from '../pages/sign-in.ts';

/** Seconds that a sign-in is recent enough for the route `/lately`: soon over, and time enough to come back. */
const LATELY = 5;

/** A server with routes to the Resource API that demand a recent sign-in, and one in a class that nobody has. */
const test = base.extend({
  cloakroom: async ({ engines }, use, info) => {
    const log = join(ARTIFACTS, 'logs', engines, `${info.titlePath.join(' ').replaceAll(/[^A-Za-z0-9]+/g, '-')}.log`);
    const cloakroom = await Cloakroom.open(engines, info.parallelIndex, log, async ({ resource }) =>
      [
        `[[application.routes]]\npath = "/lately"\nupstream = "${resource}"\nmax_age = ${LATELY}\n`,
        `[[application.routes]]\npath = "/gold"\nupstream = "${resource}"\nacr = ["gold"]\n`,
      ].join(''),
    );
    await use(cloakroom);
    await cloakroom.close();
  },
});

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** Calls a route as a script of the page does. */
function call(page: Page, path: string): Promise<Answer> {
  return page.evaluate(async (path) => {
    const response = await fetch(path, { headers: { 'X-CSRF': '1' } });
    return { status: response.status, body: await response.json() };
  }, path);
}

test('a route that demands a recent sign-in has it made anew, and leads back', async ({
  application,
  provider,
  page,
  context,
  watch,
}) => {
  watch.console.expectStatus(401);
  await signIn({ application, provider }, ADA);
  // A page with an island may call.
  await application.open('/resource');
  await application.hydrated();
  const ticket = async () => (await context.cookies()).find(({ name }) => name === '__Host-session')?.value;
  const before = await ticket();
  await expect.poll(async () => (await call(page, '/lately/profile')).status).toBe(401);
  const { body } = await call(page, '/lately/profile');
  expect(body).toMatchObject({ type: 'urn:cloakroom:problem:step-up-required', max_age: LATELY });

  await application.open(`${body.location}&return_to=/resource`);
  await provider.logIn(ADA);
  await application.shows('Resource API');
  expect((await call(page, '/lately/profile')).status).toBe(200);
  expect(await ticket()).not.toBe(before);
});

test('a class that the provider does not have ends on the page that says so, and the session lives on', async ({
  application,
  provider,
  page,
  watch,
}) => {
  watch.console.expectStatus(401, 403);
  await signIn({ application, provider }, ADA);
  await application.open('/resource');
  await application.hydrated();
  const refused = await call(page, '/gold/profile');
  expect(refused).toMatchObject({ status: 401, body: { acr_values: 'gold', location: '/login?acr_values=gold' } });
  await application.open(String(refused.body.location));
  await application.shows('This asks for more than your sign-in');
  await application.open('/');
  await application.greets(ADA);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('a guarded page leads a visitor to sign in and back, with its query', async ({ application, provider, cloakroom }) => {
    await application.open('/identity?tab=1');
    await provider.logIn(ADA);
    await provider.allow();
    await application.shows('Your identity');
    expect(application.page.url()).toBe(`${cloakroom.origins.application}/identity?tab=1`);
    await expect(application.fact('Name')).toHaveText(ADA.name);
    await expect(application.fact('Authenticated')).toHaveText('less than a minute ago');
    await application.fitsTheWindow();
  });
});

import { ADA } from '../data/accounts.ts';
import { expect, test } from '../fixtures/journey.ts';
import { signIn } from '../pages/sign-in.ts';

test('the resource call answers in place', async ({ application, provider, cloakroom }) => {
  await signIn({ application, provider }, ADA);
  await application.page.getByRole('link', { name: 'Call the Resource API' }).click();
  await application.shows('Resource API');
  await application.hydrated();
  await application.askButton.click();
  expect(Object.keys(await application.answer()).length).toBeGreaterThan(0);
  await expect(application.page.getByText('HTTP 200')).toBeVisible();
  expect(application.page.url()).toBe(`${cloakroom.origins.application}/resource`);
  await application.shows('Resource API');
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a deep link is kept through the sign-in, with its query', async ({ application, provider, cloakroom }) => {
      await application.open('/resource?ask=1');
      await application.shows('Resource API');
      await expect(application.askButton).toBeHidden();
      await application.beginSignIn();
      await provider.logIn(ADA);
      await provider.allow();
      await application.shows('Resource API');
      expect(application.page.url()).toBe(`${cloakroom.origins.application}/resource?ask=1`);
      await application.answer();
    });
  });
}

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the resource call is a form that loads the page again', async ({ application, provider, cloakroom }) => {
    await signIn({ application, provider }, ADA);
    await application.open('/resource');
    await application.askButton.click();
    expect(Object.keys(await application.answer()).length).toBeGreaterThan(0);
    expect(application.page.url()).toBe(`${cloakroom.origins.application}/resource?ask=1`);
    await application.shows('Resource API');
  });
});

test('nobody gets an answer without a session', async ({ application, request, cloakroom }) => {
  const response = await request.post(`${cloakroom.origins.application}/api/ask-resource`, {
    data: {},
    headers: { origin: cloakroom.origins.application, accept: 'application/json' },
  });
  expect(response.status()).toBe(401);
  const direct = await request.get(`${cloakroom.origins.resource}/profile`);
  expect(direct.status()).toBe(401);
  expect(direct.headers()['www-authenticate']).toMatch(/^Bearer/);
  await application.open('/resource');
  await application.shows('Resource API');
});

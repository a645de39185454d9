import * as client from 'openid-client';
import { SECRET, SIGNED_OUT } from '../../data/registrations.ts';
import { expect, test } from '../../fixtures/clients.ts';
import { authorize, discover, signIn } from '../../fixtures/openid-client.ts';

// OpenID Connect RP-Initiated Logout §2.
test('a sign-out with the ID token ends the session without a question', async ({ issuer, person }) => {
  const config = await discover(issuer, 'basic', client.ClientSecretBasic(SECRET));
  const tokens = await signIn(config, person);
  const seen = person.pages.length;
  const state = client.randomState();
  const parameters = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: SIGNED_OUT, state };
  const home = await person.sentTo(client.buildEndSessionUrl(config, parameters));
  expect(home.href).toBe(`${SIGNED_OUT}?state=${state}`);
  expect(person.pages.length).toBe(seen);

  // A4: prompt=none after the sign-out.
  const { address, checks } = await authorize(config, person, { parameters: { prompt: 'none' } });
  const refused = client.authorizationCodeGrant(config, address, checks);
  await expect(refused).rejects.toMatchObject({ code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR', error: 'login_required' });
});

test('a sign-out without the ID token is asked about first', async ({ issuer, person }) => {
  const config = await discover(issuer, 'basic', client.ClientSecretBasic(SECRET));
  await signIn(config, person);
  const home = await person.sentTo(client.buildEndSessionUrl(config, { post_logout_redirect_uri: SIGNED_OUT }));
  expect(home.href).toBe(SIGNED_OUT);
  expect(person.pages.at(-1)).toBe('Sign out?');
});

test('a sign-out leads to no address that is not registered', async ({ issuer, person }) => {
  const config = await discover(issuer, 'basic', client.ClientSecretBasic(SECRET));
  const { id_token: hint = '' } = await signIn(config, person);
  const parameters = { id_token_hint: hint, post_logout_redirect_uri: `${SIGNED_OUT}/elsewhere` };
  expect(await person.reads(client.buildEndSessionUrl(config, parameters))).toBe('This request is not valid');

  // Nobody was signed out by it.
  await signIn(config, person, { parameters: { prompt: 'none' } });
});

import * as client from 'openid-client';
import { CALLBACK, ORDERS, SECRET } from '../../data/registrations.ts';
import { expect, test } from '../../fixtures/clients.ts';
import { authorize, discover, proof, refreshToken } from '../../fixtures/openid-client.ts';

/** What the library throws for an error of RFC 6749 §5.2. */
function refusal(error: string, status = 400) {
  return { code: 'OAUTH_RESPONSE_BODY_ERROR', error, status, error_description: expect.any(String) };
}

// RFC 6749 §5.2: who used the header is answered by the header.
test('a wrong secret in the header is invalid_client, with a challenge', async ({ issuer }) => {
  const config = await discover(issuer, 'machine', client.ClientSecretBasic('wrong'));
  const error = await client.clientCredentialsGrant(config).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401, cause: [{ scheme: 'basic' }] });
  const { response } = error as client.WWWAuthenticateChallengeError;
  expect(await response.json()).toMatchObject({ error: 'invalid_client' });
});

test('a wrong secret in the form is invalid_client', async ({ issuer, person }) => {
  const wrong = await discover(issuer, 'post', client.ClientSecretPost('wrong'));
  const { address, checks } = await authorize(wrong, person);
  await expect(client.authorizationCodeGrant(wrong, address, checks)).rejects.toMatchObject(refusal('invalid_client', 401));
  // And it costs the true client nothing.
  const config = await discover(issuer, 'post', client.ClientSecretPost(SECRET));
  await client.authorizationCodeGrant(config, address, checks);
});

test('an assertion by another key is invalid_client', async ({ issuer, signingKey }) => {
  const { privateKey } = await client.randomDPoPKeyPair('ES256');
  const config = await discover(issuer, 'assertion', client.PrivateKeyJwt({ key: privateKey, kid: signingKey.kid }));
  const introspection = client.tokenIntrospection(config, 'whatever');
  await expect(introspection).rejects.toMatchObject(refusal('invalid_client', 401));
});

test('another way to authenticate than the registered one is invalid_client', async ({ issuer, signingKey }) => {
  const pairs: [string, client.ClientAuth][] = [
    ['assertion', client.None()],
    ['public', client.ClientSecretPost(SECRET)],
    ['basic', client.ClientSecretPost(SECRET)],
    ['post', proof('assertion', signingKey)],
  ];
  for (const [clientId, authentication] of pairs) {
    const config = await discover(issuer, clientId, authentication);
    const refused = client.refreshTokenGrant(config, 'whatever');
    await expect(refused, clientId).rejects.toMatchObject(refusal('invalid_client', 401));
  }
});

// A8: a replay revokes what the code gave.
test('a code that is redeemed twice is invalid_grant, and what it gave ends', async ({ issuer, person }) => {
  const config = await discover(issuer, 'basic', client.ClientSecretBasic(SECRET));
  const { address, checks } = await authorize(config, person);
  const tokens = await client.authorizationCodeGrant(config, address, checks);
  await expect(client.authorizationCodeGrant(config, address, checks)).rejects.toMatchObject(refusal('invalid_grant'));
  await expect(client.refreshTokenGrant(config, refreshToken(tokens))).rejects.toMatchObject(refusal('invalid_grant'));
  expect(await client.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
});

// A9.
test('a wrong verifier is invalid_grant, and does not use the code up', async ({ issuer, person }) => {
  const config = await discover(issuer, 'public', client.None());
  const { address, checks } = await authorize(config, person);
  const wrong = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
  await expect(client.authorizationCodeGrant(config, address, wrong)).rejects.toMatchObject(refusal('invalid_grant'));
  await client.authorizationCodeGrant(config, address, checks);
});

// A8: a code is its client's.
test("another client's code and refresh token are invalid_grant", async ({ issuer, person }) => {
  const config = await discover(issuer, 'basic', client.ClientSecretBasic(SECRET));
  const other = await discover(issuer, 'post', client.ClientSecretPost(SECRET));
  const { address, checks } = await authorize(config, person);
  await expect(client.authorizationCodeGrant(other, address, checks)).rejects.toMatchObject(refusal('invalid_grant'));
  const tokens = await client.authorizationCodeGrant(config, address, checks);
  await expect(client.refreshTokenGrant(other, refreshToken(tokens))).rejects.toMatchObject(refusal('invalid_grant'));
});

test('who says no is an access_denied', async ({ issuer, person }) => {
  const config = await discover(issuer, 'public', client.None());
  const state = client.randomState();
  const parameters = {
    redirect_uri: CALLBACK,
    scope: 'openid',
    state,
    prompt: 'consent',
    code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  };
  const address = await person.sentTo(client.buildAuthorizationUrl(config, parameters), 'deny');
  const refused = client.authorizationCodeGrant(config, address, { expectedState: state });
  await expect(refused).rejects.toMatchObject({ code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR', error: 'access_denied' });
});

test('requests that go too far have their own codes', async ({ issuer }) => {
  const machine = await discover(issuer, 'machine', client.ClientSecretBasic(SECRET));
  const basic = await discover(issuer, 'basic', client.ClientSecretBasic(SECRET));
  const elsewhere = { redirect_uri: `${CALLBACK}/elsewhere`, scope: 'openid' };
  const asks: [string, () => Promise<unknown>][] = [
    ['invalid_scope', () => client.clientCredentialsGrant(machine, { scope: 'orders:delete' })],
    ['invalid_target', () => client.clientCredentialsGrant(machine, { resource: `${ORDERS}/elsewhere` })],
    ['unauthorized_client', () => client.clientCredentialsGrant(basic)],
    ['unsupported_grant_type', () => client.genericGrantRequest(basic, 'password', { username: 'ada', password: 'guess' })],
    ['invalid_request', () => client.buildAuthorizationUrlWithPAR(basic, elsewhere)],
  ];
  for (const [error, ask] of asks) await expect(ask(), error).rejects.toMatchObject(refusal(error));
});

import * as client from 'openid-client';
import { METHODS, type Method, ORDERS, SECRET } from '../../data/registrations.ts';
import { expect, test } from '../../fixtures/clients.ts';
import { discover, proof, refreshToken, signIn } from '../../fixtures/openid-client.ts';

const INVALID_GRANT = { code: 'OAUTH_RESPONSE_BODY_ERROR', error: 'invalid_grant', status: 400 };

// A15: scope may narrow, never widen.
test('a refresh may ask for less, and not for more', async ({ issuer, person }) => {
  const config = await discover(issuer, 'basic', client.ClientSecretBasic(SECRET));
  const tokens = await signIn(config, person, { parameters: { scope: 'openid email offline_access' } });
  const wider = client.refreshTokenGrant(config, refreshToken(tokens), { scope: 'openid profile' });
  await expect(wider).rejects.toMatchObject({ error: 'invalid_scope', status: 400 });
  const narrower = await client.refreshTokenGrant(config, refreshToken(tokens), { scope: 'openid' });
  expect(narrower.scope).toBe('openid');
});

// A15: a refresh that was asked for twice at once, by a client of several processes, is one.
test('parallel refreshes get the same successor', async ({ issuer, person }) => {
  const config = await discover(issuer, 'basic', client.ClientSecretBasic(SECRET));
  const token = refreshToken(await signIn(config, person));
  const answers = await Promise.all([1, 2, 3].map(() => client.refreshTokenGrant(config, token)));
  expect(new Set(answers.map(refreshToken)).size).toBe(1);
});

// A16: with any token of it the whole family ends.
for (const method of Object.keys(METHODS) as Method[]) {
  for (const kind of ['access_token', 'refresh_token'] as const) {
    test(`${METHODS[method]} revokes by the ${kind}`, async ({ issuer, person, signingKey }) => {
      const config = await discover(issuer, method, proof(method, signingKey));
      const tokens = await signIn(config, person);
      const token = kind === 'access_token' ? tokens.access_token : refreshToken(tokens);
      await client.tokenRevocation(config, token, { token_type_hint: kind });
      await expect(client.refreshTokenGrant(config, refreshToken(tokens))).rejects.toMatchObject(INVALID_GRANT);
      const userInfo = client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck);
      await expect(userInfo).rejects.toMatchObject({
        code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
        cause: [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }, { scheme: 'dpop' }],
      });
      // RFC 7009 §2.2: what is revoked already is revoked.
      await client.tokenRevocation(config, token);
    });
  }
}

// A16, RFC 7662: the client itself and the resource server are told, others learn nothing.
test('a token is introspected by its client and its resource server', async ({ issuer, person, signingKey }) => {
  const config = await discover(issuer, 'assertion', proof('assertion', signingKey));
  const orders = await discover(issuer, 'orders', client.ClientSecretBasic(SECRET));
  const stranger = await discover(issuer, 'post', client.ClientSecretPost(SECRET));
  const tokens = await signIn(config, person);
  const { access_token: token } = tokens;
  const told = { active: true, client_id: 'assertion', sub: tokens.claims()?.sub, token_type: 'Bearer' };
  expect(await client.tokenIntrospection(config, token)).toMatchObject(told);
  expect(await client.tokenIntrospection(orders, token)).toMatchObject({ ...told, aud: expect.arrayContaining([ORDERS]) });
  expect(await client.tokenIntrospection(config, refreshToken(tokens))).toMatchObject({ active: true, client_id: 'assertion' });
  for (const [asking, about] of [
    [stranger, token],
    [stranger, refreshToken(tokens)],
    [orders, refreshToken(tokens)],
    [config, 'no token at all'],
  ] as const) {
    expect(await client.tokenIntrospection(asking, about)).toEqual({ active: false });
  }
  await client.tokenRevocation(stranger, token);
  expect(await client.tokenIntrospection(orders, token)).toMatchObject({ active: true });
  await client.tokenRevocation(config, token);
  expect(await client.tokenIntrospection(orders, token)).toEqual({ active: false });
});

// RFC 6749 §4.4.
test('a client gets a token for itself', async ({ issuer }) => {
  const config = await discover(issuer, 'machine', client.ClientSecretBasic(SECRET));
  const orders = await discover(issuer, 'orders', client.ClientSecretBasic(SECRET));
  const tokens = await client.clientCredentialsGrant(config, { scope: 'orders:read', resource: ORDERS });
  expect(tokens).toMatchObject({ scope: 'orders:read', token_type: 'bearer' });
  expect(tokens).not.toHaveProperty('refresh_token');
  expect(tokens).not.toHaveProperty('id_token');
  const told = { active: true, client_id: 'machine', sub: 'machine', aud: ORDERS, scope: 'orders:read' };
  expect(await client.tokenIntrospection(orders, tokens.access_token)).toMatchObject(told);
  await client.tokenRevocation(config, tokens.access_token);
  expect(await client.tokenIntrospection(orders, tokens.access_token)).toEqual({ active: false });
});

import * as client from 'openid-client';
import { METHODS, type Method, ORDERS, SECRET } from '../../data/registrations.ts';
import { expect, test } from '../../fixtures/clients.ts';
import { authorize, discover, proof, refreshToken, signIn } from '../../fixtures/openid-client.ts';

// RFC 9449: the code, the tokens, userinfo and the refresh, all by one key, in each algorithm that the provider names; an
// Ed25519 signature the library calls by its newer name (RFC 9864).
for (const algorithm of ['ES256', 'PS256', 'EdDSA']) {
  test(`everything can be bound to a key of ${algorithm}`, async ({ issuer, person, signingKey }) => {
    const config = await discover(issuer, 'assertion', proof('assertion', signingKey));
    expect(config.serverMetadata().dpop_signing_alg_values_supported).toContain(algorithm);
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair(algorithm));
    const tokens = await signIn(config, person, { pushed: true, DPoP });
    expect(tokens.token_type).toBe('dpop');
    const sub = tokens.claims()?.sub ?? '';
    const jkt = await DPoP.calculateThumbprint();
    const told = { active: true, token_type: 'DPoP', cnf: { jkt } };
    expect(await client.tokenIntrospection(config, tokens.access_token)).toMatchObject(told);
    await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP });
    const next = await client.refreshTokenGrant(config, refreshToken(tokens), undefined, { DPoP });
    expect(next.token_type).toBe('dpop');
    await client.fetchUserInfo(config, next.access_token, sub, { DPoP });
  });
}

// A12: a stolen token is worth nothing without the key, by whichever scheme it is presented.
test('a bound token opens nothing without its key', async ({ issuer, person }) => {
  const config = await discover(issuer, 'public', client.None());
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const tokens = await signIn(config, person, { DPoP });
  const sub = tokens.claims()?.sub ?? '';
  for (const options of [{ DPoP: other }, undefined]) {
    const refused = client.fetchUserInfo(config, tokens.access_token, sub, options);
    const challenged = { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401 };
    const error = await refused.catch((error: unknown) => error);
    expect(error).toMatchObject(challenged);
    const { cause } = error as client.WWWAuthenticateChallengeError;
    expect(cause.map(({ parameters }) => parameters.error)).toContain('invalid_token');
  }
  await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP });
});

// RFC 9449 §5: a public client has nothing but its key, a confidential one has more.
for (const method of Object.keys(METHODS) as Method[]) {
  const another = method === 'public' ? 'does not refresh' : 'refreshes';
  test(`${METHODS[method]} ${another} by another key, and never by none`, async ({ issuer, person, signingKey }) => {
    const config = await discover(issuer, method, proof(method, signingKey));
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const tokens = await signIn(config, person, { DPoP });
    const bare = client.refreshTokenGrant(config, refreshToken(tokens));
    await expect(bare).rejects.toMatchObject({ error: 'invalid_request', status: 400 });
    const refresh = client.refreshTokenGrant(config, refreshToken(tokens), undefined, { DPoP: other });
    if (method === 'public') {
      await expect(refresh).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
      await client.refreshTokenGrant(config, refreshToken(tokens), undefined, { DPoP });
    } else {
      expect((await refresh).token_type).toBe('dpop');
    }
  });
}

// RFC 9449 §10: a code that was asked for with a key is redeemed with this key.
test('a bound code is redeemed by its key only', async ({ issuer, person }) => {
  const config = await discover(issuer, 'public', client.None());
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const dpop_jkt = await DPoP.calculateThumbprint();
  for (const asking of [{ pushed: true, DPoP }, { parameters: { dpop_jkt } }]) {
    const { address, checks } = await authorize(config, person, asking);
    const stolen = client.authorizationCodeGrant(config, address, checks, undefined, { DPoP: other });
    await expect(stolen).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
    const downgraded = client.authorizationCodeGrant(config, address, checks);
    await expect(downgraded).rejects.toMatchObject({ error: 'invalid_request', status: 400 });
    await client.authorizationCodeGrant(config, address, checks, undefined, { DPoP });
  }
});

// FAPI 2.0: what a client of this profile must do is not left to it.
test('a client of FAPI 2.0 pushes its requests and binds its tokens', async ({ issuer, person, signingKey }) => {
  const metadata = { id_token_signed_response_alg: 'ES256' };
  const config = await discover(issuer, 'fapi', proof('assertion', signingKey), metadata);
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const unpushed = await authorize(config, person);
  const refused = client.authorizationCodeGrant(config, unpushed.address, unpushed.checks, undefined, { DPoP });
  await expect(refused).rejects.toMatchObject({ code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR', error: 'invalid_request' });
  const { address, checks } = await authorize(config, person, { pushed: true, DPoP });
  const unbound = client.authorizationCodeGrant(config, address, checks);
  await expect(unbound).rejects.toMatchObject({ error: 'invalid_request', status: 400 });
  const tokens = await client.authorizationCodeGrant(config, address, checks, undefined, { DPoP });
  expect(tokens.token_type).toBe('dpop');
});

test('a client that acts for itself can bind its token', async ({ issuer }) => {
  const config = await discover(issuer, 'machine', client.ClientSecretBasic(SECRET));
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const tokens = await client.clientCredentialsGrant(config, { resource: ORDERS }, { DPoP });
  expect(tokens.token_type).toBe('dpop');
});

import * as client from 'openid-client';
import { ADA } from '../../data/accounts.ts';
import { ALGORITHMS, METHODS, type Method, ORDERS, SCOPE, SECRET } from '../../data/registrations.ts';
import { expect, test } from '../../fixtures/clients.ts';
import { discover, proof, refreshToken, signIn } from '../../fixtures/openid-client.ts';

// OpenID Connect Discovery §4.3, RFC 8414 §3.3: the library refuses metadata whose issuer is not the one that it asked.
for (const algorithm of ['oidc', 'oauth2'] as const) {
  test(`discovery by ${algorithm} names this provider`, async ({ issuer }) => {
    const execute = [client.allowInsecureRequests];
    const config = await client.discovery(issuer, 'public', undefined, client.None(), { algorithm, execute });
    const metadata = config.serverMetadata();
    expect(`${metadata.issuer}/`).toBe(issuer.href);
    expect(metadata.supportsPKCE()).toBe(true);
    expect(metadata.token_endpoint_auth_methods_supported).toEqual(expect.arrayContaining(Object.values(METHODS)));
    expect(metadata.id_token_signing_alg_values_supported).toEqual(expect.arrayContaining([...ALGORITHMS]));
    expect(metadata.authorization_response_iss_parameter_supported).toBe(true);
  });
}

// A1, A9, A10: each way to authenticate, with the request in the address and pushed.
for (const method of Object.keys(METHODS) as Method[]) {
  for (const pushed of [false, true]) {
    test(`${METHODS[method]} signs in ${pushed ? 'by a pushed request' : 'by the address'}`, async ({
      issuer,
      person,
      signingKey,
    }) => {
      const config = await discover(issuer, method, proof(method, signingKey));
      const tokens = await signIn(config, person, { pushed });
      const claims = tokens.claims();
      expect(claims).toMatchObject({ aud: method, sub: expect.any(String), auth_time: expect.any(Number) });
      expect(tokens.token_type).toBe('bearer');
      expect(tokens.scope?.split(' ').sort()).toEqual(SCOPE.split(' ').sort());

      const told = await client.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '');
      expect(told).toMatchObject({ name: ADA.name, preferred_username: ADA.username, email: ADA.email });
      expect(typeof told.email_verified).toBe('boolean');

      const next = await client.refreshTokenGrant(config, refreshToken(tokens));
      expect(refreshToken(next)).not.toBe(refreshToken(tokens));
      await client.fetchUserInfo(config, next.access_token, claims?.sub ?? '');
    });
  }
}

// A2: the library verifies each ID token by the published keys, and takes no other algorithm than the registered one.
for (const algorithm of ALGORITHMS) {
  test(`an ID token in ${algorithm} verifies by the published keys`, async ({ issuer, person }) => {
    const metadata = { id_token_signed_response_alg: algorithm };
    const config = await discover(issuer, algorithm, client.ClientSecretBasic(SECRET), metadata);
    const tokens = await signIn(config, person);
    const header = JSON.parse(Buffer.from(tokens.id_token?.split('.')[0] ?? '', 'base64url').toString());
    expect(header.alg).toBe(algorithm);
    const refreshed = await client.refreshTokenGrant(config, refreshToken(tokens));
    expect(refreshed.claims()?.sub).toBe(tokens.claims()?.sub);
  });
}

// A4: who is signed in is not asked again, but where the client wants it.
test('a second sign-in is silent, and one with prompt=login is not', async ({ issuer, person }) => {
  const config = await discover(issuer, 'basic', client.ClientSecretBasic(SECRET));
  const first = await signIn(config, person);
  const seen = person.pages.length;
  const second = await signIn(config, person, { parameters: { prompt: 'none' } });
  expect(person.pages.length).toBe(seen);
  expect(second.claims()?.auth_time).toBe(first.claims()?.auth_time);
  await signIn(config, person, { parameters: { prompt: 'login', max_age: '0' } });
  expect(person.pages.length).toBe(seen + 1);
});

test('the access token is for the resource that was asked for', async ({ issuer, person }) => {
  const config = await discover(issuer, 'basic', client.ClientSecretBasic(SECRET));
  const tokens = await signIn(config, person, { parameters: { resource: ORDERS } });
  const payload = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString());
  expect(payload.aud).toContain(ORDERS);
});

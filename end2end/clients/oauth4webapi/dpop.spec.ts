import * as oauth from 'oauth4webapi';
import { ORDERS, SECRET } from '../../data/registrations.ts';
import { expect, test } from '../../fixtures/clients.ts';
import { Client, PLAIN, proof } from '../../fixtures/oauth4webapi.ts';
import { Orders } from '../../fixtures/orders.ts';

test.use({ dpopNonce: true });

/** Tries twice, as the library's documentation asks of its users: the handle has kept the nonce of the refusal. */
async function insisting<Answer>(attempt: () => Promise<Answer>): Promise<Answer> {
  const error = await attempt().then(
    () => new Error('the first attempt was not refused'),
    (error: unknown) => error,
  );
  expect(oauth.isDPoPNonceError(error), String(error)).toBe(true);
  return attempt();
}

// RFC 9449 §8: each endpoint that takes proofs asks a client that has no nonce for one, and takes what it gave.
test('a client of FAPI 2.0 gets by with nonces', async ({ issuer, person, signingKey }) => {
  const metadata: oauth.Client = { client_id: 'fapi', id_token_signed_response_alg: 'ES256' };
  const client = await Client.discover(issuer, metadata, proof('assertion', signingKey));
  const pair = await oauth.generateKeyPair('ES256');
  const DPoP = oauth.DPoP(metadata, pair);
  const promised = await insisting(() => client.authorize(person, { DPoP }));
  const redeeming = oauth.DPoP(metadata, pair);
  const tokens = await insisting(() => client.redeem(promised, { DPoP: redeeming }));
  expect(tokens.token_type).toBe('dpop');
  const asking = oauth.DPoP(metadata, pair);
  await insisting(() => client.userInfo(tokens, { DPoP: asking }));
  const refreshing = oauth.DPoP(metadata, pair);
  const next = await insisting(() => client.refresh(tokens, { DPoP: refreshing }));
  // One that is used goes on without another refusal, at any of them.
  expect(await client.userInfo(next, { DPoP })).toMatchObject({ sub: oauth.getValidatedIdTokenClaims(tokens)?.sub });
  // FAPI 2.0 §5.3.2.1: the refresh token stays as it is.
  expect(next).not.toHaveProperty('refresh_token');
  await client.refresh(tokens, { DPoP });
});

// A12: what needs no proof needs no nonce.
test('bearer tokens go without nonces', async ({ issuer, person }) => {
  const client = await Client.discover(issuer, { client_id: 'public' }, oauth.None());
  const tokens = await client.redeem(await client.authorize(person));
  await client.userInfo(tokens);
});

// A14, RFC 9068: the library as a resource server, by the provider's metadata and keys alone.
test('a resource server verifies the access token and its proof', async ({ issuer, person }) => {
  const machine: oauth.Client = { client_id: 'machine' };
  const secret = oauth.ClientSecretBasic(SECRET);
  const acting = await Client.discover(issuer, machine, secret);
  const signing = await Client.discover(issuer, { client_id: 'basic' }, secret);
  const DPoP = oauth.DPoP(machine, await oauth.generateKeyPair('ES256'));
  const other = oauth.DPoP(machine, await oauth.generateKeyPair('ES256'));
  const own = await insisting(() => acting.credentials({ resource: ORDERS }, { DPoP }));
  const promised = await signing.authorize(person, { DPoP });
  const users = await signing.redeem(promised, { DPoP });

  const orders = await Orders.open(acting.server);
  const ask = async (token: string | undefined, key: oauth.DPoPHandle) => {
    const options = { ...PLAIN, DPoP: key };
    const response = await oauth.protectedResourceRequest(token ?? '', 'GET', orders.address, undefined, undefined, options);
    return response.json();
  };
  try {
    expect(await ask(own.access_token, DPoP)).toMatchObject({ client_id: 'machine', sub: 'machine', aud: ORDERS });
    const { sub } = oauth.getValidatedIdTokenClaims(users) ?? {};
    expect(await ask(users.access_token, DPoP)).toMatchObject({ client_id: 'basic', sub });
    expect(await ask(own.access_token, other)).toHaveProperty('refused');
    // An ID token is signed by the same provider, and is no access token.
    expect(await ask(users.id_token, DPoP)).toHaveProperty('refused');
  } finally {
    await orders.close();
  }
});

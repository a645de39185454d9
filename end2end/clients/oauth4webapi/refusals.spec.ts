import * as oauth from 'oauth4webapi';
import { CALLBACK, ORDERS, SECRET } from '../../data/registrations.ts';
import { expect, test } from '../../fixtures/clients.ts';
import { Client, proof } from '../../fixtures/oauth4webapi.ts';

/** What the library throws for an error of RFC 6749 §5.2. */
function refusal(error: string, status = 400) {
  return { code: oauth.RESPONSE_BODY_ERROR, error, status };
}

test('a wrong secret is invalid_client at every endpoint', async ({ issuer }) => {
  const client = await Client.discover(issuer, { client_id: 'post' }, oauth.ClientSecretPost('wrong'));
  const tokens = { access_token: 'none', token_type: 'bearer', refresh_token: 'none' } as const;
  const asks: [string, () => Promise<unknown>][] = [
    ['/par', () => client.push({ response_type: 'code', redirect_uri: CALLBACK })],
    ['/token', () => client.refresh(tokens)],
    ['/introspect', () => client.introspect('none')],
    ['/revoke', () => client.revoke('none')],
  ];
  for (const [endpoint, ask] of asks) await expect(ask(), endpoint).rejects.toMatchObject(refusal('invalid_client', 401));
});

// A8.
test('of many redemptions at once one succeeds', async ({ issuer, person, signingKey }) => {
  const client = await Client.discover(issuer, { client_id: 'assertion' }, proof('assertion', signingKey));
  const promised = await client.authorize(person);
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => client.redeem(promised)));
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused.length).toBe(7);
  for (const { reason } of refused) expect(reason).toMatchObject(refusal('invalid_grant'));
  // And the seven have revoked what the one got.
  const [won] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  expect(await client.introspect(won?.access_token ?? '')).toEqual({ active: false });
});

// A9.
test('a wrong verifier is invalid_grant, and does not use the code up', async ({ issuer, person }) => {
  const client = await Client.discover(issuer, { client_id: 'basic' }, oauth.ClientSecretBasic(SECRET));
  const promised = await client.authorize(person);
  const wrong = { ...promised, verifier: oauth.generateRandomCodeVerifier() };
  await expect(client.redeem(wrong)).rejects.toMatchObject(refusal('invalid_grant'));
  await client.redeem(promised);
});

// A10: what is pushed is judged at once.
test('a pushed request is refused for what is wrong with it', async ({ issuer }) => {
  const client = await Client.discover(issuer, { client_id: 'basic' }, oauth.ClientSecretBasic(SECRET));
  const challenge = await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier());
  const sound = {
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  const { expires_in } = await client.push(sound);
  expect(expires_in).toBeLessThan(600);
  const changes: [Record<string, string>, string][] = [
    [{ redirect_uri: `${CALLBACK}/elsewhere` }, 'invalid_request'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ request_uri: 'urn:ietf:params:oauth:request_uri:another' }, 'invalid_request'],
    [{ resource: `${ORDERS}/elsewhere` }, 'invalid_target'],
  ];
  for (const [change, error] of changes) {
    const pushed = client.push({ ...sound, ...change });
    await expect(pushed, JSON.stringify(change)).rejects.toMatchObject(refusal(error));
  }
});

test('a token for itself is for confidential clients that are registered for it', async ({ issuer }) => {
  const machine = await Client.discover(issuer, { client_id: 'machine' }, oauth.ClientSecretBasic(SECRET));
  const tokens = await machine.credentials({ scope: 'orders:write' });
  expect(tokens.scope).toBe('orders:write');
  expect(await machine.introspect(tokens.access_token)).toMatchObject({ active: true, sub: 'machine' });
  const nobody = await Client.discover(issuer, { client_id: 'public' }, oauth.None());
  await expect(nobody.credentials({})).rejects.toMatchObject(refusal('unauthorized_client'));
  await expect(nobody.introspect(tokens.access_token)).rejects.toMatchObject(refusal('invalid_client', 401));
});

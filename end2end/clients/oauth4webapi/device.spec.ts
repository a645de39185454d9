import * as oauth from 'oauth4webapi';
import { DEVICES, ORDERS, SCOPE, SECRET } from '../../data/registrations.ts';
import { expect, test } from '../../fixtures/clients.ts';
import { Client } from '../../fixtures/oauth4webapi.ts';

const proofs = { tv: oauth.None(), till: oauth.ClientSecretBasic(SECRET) };
const complete = (codes: oauth.DeviceAuthorizationResponse) => new URL(codes.verification_uri_complete ?? '');

/** What the library throws for an error of RFC 6749 §5.2. */
function refusal(error: string): { code: string; error?: string; status: number } {
  return { code: oauth.RESPONSE_BODY_ERROR, error, status: 400 };
}

// RFC 8628 §3.1 to §3.5, step by step.
for (const device of Object.keys(DEVICES) as (keyof typeof DEVICES)[]) {
  test(`a device by ${DEVICES[device]} asks, waits, is allowed, and is allowed once`, async ({ issuer, person }) => {
    const client = await Client.discover(issuer, { client_id: device }, proofs[device]);
    const codes = await client.startDevice({ scope: SCOPE, resource: ORDERS });
    expect(codes.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    await expect(client.redeemDevice(codes)).rejects.toMatchObject(refusal('authorization_pending'));
    await expect(client.redeemDevice(codes)).rejects.toMatchObject(refusal('slow_down'));
    await person.connects(complete(codes));
    const tokens = await client.redeemDevice(codes);
    await client.userInfo(tokens);
    await client.refresh(tokens);
    // A8: a replay ends what the code gave.
    await expect(client.redeemDevice(codes)).rejects.toMatchObject(refusal('invalid_grant'));
    await expect(client.userInfo(tokens)).rejects.toMatchObject({ code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 });
  });
}

test('of many redemptions at once one succeeds', async ({ issuer, person }) => {
  const client = await Client.discover(issuer, { client_id: 'tv' }, oauth.None());
  const codes = await client.startDevice({ scope: SCOPE });
  await person.connects(complete(codes));
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => client.redeemDevice(codes)));
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused.length).toBe(7);
  for (const { reason } of refused) expect(reason).toMatchObject(refusal('invalid_grant'));
});

test('a device is refused for what is wrong with its request', async ({ issuer, signingKey }) => {
  const tv = await Client.discover(issuer, { client_id: 'tv' }, oauth.None());
  const till = await Client.discover(issuer, { client_id: 'till' }, oauth.ClientSecretBasic('wrong'));
  const { key, kid } = signingKey;
  const web = await Client.discover(issuer, { client_id: 'assertion' }, oauth.PrivateKeyJwt({ key, kid }));
  const asks: [Client, Record<string, string>, ReturnType<typeof refusal>][] = [
    [tv, {}, refusal('invalid_scope')],
    [tv, { scope: SCOPE, resource: `${ORDERS}/elsewhere` }, refusal('invalid_target')],
    [web, { scope: SCOPE }, refusal('unauthorized_client')],
    [till, { scope: SCOPE }, { code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 }],
  ];
  for (const [asking, parameters, expected] of asks) {
    await expect(asking.startDevice(parameters)).rejects.toMatchObject(expected);
  }
});

// RFC 6749 §5.2: one device's code is nothing to another client.
test('a device code is its client’s own', async ({ issuer, person }) => {
  const tv = await Client.discover(issuer, { client_id: 'tv' }, oauth.None());
  const till = await Client.discover(issuer, { client_id: 'till' }, oauth.ClientSecretBasic(SECRET));
  const codes = await tv.startDevice({ scope: SCOPE });
  await person.connects(complete(codes));
  await expect(till.redeemDevice(codes)).rejects.toMatchObject(refusal('invalid_grant'));
  await tv.redeemDevice(codes);
});

import * as client from 'openid-client';
import { ADA } from '../../data/accounts.ts';
import { DEVICES, ORDERS, SCOPE, SECRET } from '../../data/registrations.ts';
import { expect, test } from '../../fixtures/clients.ts';
import { discover, refreshToken } from '../../fixtures/openid-client.ts';

const proofs = { tv: client.None(), till: client.ClientSecretBasic(SECRET) };

// RFC 8628: the library asks at the pace that it is told, until the person has said yes.
for (const device of Object.keys(DEVICES) as (keyof typeof DEVICES)[]) {
  test(`a device by ${DEVICES[device]} is connected, refreshes and is told who the user is`, async ({ issuer, person }) => {
    const config = await discover(issuer, device, proofs[device]);
    const codes = await client.initiateDeviceAuthorization(config, { scope: SCOPE, resource: ORDERS });
    expect(codes).toMatchObject({ verification_uri: `${issuer.origin}/device`, interval: 5, expires_in: 600 });
    const polled = client.pollDeviceAuthorizationGrant(config, codes);
    expect(await person.connects(new URL(codes.verification_uri), 'allow', codes.user_code)).toBe('The device is connected');
    const tokens = await polled;
    expect(tokens.claims()).toMatchObject({ aud: device, auth_time: expect.any(Number) });
    const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '');
    expect(told).toMatchObject({ name: ADA.name, email: ADA.email });
    const next = await client.refreshTokenGrant(config, refreshToken(tokens), { resource: ORDERS });
    expect(refreshToken(next)).not.toBe(refreshToken(tokens));
  });
}

// RFC 8628 §3.5: a device that asks every second is told to slow down, and the library does.
test('a hasty device slows down', async ({ issuer, person }) => {
  const config = await discover(issuer, 'tv', client.None());
  const codes = await client.initiateDeviceAuthorization(config, { scope: 'openid' });
  const heard: string[] = [];
  config[client.customFetch] = async (url, options) => {
    const response = await fetch(url, options as RequestInit);
    if (url.endsWith('/token')) {
      const { error } = (await response.clone().json()) as { error?: string };
      heard.push(error ?? 'tokens');
      if (error === 'slow_down') await person.connects(new URL(codes.verification_uri_complete ?? ''));
    }
    return response;
  };
  await client.pollDeviceAuthorizationGrant(config, { ...codes, interval: 1 });
  expect(heard).toEqual(['authorization_pending', 'slow_down', 'tokens']);
});

// A12: the key that the device proves is the key that its tokens are for.
test('a device binds its tokens to its key', async ({ issuer, person }) => {
  const config = await discover(issuer, 'tv', client.None());
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  const codes = await client.initiateDeviceAuthorization(config, { scope: SCOPE });
  await person.connects(new URL(codes.verification_uri_complete ?? ''));
  const tokens = await client.pollDeviceAuthorizationGrant(config, codes, undefined, { DPoP });
  expect(tokens.token_type).toBe('dpop');
  await client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '', { DPoP });
  const bearer = client.refreshTokenGrant(config, refreshToken(tokens));
  await expect(bearer).rejects.toMatchObject({ error: 'invalid_request', status: 400 });
  await client.refreshTokenGrant(config, refreshToken(tokens), undefined, { DPoP });
});

test('a no is access_denied', async ({ issuer, person }) => {
  const config = await discover(issuer, 'tv', client.None());
  const codes = await client.initiateDeviceAuthorization(config, { scope: SCOPE });
  const address = new URL(codes.verification_uri_complete ?? '');
  expect(await person.connects(address, 'deny')).toBe('The device is not connected');
  const polled = client.pollDeviceAuthorizationGrant(config, codes);
  await expect(polled).rejects.toMatchObject({ code: 'OAUTH_RESPONSE_BODY_ERROR', error: 'access_denied', status: 400 });
});

import * as client from 'openid-client';
import { expect, test } from '../../fixtures/clients.ts';
import { authorize, discover, proof, refreshToken } from '../../fixtures/openid-client.ts';

test.use({ dpopNonce: true });

// RFC 9449 §8: the library takes the nonce from the first refusal and repeats that one request; each answer brings the next.
test('a client is asked for a nonce once, and keeps up from there', async ({ issuer, person, signingKey, cloakroom }) => {
  const config = await discover(issuer, 'assertion', proof('assertion', signingKey));
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const { requests } = cloakroom.backChannel;
  const before = requests.length;
  const { address, checks } = await authorize(config, person, { pushed: true, DPoP });
  const tokens = await client.authorizationCodeGrant(config, address, checks, undefined, { DPoP });
  await client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '', { DPoP });
  const next = await client.refreshTokenGrant(config, refreshToken(tokens), undefined, { DPoP });
  await client.fetchUserInfo(config, next.access_token, next.claims()?.sub ?? '', { DPoP });
  const sent = requests.slice(before).filter((line) => / \/(par|token|userinfo) /.test(line));
  expect(sent).toEqual([
    'POST /par 400',
    'POST /par 201',
    'POST /token 200',
    'GET /userinfo 200',
    'POST /token 200',
    'GET /userinfo 200',
  ]);
});

test('userinfo asks for a nonce by a challenge', async ({ issuer, person, signingKey, cloakroom }) => {
  const config = await discover(issuer, 'assertion', proof('assertion', signingKey));
  const pair = await client.randomDPoPKeyPair();
  const DPoP = client.getDPoPHandle(config, pair);
  const { address, checks } = await authorize(config, person, { pushed: true, DPoP });
  const tokens = await client.authorizationCodeGrant(config, address, checks, undefined, { DPoP });
  const { requests } = cloakroom.backChannel;
  const before = requests.length;
  const anew = client.getDPoPHandle(config, pair);
  await client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '', { DPoP: anew });
  expect(requests.slice(before)).toEqual(['GET /userinfo 401', 'GET /userinfo 200']);
});

// RFC 9449 §8: a request that was refused for its nonce has used nothing up.
test('a code and a refresh token outlive the refusal', async ({ issuer, person, signingKey, cloakroom }) => {
  const config = await discover(issuer, 'assertion', proof('assertion', signingKey));
  const { requests } = cloakroom.backChannel;
  const { address, checks } = await authorize(config, person);
  let before = requests.length;
  const pair = await client.randomDPoPKeyPair();
  const redeeming = client.getDPoPHandle(config, pair);
  const tokens = await client.authorizationCodeGrant(config, address, checks, undefined, { DPoP: redeeming });
  expect(requests.slice(before)).toEqual(['POST /token 400', 'POST /token 200', 'GET /jwks 200']);
  before = requests.length;
  const refreshing = client.getDPoPHandle(config, pair);
  await client.refreshTokenGrant(config, refreshToken(tokens), undefined, { DPoP: refreshing });
  expect(requests.slice(before)).toEqual(['POST /token 400', 'POST /token 200']);
});

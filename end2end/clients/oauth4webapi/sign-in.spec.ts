import * as oauth from 'oauth4webapi';
import { ADA } from '../../data/accounts.ts';
import { ALGORITHMS, METHODS, type Method, SECRET } from '../../data/registrations.ts';
import { expect, test } from '../../fixtures/clients.ts';
import { Client, proof } from '../../fixtures/oauth4webapi.ts';

// A1, A9, A10, A15, A16: each way to authenticate, at every endpoint that wants it.
for (const method of Object.keys(METHODS) as Method[]) {
  test(`${METHODS[method]} signs in, refreshes and revokes`, async ({ issuer, person, signingKey }) => {
    const client = await Client.discover(issuer, { client_id: method }, proof(method, signingKey));
    const tokens = await client.redeem(await client.authorize(person));
    expect(await client.userInfo(tokens)).toMatchObject({ name: ADA.name, email: ADA.email });
    const next = await client.refresh(tokens);
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect(await client.userInfo(next)).toMatchObject({ preferred_username: ADA.username });
    await client.revoke(next.refresh_token ?? '');
    await expect(client.refresh(next)).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
    await expect(client.userInfo(next)).rejects.toMatchObject({ code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 });
  });
}

// A2: the signature verifies, and the library would take no other algorithm.
for (const algorithm of ALGORITHMS) {
  test(`an ID token in ${algorithm} verifies`, async ({ issuer, person }) => {
    const metadata = { client_id: algorithm, id_token_signed_response_alg: algorithm };
    const client = await Client.discover(issuer, metadata, oauth.ClientSecretBasic(SECRET));
    const tokens = await client.redeem(await client.authorize(person));
    await client.refresh(tokens);
    const other = algorithm === 'ES256' ? 'RS256' : 'ES256';
    const mistaken = { client_id: algorithm, id_token_signed_response_alg: other };
    const confused = await Client.discover(issuer, mistaken, oauth.ClientSecretBasic(SECRET));
    await expect(confused.redeem(await confused.authorize(person))).rejects.toMatchObject({ code: oauth.INVALID_RESPONSE });
  });
}

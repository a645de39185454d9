import type { Value } from '../fixtures/toml.ts';

/** Where authorization responses go; nobody is there, and nobody needs to be. */
export const CALLBACK = 'https://client.example/callback';
/** Where people go after signing out. */
export const SIGNED_OUT = 'https://client.example/signed-out';
/** A resource server that the provider issues tokens for. */
export const ORDERS = 'https://orders.example';
/** With everything that has to be encoded on the way (RFC 6749 §2.3.1, appendix B). */
export const SECRET = '50% of "this" & that: a+b/c=? – ünlike any other secret';
/** Everything about a person, and refresh tokens. */
export const SCOPE = 'openid profile email offline_access';

/** The grant of devices (RFC 8628 §3.4). */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** The algorithms that ID tokens are signed with. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

/** The clients by how they authenticate: `client_id` and method. */
export const METHODS = {
  basic: 'client_secret_basic',
  post: 'client_secret_post',
  assertion: 'private_key_jwt',
  public: 'none',
} as const;
export type Method = keyof typeof METHODS;

/** The clients that are devices, without any address to redirect to: `client_id` and method. */
export const DEVICES = { tv: 'none', till: 'client_secret_basic' } as const;

/** The clients of the tests, as `provider.clients` lists them; `keys` are those of whoever signs assertions. */
export function registrations(keys: Value): Value[] {
  const secret = (method: string) => ({ method, secret: SECRET });
  const assertion = { method: 'private_key_jwt', keys: { jwks: { keys } } };
  const web = { redirect_uris: [CALLBACK], post_logout_redirect_uris: [SIGNED_OUT], scope: SCOPE, resources: [ORDERS] };
  return [
    { ...web, client_id: 'basic', name: 'Basic', authentication: secret('client_secret_basic') },
    { ...web, client_id: 'post', name: 'Post', authentication: secret('client_secret_post') },
    { ...web, client_id: 'assertion', name: 'Assertion', authentication: assertion },
    { ...web, client_id: 'public', name: 'Public', authentication: { method: 'none' } },
    ...ALGORITHMS.map((algorithm) => ({
      ...web,
      client_id: algorithm,
      name: algorithm,
      authentication: secret('client_secret_basic'),
      id_token_signed_response_alg: algorithm,
    })),
    { ...web, client_id: 'fapi', name: 'FAPI', authentication: assertion, profile: 'fapi2' },
    ...Object.entries(DEVICES).map(([client_id, method]) => ({
      client_id,
      name: 'Television',
      authentication: method === 'none' ? { method } : secret(method),
      grant_types: [DEVICE_CODE, 'refresh_token'],
      scope: SCOPE,
      resources: [ORDERS],
    })),
    {
      client_id: 'machine',
      name: 'Machine',
      authentication: secret('client_secret_basic'),
      grant_types: ['client_credentials'],
      scope: 'orders:read orders:write',
      resources: [ORDERS],
    },
    {
      client_id: 'orders',
      name: 'Orders',
      authentication: secret('client_secret_basic'),
      grant_types: [],
      scope: 'orders:read',
      serves: [ORDERS],
    },
  ];
}

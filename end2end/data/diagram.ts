/** The words of the OAuth 2 Flow diagram, exactly. Boxes with their one-line roles. */
export const BOXES: [name: string, role: string][] = [
  ['Browser', 'End user client initiating login'],
  ['Application API', 'Backend that starts OAuth and exchanges code for tokens'],
  ['Authorization Server', 'Identity provider handling login and consent'],
  ['User Database', 'Stores account and consent records'],
  ['Cache', 'Stores temporary state, nonce, session data'],
  ['Queue', 'Async events for audit and notifications'],
  ['Resource API', 'what the Application API calls with Bearer JWT, answering JSON response'],
];

/** The thirteen exchanges, in order. */
export const EXCHANGES: [from: string, to: string, label: string][] = [
  ['Browser', 'Application API', 'GET /login'],
  ['Application API', 'Cache', 'state, nonce, PKCE verifier'],
  ['Application API', 'Authorization Server', 'POST /par'],
  ['Authorization Server', 'Browser', '302 redirect to authorization endpoint'],
  ['Browser', 'Authorization Server', 'HTTPS authorization request; User credentials + consent'],
  ['Authorization Server', 'User Database', 'account and consent records'],
  ['Authorization Server', 'Browser', '302 redirect; Authorization code'],
  ['Browser', 'Application API', 'callback with Authorization code'],
  ['Application API', 'Authorization Server', 'POST /token'],
  ['Authorization Server', 'Application API', 'Access token + Refresh token'],
  ['Application API', 'Cache', 'session storage'],
  ['Application API', 'Queue', 'Audit event'],
  ['Application API', 'Browser', 'Session cookie; authenticated app response'],
];

/** The call that follows. */
export const AFTERWARDS = ['Bearer JWT', 'JSON response'];

export const LEGEND = [
  'User chooses sign-in',
  'App creates temporary state in cache',
  'App redirects browser to OAuth authorization endpoint',
  'User authenticates and grants consent',
  'Authorization server validates user data in DB',
  'App exchanges authorization code for tokens over HTTPS',
  'App creates session and returns authenticated experience',
];

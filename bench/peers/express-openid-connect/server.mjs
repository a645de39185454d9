// An application on express-openid-connect that does what the measured ones do: sign in, and say who is signed in.
// It says a line when it listens, and ends with its input. Its sessions are where that library keeps them: in the cookie.

import { argv, env, stdin } from 'node:process';
import express from 'express';
import { auth } from 'express-openid-connect';

const [port, issuer] = argv.slice(2);
const application = express();
application.disable('x-powered-by');
application.set('etag', false);
application.use(
  auth({
    authRequired: false,
    auth0Logout: false,
    baseURL: `http://localhost:${port}`,
    issuerBaseURL: issuer,
    clientID: env.CLIENT_ID,
    clientSecret: env.CLIENT_SECRET,
    secret: env.COOKIE_SECRET,
    idTokenSigningAlg: 'ES256',
    pushedAuthorizationRequests: true,
    authorizationParams: { response_type: 'code', scope: 'openid profile email offline_access' },
  }),
);
application.get('/session', (request, response) => {
  if (!request.oidc.isAuthenticated()) return response.status(401).json({ title: 'signed-out' });
  const { sub, iss, exp } = request.oidc.idTokenClaims;
  const { name, email } = request.oidc.user;
  response.set('cache-control', 'no-store').json({ subject: sub, issuer: iss, name, email, ends_at: exp });
});
application.listen(Number(port), '127.0.0.1', () => console.log('listening'));
stdin.resume().on('end', () => process.exit());

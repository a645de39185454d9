import { ADA } from '../data/accounts.ts';
import { expect, test } from '../fixtures/journey.ts';
import { signIn, signOut } from '../pages/sign-in.ts';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('signing out ends the session, the tokens and the session at the provider', async ({
      application,
      provider,
      cloakroom,
      context,
    }) => {
      await signIn({ application, provider }, ADA);
      const former = await context.cookies();
      await signOut({ application, provider });
      const left = (await context.cookies()).map(({ name }) => name);
      expect(left).not.toContain('__Host-session');
      expect(left).not.toContain('__Host-provider');
      expect(cloakroom.backChannel.requests).toContain('POST /revoke 200');

      // Not only were the cookies taken back: what they stood for is gone.
      await context.addCookies(former.filter(({ name }) => name === '__Host-session'));
      await application.open('/');
      await application.shows('Hand in your tokens, carry a ticket.');
      await context.addCookies(former);
      await application.beginSignIn();
      await provider.logIn(ADA);
      await application.greets(ADA);
    });
  });
}

import { ADA, GRACE } from '../data/accounts.ts';
import { expect, test } from '../fixtures/journey.ts';
import { signIn } from '../pages/sign-in.ts';

test('a session outlives a restart of the server', async ({ application, provider, cloakroom, watch }) => {
  watch.console.expectOutage();
  await signIn({ application, provider }, ADA);
  expect(await cloakroom.end(), 'exit code after SIGTERM').toBe(0);
  await cloakroom.start();
  await application.open('/');
  await application.greets(ADA);
  await application.open('/resource?ask=1');
  await application.answer();
});

test('a power cut in the middle of sign-ins loses no session and no audit event that was acknowledged', async ({
  anotherBrowser,
  cloakroom,
  watch,
}) => {
  watch.console.expectOutage();
  const people = await Promise.all(Array.from({ length: 4 }, () => anotherBrowser()));
  const [first, second, atLogin, onTheWay] = people;
  if (!first || !second || !atLogin || !onTheWay) throw new Error('four browsers were asked for');
  await signIn(first, ADA);
  await signIn(second, GRACE);
  await atLogin.application.open('/');
  await atLogin.application.beginSignIn();
  await atLogin.provider.asksForPassword();
  // The last has its authorization code, and the power goes before the browser is told.
  await onTheWay.application.open('/');
  await onTheWay.application.beginSignIn();
  const held = cloakroom.backChannel.hold();
  const submitted = onTheWay.provider.logIn(ADA);
  const { release } = await held;
  await cloakroom.kill();
  await cloakroom.start();

  await first.application.open('/');
  await first.application.greets(ADA);
  await second.application.open('/');
  await second.application.greets(GRACE);
  // The login page that was open can still be used: what it needs was kept.
  await atLogin.provider.logIn(ADA);
  await atLogin.application.greets(ADA);
  // The code that was issued before the cut is redeemed after it.
  release();
  await submitted;
  await onTheWay.application.greets(ADA);

  const signedIn = async (): Promise<number> => {
    const audit = await cloakroom.command('audit', '--limit', '100');
    return audit.split('\n').filter((line) => /\bsigned_in\b/.test(line)).length;
  };
  await expect.poll(signedIn, 'sign-ins in the audit log').toBe(4);
});

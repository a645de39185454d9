import { ADA, KATHERINE } from '../data/accounts.ts';
import { expect, test } from '../fixtures/journey.ts';
import { tokenOf } from '../pages/links.ts';

test('somebody signs up on the way to the application', async ({
  application,
  provider,
  links,
  anotherTab,
  anotherBrowser,
  watch,
  cloakroom,
}) => {
  test.slow();
  watch.console.expectStatus(410, 422);
  await application.open('/');
  await application.beginSignIn();
  await provider.asksForPassword();
  await links.begin('sign-up');
  await links.ask(KATHERINE.email);
  const mail = await anotherTab();
  const link = await mail.links.linkIn('Confirm your e-mail address');
  expect(new URL(link).origin).toBe(cloakroom.origins.provider);

  await test.step('the link is opened, and the form mended', async () => {
    await links.open(link);
    await links.openAccount({ ...KATHERINE, username: ADA.username });
    await links.refuses('This user name is taken');
    await links.openAccount({ ...KATHERINE, password: 'password1' });
    await links.refuses('easy to guess');
    await links.openAccount(KATHERINE);
  });

  await test.step('the sign-in goes on', async () => {
    await provider.allow();
    await application.greets(KATHERINE);
    await provider.openAccount();
    await expect(provider.section('Profile')).toContainText(KATHERINE.email);
    await expect(provider.section('Recent activity')).toContainText('You opened your account');
  });

  await test.step('the link is used', async () => {
    const stranger = await anotherBrowser();
    await stranger.links.open(link);
    await stranger.links.cannotBeUsed();
    await stranger.page.locator('#account').click();
    await stranger.provider.logIn({ username: KATHERINE.email, password: KATHERINE.password });
    await stranger.provider.showsAccount();
  });
  expect(await cloakroom.printed()).not.toContain(tokenOf(link));
});

test('whoever has an account is told so by mail, and the page says the same to everybody', async ({
  links,
  page,
  anotherTab,
  cloakroom,
}) => {
  const answers = [];
  for (const { email } of [ADA, KATHERINE]) {
    await page.goto(`${cloakroom.origins.provider}/sign-up`);
    answers.push(await links.ask(email));
  }
  expect(answers[1]).toBe(answers[0]);
  const mail = await anotherTab();
  await mail.links.linkIn('Confirm your e-mail address');
  const known = await mail.links.linkIn('You have an account already');
  expect(known).toBe(`${cloakroom.origins.provider}/account`);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('somebody signs up by themselves', async ({ links, provider, page, anotherTab, cloakroom }) => {
    await page.goto(`${cloakroom.origins.provider}/sign-up`);
    await links.ask(KATHERINE.email);
    const mail = await anotherTab();
    await links.open(await mail.links.linkIn('Confirm your e-mail address'));
    await links.openAccount(KATHERINE);
    await provider.showsAccount();
    await expect(provider.notice).toContainText('Your account is open');
  });
});

test.describe('a link that is good for a moment only', () => {
  test.use({ configuration: '[provider]\nlink_lifetime = "1ms"\n' });

  test('an expired link leads to another', async ({ links, page, anotherTab, watch, cloakroom }) => {
    watch.console.expectStatus(410);
    await page.goto(`${cloakroom.origins.provider}/sign-up`);
    await links.ask(KATHERINE.email);
    const mail = await anotherTab();
    await links.open(await mail.links.linkIn('Confirm your e-mail address'));
    await links.cannotBeUsed();
    await page.locator('#sign-up').click();
    await links.ask(KATHERINE.email);
  });
});

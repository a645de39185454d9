import { expect } from '@playwright/test';
import type { Account } from '../data/accounts.ts';
import type { Browsing } from '../fixtures/journey.ts';

type Person = Pick<Browsing, 'application' | 'provider'>;

/** Signs in from the home page for the first time: password, consent, greeting. */
export async function signIn({ application, provider }: Person, account: Account): Promise<void> {
  await application.open('/');
  await application.beginSignIn();
  await provider.logIn(account);
  await provider.allow();
  await application.greets(account);
}

/** Signs in where the account has allowed it before, in another browser for instance: password, greeting. */
export async function signInAgain({ application, provider }: Person, account: Account): Promise<void> {
  await application.open('/');
  await application.beginSignIn();
  await provider.logIn(account);
  await application.greets(account);
}

/** Signs out from any page; where the provider asks first, it is told yes. */
export async function signOut({ application, provider }: Person): Promise<void> {
  await application.signOutButton.click();
  const signedOut = application.page.getByRole('heading', { level: 1, name: 'You are signed out' });
  await expect(signedOut.or(provider.signOutButton)).toBeVisible();
  if (await provider.signOutButton.isVisible()) await provider.signOutButton.click();
  await application.shows('You are signed out');
}

import { expect, type Locator, type Page } from '@playwright/test';
import type { Account } from '../data/accounts.ts';
import { expectAccessible } from '../fixtures/accessibility.ts';
import type { Origins } from '../fixtures/cloakroom.ts';

/** The pages of the Authorization Server's origin. */
export class Provider {
  constructor(
    readonly page: Page,
    private readonly origins: Origins,
  ) {}

  /** Waits for the login page, and holds it against the rules of accessibility. */
  async asksForPassword(): Promise<void> {
    await expect(this.page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
    await expect(this.password).toBeVisible();
    await this.isOurs();
  }

  /** Waits for the consent page, and holds it against the rules of accessibility. */
  async asksForConsent(): Promise<void> {
    await expect(this.allowButton).toBeVisible();
    await this.isOurs();
  }

  async logIn({ username, password }: Pick<Account, 'username' | 'password'>): Promise<void> {
    await this.asksForPassword();
    await this.username.fill(username);
    await this.password.fill(password);
    await this.page.locator('#sign-in').click();
  }

  async allow(): Promise<void> {
    await this.asksForConsent();
    await this.allowButton.click();
  }

  async deny(): Promise<void> {
    await this.page.locator('#deny').click();
  }

  /** Waits for the page that asks for the code of a device. */
  async asksForDevice(): Promise<void> {
    await expect(this.page.getByRole('heading', { level: 1, name: 'Connect a device' })).toBeVisible();
    await this.isOurs();
  }

  /** Enters the code of a device, as it is typed. */
  async enterDevice(code: string): Promise<void> {
    await this.asksForDevice();
    await this.userCode.fill(code);
    await this.page.locator('#continue').click();
  }

  /** Waits for a page that ends here, by its heading. */
  async tells(heading: string): Promise<void> {
    await expect(this.page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await this.isOurs();
  }

  /** Goes to the account page, by way of the login where nobody is signed in. */
  async openAccount(account?: Account): Promise<void> {
    await this.page.goto(`${this.origins.provider}/account`);
    if (account) await this.logIn(account);
    await this.showsAccount();
  }

  /** Waits for the account page, and holds it against the rules of accessibility. */
  async showsAccount(): Promise<void> {
    await expect(this.page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible();
    await this.isOurs();
  }

  /** A section of the account page. */
  section(name: string): Locator {
    return this.page.getByRole('region', { name, exact: true });
  }

  get notice(): Locator {
    return this.page.locator('#notice');
  }

  get username(): Locator {
    return this.page.locator('#username');
  }

  get password(): Locator {
    return this.page.locator('#password');
  }

  get userCode(): Locator {
    return this.page.locator('#user_code');
  }

  get allowButton(): Locator {
    return this.page.locator('#allow');
  }

  get signOutButton(): Locator {
    return this.page.getByRole('main').locator('#sign-out');
  }

  private async isOurs(): Promise<void> {
    expect(new URL(this.page.url()).origin).toBe(this.origins.provider);
    await expectAccessible(this.page);
  }
}

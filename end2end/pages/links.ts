import { expect, type Page } from '@playwright/test';
import type { Account } from '../data/accounts.ts';
import { expectAccessible } from '../fixtures/accessibility.ts';
import type { Origins } from '../fixtures/cloakroom.ts';

/** The provider's pages of sign-up and password reset, and the outbox where their links arrive. */
export class Links {
  constructor(
    readonly page: Page,
    private readonly origins: Origins,
  ) {}

  /** Follows a link of the login page: to sign up, or to choose a new password. */
  async begin(id: 'sign-up' | 'reset-password'): Promise<void> {
    await this.page.locator(`#${id}`).click();
    await expect(this.page.locator('#email')).toBeFocused();
    await this.isOurs();
  }

  /** Sends an address, whoever has it, and waits for the one answer. */
  async ask(email: string): Promise<string> {
    await this.page.locator('#email').fill(email);
    await this.page.locator('#continue').click();
    await this.shows('Look into your mailbox');
    return this.page.locator('main').innerText();
  }

  /** The link in a message with this subject, once one has arrived that holds another than `known`. */
  async linkIn(subject: string, known = ''): Promise<string> {
    const links = this.page.getByRole('listitem').filter({ hasText: subject }).getByRole('link');
    let found: string | undefined;
    await expect(async () => {
      await this.page.goto(`${this.origins.application}/outbox`);
      const addresses = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
      found = addresses.find((address) => address !== known);
      expect(found).toBeDefined();
    }).toPass();
    return found ?? '';
  }

  /** Opens a link of a message; its token is gone from the address by then. */
  async open(link: string): Promise<void> {
    await this.page.goto(link);
    expect(this.page.url()).not.toContain(tokenOf(link));
  }

  /** Fills in the form by which an account is opened. */
  async openAccount({ name, username, password }: Account): Promise<void> {
    await this.shows('Create your account');
    await this.page.getByLabel('Full name').fill(name);
    await this.page.getByLabel('User name').fill(username);
    await this.page.getByLabel('Password').fill(password);
    await this.page.locator('#open-account').click();
  }

  /** Fills in the form by which a new password is chosen. */
  async choosePassword(password: string): Promise<void> {
    await this.shows('Choose a new password');
    await this.page.getByLabel('New password').fill(password);
    await this.page.locator('#change-password').click();
  }

  /** Waits for the page that says that a link is worth nothing. */
  async cannotBeUsed(): Promise<void> {
    await this.shows('This link cannot be used');
  }

  /** Waits for a form that was refused, with the focus on what is wrong. */
  async refuses(words: string | RegExp): Promise<void> {
    await expect(this.page.getByRole('alert')).toBeFocused();
    await expect(this.page.getByRole('alert')).toContainText(words);
    await expect(this.page).toHaveTitle(/^Error: /);
    await this.isOurs();
  }

  /** Waits for a page by its heading. */
  async shows(heading: string): Promise<void> {
    await expect(this.page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await this.isOurs();
  }

  private async isOurs(): Promise<void> {
    expect(new URL(this.page.url()).origin).toBe(this.origins.provider);
    await expectAccessible(this.page);
  }
}

/** The token in a link. */
export function tokenOf(link: string): string {
  const token = new URL(link).searchParams.get('token');
  if (token === null) throw new Error(`there is no token in ${link}`);
  return token;
}

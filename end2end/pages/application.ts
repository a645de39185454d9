import { expect, type Locator, type Page, type Response } from '@playwright/test';
import type { Account } from '../data/accounts.ts';
import { expectAccessible } from '../fixtures/accessibility.ts';
import type { Origins } from '../fixtures/cloakroom.ts';

/** The pages of the application's origin. */
export class Application {
  constructor(
    readonly page: Page,
    private readonly origins: Origins,
  ) {}

  async open(path: string): Promise<Response> {
    const response = await this.page.goto(this.origins.application + path);
    if (response === null) throw new Error(`${path} gave no response`);
    return response;
  }

  /** Begins a sign-in from the page that is shown; where its header and its text both offer one, they lead to the same. */
  async beginSignIn(): Promise<void> {
    await this.page.getByRole('link', { name: 'Sign in', exact: true }).first().click();
  }

  /** Waits for the page with this heading, and holds it against the rules of accessibility. */
  async shows(heading: string | RegExp): Promise<void> {
    await expect(this.page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    expect(new URL(this.page.url()).origin).toBe(this.origins.application);
    await expectAccessible(this.page);
  }

  async greets({ name }: Account): Promise<void> {
    await this.shows(`Hello, ${name}`);
  }

  get signOutButton(): Locator {
    return this.page.getByRole('button', { name: 'Sign out', exact: true });
  }

  /** The facts on the signed-in home page, by their term. */
  fact(term: string): Locator {
    return this.page.locator('dl > div', { has: this.page.getByText(term, { exact: true }) }).getByRole('definition');
  }

  /** Waits until the islands of the page take part. */
  async hydrated(): Promise<void> {
    await expect(this.page.locator('html')).toHaveAttribute('data-hydrated', '');
  }

  get askButton(): Locator {
    return this.page.getByRole('button', { name: 'Ask the Resource API' });
  }

  /** The JSON that the Resource API answered. */
  async answer(): Promise<Record<string, unknown>> {
    const region = this.page.getByRole('region', { name: 'JSON response' });
    await expect(region).toBeVisible();
    return JSON.parse(await region.innerText()) as Record<string, unknown>;
  }

  /** The parts of the header stand beside each other. */
  async hasAHeaderOfOneRow(): Promise<void> {
    const middles = await this.page.locator('.site-header > *').evaluateAll((parts) => {
      const shown = parts.map((part) => part.getBoundingClientRect()).filter(({ height }) => height > 0);
      return shown.map(({ top, bottom }) => (top + bottom) / 2);
    });
    expect(Math.max(...middles) - Math.min(...middles), `pixels between the rows of the header`).toBeLessThan(8);
  }

  /** Nothing sticks out to the side. */
  async fitsTheWindow(): Promise<void> {
    const surplus = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(surplus, `pixels that ${this.page.url()} sticks out`).toBeLessThanOrEqual(0);
  }
}

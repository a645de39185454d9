import { createRequire } from 'node:module';
import { join } from 'node:path';

const CHROMIUM = process.env.CLOAKROOM_CHROMIUM ?? '/usr/bin/chromium';

/** The system's Chromium without a window, driven by the puppeteer that Lighthouse brings along. */
export class Browser {
  static async open(modules) {
    const puppeteer = createRequire(join(modules, 'lighthouse/package.json')).resolve('puppeteer-core');
    const { default: driver } = await import(puppeteer);
    const browser = new Browser();
    browser.modules = modules;
    browser.driver = await driver.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
    return browser;
  }

  /** A page of somebody whom nobody knows: no cookie, nothing kept. */
  async stranger() {
    const context = await this.driver.createBrowserContext();
    return context.newPage();
  }

  async close() {
    await this.driver.close();
  }
}

/** Signs in, by the provider's forms. */
export async function signIn(page, origin, { username, password }) {
  await page.goto(`${origin}/login`);
  await page.type('#username', username);
  await page.type('#password', password);
  await press(page, '#sign-in');
  if ((await page.$('#allow')) !== null) await press(page, '#allow');
  if (new URL(page.url()).origin !== origin) throw new Error(`the sign-in ended at ${page.url()}`);
}

async function press(page, button) {
  await Promise.all([page.waitForNavigation(), page.click(button)]);
}

import type { Page } from '@playwright/test';
import { ADA } from '../data/accounts.ts';
import { expect, test } from '../fixtures/journey.ts';
import { signIn } from '../pages/sign-in.ts';

/** What `visit` makes the page load: the paths of scripts and of WebAssembly, and the scripts in its document. */
async function code(page: Page, visit: () => Promise<unknown>): Promise<string[]> {
  const loaded: string[] = [];
  const note = (request: { resourceType: () => string; url: () => string }): void => {
    const { pathname } = new URL(request.url());
    if (request.resourceType() === 'script' || /\.(js|mjs|wasm)$/.test(pathname)) loaded.push(pathname);
  };
  page.on('request', note);
  await visit();
  await page.waitForLoadState('load');
  page.off('request', note);
  const inside = await page.evaluate(() => {
    const links = [...document.querySelectorAll('link[rel="modulepreload"], link[as="script"], link[as="fetch"]')];
    return [...document.scripts, ...links].map((element) => element.outerHTML);
  });
  return [...loaded, ...inside];
}

test('the front page and the pages that sign in need not a byte of code', async ({ application, provider, page }) => {
  expect(await code(page, () => application.open('/')), 'the front page').toEqual([]);
  expect(await code(page, () => application.open('/sign-in?return_to=/resource')), 'the sign-in page').toEqual([]);
  await application.open('/');
  const login = async (): Promise<void> => {
    await application.beginSignIn();
    await provider.asksForPassword();
  };
  expect(await code(page, login), 'the login page of the provider').toEqual([]);

  // The same question finds code where there is some.
  await signIn({ application, provider }, ADA);
  const island = async (): Promise<void> => {
    await application.open('/resource');
    await application.hydrated();
  };
  const found = await code(page, island);
  expect(found.filter((path) => /^\/pkg\/cloakroom\..*(js|wasm)$/.test(path)).length).toBeGreaterThanOrEqual(2);
});

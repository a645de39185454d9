import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'];

/**
 * What Lighthouse gives the front page, the page before the sign-in, and the page that asks for the password: on its telephone with
 * its slow network. What costs points is told on the standard error.
 */
export async function scores(browser, server) {
  const { default: lighthouse } = await import(pathToFileURL(join(browser.modules, 'lighthouse/core/index.js')).href);
  const found = [];
  const visits = [
    ['front page', `${server.origin}/`],
    ['sign-in page', `${server.origin}/sign-in`],
    ["provider's login page", `${server.origin}/login`],
  ];
  for (const [name, begin] of visits) {
    const page = await browser.stranger();
    // Lighthouse asks for robots.txt in the page's own name, whose policy lets it ask nobody. No crawler is bound by that.
    await page.setBypassCSP(true);
    // The login page is reached by a redirect, which belongs to no page.
    await page.goto(begin);
    const options = { onlyCategories: CATEGORIES, disableStorageReset: true, logLevel: 'error' };
    const { lhr } = await lighthouse(page.url(), options, undefined, page);
    for (const category of CATEGORIES) {
      for (const { id, weight } of lhr.categories[category].auditRefs) {
        const audit = lhr.audits[id];
        if (weight > 0 && audit.score !== null && audit.score < 1) {
          console.error(`Lighthouse, ${name}, ${category}: ${id} ${audit.score} ${audit.displayValue ?? ''}`);
        }
      }
    }
    found.push([name, CATEGORIES.map((category) => Math.round(lhr.categories[category].score * 100)).join(' / ')]);
    await page.browserContext().close();
  }
  return found;
}

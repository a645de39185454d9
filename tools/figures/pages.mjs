import { get } from 'node:http';
import { signIn } from './browser.mjs';

const KINDS = ['html', 'css', 'js', 'wasm', 'font', 'image'];

/** What each page of both origins makes a browser load, in bytes by kind: `[page, html, css, …, all]`. */
export async function pages(browser, server, account) {
  const stranger = await browser.stranger();
  const rows = [];
  const measure = async (page, name, address) => {
    const asked = new Map();
    const note = (request) => {
      const kind = kindOf(request);
      if (kind !== undefined) asked.set(request.url(), kind);
    };
    page.on('request', note);
    await page.goto(address, { waitUntil: 'load' });
    if ((await page.$('leptos-island')) !== null) await page.waitForSelector('html[data-hydrated]');
    page.off('request', note);
    const cookies = await page.browserContext().cookies();
    const cookie = cookies.map((one) => `${one.name}=${one.value}`).join('; ');
    const bytes = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
    for (const [url, kind] of asked) {
      // Of redirects on the way the last one is the page.
      if (kind !== 'html' || url === page.url()) bytes[kind] += await sent(url, cookie);
    }
    const all = KINDS.reduce((sum, kind) => sum + bytes[kind], 0);
    rows.push([name, ...KINDS.map((kind) => thousands(bytes[kind])), thousands(all)]);
  };
  await measure(stranger, '`/`', `${server.origin}/`);
  await measure(stranger, '`/sign-in`', `${server.origin}/sign-in`);
  await measure(stranger, '`/flow`', `${server.origin}/flow`);
  await measure(stranger, "the provider's login", `${server.origin}/login`);
  const guest = await browser.stranger();
  await signIn(guest, server.origin, account);
  for (const path of ['/', '/flow', '/resource', '/sessions', '/identity']) {
    await measure(guest, `\`${path}\`, signed in`, `${server.origin}${path}`);
  }
  await measure(guest, "the provider's account page", `${server.provider}/account`);
  return rows;
}

function kindOf(request) {
  if (/\.wasm$/.test(new URL(request.url()).pathname)) return 'wasm';
  return { document: 'html', stylesheet: 'css', script: 'js', font: 'font', image: 'image' }[request.resourceType()];
}

/** The bytes of a body as it is sent to a browser that takes brotli. */
function sent(address, cookie) {
  const url = new URL(address);
  const headers = { accept: 'text/html,*/*', 'accept-encoding': 'br, gzip', cookie, host: url.host };
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port: url.port, path: url.pathname + url.search, headers }, (response) => {
      let length = 0;
      response.on('data', (chunk) => {
        length += chunk.length;
      });
      response.once('end', () => resolve(length));
    });
    request.once('error', reject);
  });
}

function thousands(bytes) {
  return bytes === 0 ? '0' : `${(bytes / 1000).toFixed(1)} kB`;
}

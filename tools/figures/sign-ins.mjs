import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true });

/** A browser as far as signing in needs one: it keeps cookies, follows redirects and posts forms. */
class Browser {
  // Cookies do not tell ports apart, so one jar serves all origins of this machine.
  #jar = new Map();

  async open(address, form) {
    let url = new URL(address);
    let body = form && new URLSearchParams(form).toString();
    for (let hops = 0; hops < 15; hops += 1) {
      const { status, location, text } = await this.#ask(url, body);
      if (location === undefined) return { url, status, text };
      url = new URL(location, url);
      body = undefined;
    }
    throw new Error(`too many redirects, at last to ${url.origin}${url.pathname}`);
  }

  #ask(url, body) {
    const headers = { accept: 'text/html', host: url.host, cookie: [...this.#jar].map((pair) => pair.join('=')).join('; ') };
    if (body !== undefined) {
      headers.origin = url.origin;
      headers['content-type'] = 'application/x-www-form-urlencoded';
      headers['content-length'] = Buffer.byteLength(body);
    }
    const options = { agent, host: '127.0.0.1', port: url.port, path: url.pathname + url.search, headers };
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...options, method: body === undefined ? 'GET' : 'POST' }, (response) => {
        for (const cookie of response.headers['set-cookie'] ?? []) this.#keep(cookie);
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode, location: response.headers.location, text }));
      });
      outgoing.once('error', reject).end(body);
    });
  }

  #keep(cookie) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
    if (value === '' || /;\s*max-age=0/i.test(cookie)) this.#jar.delete(name);
    else this.#jar.set(name, value);
  }
}

function unescaped(text) {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#x27;', "'");
}

/** Fills in the form of a page of the provider. */
function form(page, fields) {
  const tag = /<form[^>]*>/.exec(page.text)?.[0] ?? '';
  const action = /action="([^"]*)"/.exec(tag)?.[1];
  const csrf = /<input[^>]*name="csrf"[^>]*>/.exec(page.text)?.[0].match(/value="([^"]*)"/)?.[1];
  if (action === undefined || csrf === undefined)
    throw new Error(`no form at ${page.url.origin}${page.url.pathname}, HTTP ${page.status}`);
  return [new URL(unescaped(action), page.url), { ...fields, csrf: unescaped(csrf) }];
}

/** Signs in with a browser that nobody used before. */
async function signIn(origin, { username, password }) {
  const browser = new Browser();
  let page = await browser.open(`${origin}/login`);
  page = await browser.open(...form(page, { username, password, action: 'sign-in' }));
  if (page.text.includes('id="allow"')) page = await browser.open(...form(page, { action: 'allow' }));
  if (page.url.origin !== origin || !page.text.includes('id="sign-out"')) {
    throw new Error(`the sign-in ended at ${page.url.origin}${page.url.pathname}, HTTP ${page.status}`);
  }
}

/** Signs in `count` times, `together` at a time, and gives the seconds that it took. */
export async function signIns(origin, account, count, together) {
  const began = performance.now();
  await signIn(origin, account);
  let left = count - 1;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await signIn(origin, account);
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  agent.destroy();
  return (performance.now() - began) / 1000;
}

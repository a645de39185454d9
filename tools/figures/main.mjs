import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { Browser } from './browser.mjs';
import { scores } from './lighthouse.mjs';
import { pages } from './pages.mjs';
import { Server } from './server.mjs';
import { signIns } from './sign-ins.mjs';

const ADA = { username: 'ada', password: 'ada-loves-tea' };
const SESSIONS = 1_000;
const TOGETHER = 4;
const STARTS = 5;

const [directory, modules] = process.argv.slice(2);
const rows = [];

/** What the browser loads for the islands, as it goes over the wire. */
async function overTheWire() {
  const pkg = join(directory, 'site/pkg');
  const files = (await readdir(pkg)).filter((name) => /\.(wasm|js)$/.test(name));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  const sizes = await Promise.all(
    files.map(async (name) => [name.split('.').at(-1), brotliCompressSync(await readFile(join(pkg, name)), { params }).length]),
  );
  const of = (kind) => sizes.filter(([one]) => one === kind).reduce((sum, [, size]) => sum + size, 0) / 1000;
  return `${(of('wasm') + of('js')).toFixed(1)} kB (WASM ${of('wasm').toFixed(1)}, JS ${of('js').toFixed(1)})`;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

async function withServer(data, measure) {
  const server = await Server.at(directory, data);
  const milliseconds = await server.start();
  try {
    return await measure(server, milliseconds);
  } finally {
    await server.stop();
  }
}

async function withData(measure) {
  const data = await mkdtemp(join(tmpdir(), 'cloakroom-figures-'));
  try {
    return await measure(data);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

rows.push(['WASM + JS over the wire, brotli 11', '90 kB', await overTheWire()]);

const first = [];
const later = [];
for (let run = 0; run < STARTS; run += 1) {
  await withData(async (data) => {
    first.push(await withServer(data, (_, milliseconds) => milliseconds));
    later.push(await withServer(data, (_, milliseconds) => milliseconds));
  });
}
rows.push([`Start-up to first answer, nothing there yet (median of ${STARTS})`, '300 ms', `${median(first).toFixed(0)} ms`]);
rows.push([`Start-up to first answer, with data (median of ${STARTS})`, '300 ms', `${median(later).toFixed(0)} ms`]);

let weights = [];
await withData((data) =>
  withServer(data, async (server) => {
    const browser = await Browser.open(modules);
    try {
      for (const [page, told] of await scores(browser, server)) {
        rows.push([`Lighthouse, ${page}: performance, accessibility, best practices, SEO`, '100 / 100 / 100 / 100', told]);
      }
      weights = await pages(browser, server, ADA);
    } finally {
      await browser.close();
    }
  }),
);

await withData((data) =>
  withServer(data, async (server) => {
    rows.push(['Resident memory, idle', '60 MB', `${(await server.memory()).toFixed(1)} MB`]);
    const seconds = await signIns(server.origin, ADA, SESSIONS, TOGETHER);
    const rate = (SESSIONS / seconds).toFixed(0);
    rows.push([`Resident memory, after ${SESSIONS} sessions`, '60 MB', `${(await server.memory()).toFixed(1)} MB`]);
    await new Promise((later) => setTimeout(later, 5_000));
    rows.push(['Resident memory, five seconds later', '60 MB', `${(await server.memory()).toFixed(1)} MB`]);
    rows.push([`${SESSIONS} whole sign-ins, ${TOGETHER} at a time`, '', `${seconds.toFixed(1)} s (${rate} a second)`]);
  }),
);
const { size } = await stat(join(directory, 'cloakroom'));
rows.push(['Binary', '', `${(size / 1e6).toFixed(1)} MB`]);

console.log(`\nMeasured on ${cpus().length} cores (${cpus()[0].model.trim()}), all embedded, one process.\n`);
console.log('| figure | aim | measured |\n| --- | --- | --- |');
for (const row of rows) console.log(`| ${row.join(' | ')} |`);
console.log('\nBytes of each page as they are sent, brotli where it is compressed, with nothing kept from before:\n');
console.log('| page | HTML | CSS | JS | WASM | fonts | images | all |\n| --- | --- | --- | --- | --- | --- | --- | --- |');
for (const row of weights) console.log(`| ${row.join(' | ')} |`);

// Runs on /flow. It follows the sign-in of this browser, whichever window it happens in: what the server draws takes the place of what
// is shown. And it plays the sign-in again at the reader's pace, by showing the arrows one after the other; it draws nothing itself.

/** Milliseconds between two arrows at the ordinary pace. */
const PACE = 1_200;
/** Milliseconds in which several changes become one. */
const MOMENT = 120;

const still = matchMedia('(prefers-reduced-motion: reduce)');
const live = document.createElement('p');
live.className = 'visually-hidden';
live.setAttribute('role', 'status');

let edition;
let asking = false;
let outdated = false;
let replay = null;

const flow = () => document.getElementById('flow');
const arrows = () => [...document.querySelectorAll('#flow .arrow[data-exchange]')];
const happened = () => arrows().filter((arrow) => arrow.matches('.lit, .inferred'));
const line = (arrow) => document.getElementById(`exchange-${arrow.dataset.exchange}`);

function say(words) {
  live.textContent = words;
}

/** Takes over the page as the server draws it now. What has the focus keeps it. */
async function refresh() {
  outdated = true;
  if (asking) return;
  asking = true;
  try {
    // What comes while it asks is asked for once more.
    while (outdated) {
      await new Promise((resolve) => setTimeout(resolve, MOMENT));
      outdated = false;
      await take();
    }
  } catch {
    // The next change is another occasion.
  } finally {
    asking = false;
  }
}

async function take() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const next = page.getElementById('flow');
  const now = flow();
  if (!next || !now) return;
  const before = document.getElementById('told')?.textContent;
  const lit = new Set(happened().map((arrow) => arrow.dataset.exchange));
  const same = now.dataset.flow === next.dataset.flow;
  const focused = now.contains(document.activeElement) ? selector(document.activeElement) : null;
  const open = [...now.querySelectorAll('details[open]')].map(place);
  stop();
  now.replaceWith(document.adoptNode(next));
  for (const details of flow().querySelectorAll('details')) details.open = open.includes(place(details));
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
  for (const arrow of happened()) if (!same || !lit.has(arrow.dataset.exchange)) arrow.classList.add('fresh');
  furnish();
  const told = document.getElementById('told')?.textContent;
  if (told && told !== before) say(told);
}

function selector(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute('href');
  return href === null ? null : `#flow a[href="${CSS.escape(href)}"]`;
}

const place = (details) => [...document.querySelectorAll('details')].indexOf(details);

/** One stream, as long as somebody looks. */
let stream = null;
function follow() {
  if (document.visibilityState !== 'visible') {
    stream?.close();
    stream = null;
    return;
  }
  if (stream && stream.readyState !== EventSource.CLOSED) return;
  stream = new EventSource('/flow/events');
  stream.addEventListener('flow', ({ data }) => {
    // The first may tell of what happened after this page was drawn.
    const settled = document.querySelector('#flow .flow-state:is(.complete, .stopped)') !== null;
    const changed = edition === undefined ? data !== '' && !settled : edition !== data;
    edition = data;
    if (changed) refresh();
  });
}

/** Shows the first `count` of what happened. */
function show(count) {
  const all = happened();
  replay.at = Math.max(0, Math.min(count, all.length));
  document.querySelector('#flow .flow')?.classList.add('replayed');
  for (const [at, arrow] of all.entries()) {
    for (const part of [arrow, line(arrow)]) {
      part?.classList.toggle('shown', at < replay.at);
      part?.classList.toggle('now', at === replay.at - 1);
    }
  }
  replay.place.textContent = `${replay.at} of ${all.length}`;
  const arrow = all[replay.at - 1];
  if (arrow) {
    const told = line(arrow)?.querySelector('.label')?.textContent.trim();
    say(`Exchange ${arrow.dataset.exchange}: ${told}`);
  }
}

function play() {
  if (replay.at >= happened().length) show(0);
  replay.button.textContent = 'Pause';
  const step = () => {
    show(replay.at + 1);
    if (replay.at >= happened().length) pause();
    else replay.timer = setTimeout(step, PACE / Number(replay.speed.value));
  };
  step();
}

function pause() {
  clearTimeout(replay.timer);
  replay.timer = null;
  replay.button.textContent = 'Play';
}

/** Everything is shown again. */
function stop() {
  if (!replay) return;
  pause();
  for (const part of document.querySelectorAll('#flow .shown, #flow .now, #flow .replayed')) {
    part.classList.remove('shown', 'now', 'replayed');
  }
  replay = null;
}

function button(words, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'button';
  made.textContent = words;
  made.addEventListener('click', act);
  return made;
}

/** What works only with a script: arrows to point at, a replay, a picture, a copy. */
function furnish() {
  flow()?.classList.add('scripted');
  for (const arrow of arrows()) {
    arrow.addEventListener('click', () => line(arrow)?.querySelector('a')?.click());
  }
  for (const command of document.querySelectorAll('#flow .curl pre')) {
    command.after(
      button('Copy', async ({ target }) => {
        await navigator.clipboard.writeText(command.textContent);
        target.textContent = 'Copied';
        say('Copied');
      }),
    );
  }
  if (happened().length === 0) return;
  document.querySelector('#flow .flow-state .ways')?.append(button('PNG', picture));
  const bar = document.createElement('div');
  bar.className = 'replay';
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', 'Replay');
  const speed = document.createElement('select');
  speed.setAttribute('aria-label', 'Speed');
  for (const pace of ['0.5', '1', '2', '4']) speed.add(new Option(`${pace}×`, pace, pace === '1', pace === '1'));
  const where = document.createElement('span');
  where.textContent = `${happened().length} of ${happened().length}`;
  const start = button('Play', () => (replay.timer ? pause() : play()));
  replay = { at: happened().length, timer: null, button: start, speed, place: where };
  const step = (by) => () => {
    pause();
    show(replay.at + by);
  };
  const backwards = button('Step back', step(-1));
  const onwards = button('Step', step(1));
  // Whoever wants no motion steps.
  bar.append(...(still.matches ? [backwards, onwards, where] : [start, backwards, onwards, speed, where]));
  document.querySelector('#flow .flow-state')?.after(bar);
}

/** The drawing as a picture of twice its size. */
async function picture() {
  const answer = await fetch('/flow.svg');
  if (!answer.ok) return;
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(await answer.text())}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 2048;
  canvas.getContext('2d').drawImage(image, 0, 0, 2048, 2048);
  const link = document.createElement('a');
  link.href = canvas.toDataURL('image/png');
  link.download = 'flow.png';
  link.click();
}

document.body.append(live);
furnish();
follow();
document.addEventListener('visibilitychange', follow);

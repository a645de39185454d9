// Runs on the pages of a signed-in user: where the session ends, in whatever place, the page stops showing what it shows.
// A browser allows an origin six connections, so that one tab alone holds the stream of events, and tells the others.

/** Milliseconds for which a navigation that has begun goes first: it may be the signing out itself. */
const GRACE = 15_000;
/** Milliseconds until what could not be found out is asked again. */
const AGAIN = 5_000;
/** Milliseconds that a sign-in which replaces the session has to hand its cookie over. */
const MOMENT = 250;

/** Whom this page was made for. */
const owner = document.querySelector('script[data-user]')?.dataset.user;
const tabs = new BroadcastChannel('session');
let departure = -GRACE;
let outdated = false;

/** Who is signed in now; null where nobody is, undefined where that cannot be found out: then nobody is signed out by it. */
async function ask() {
  try {
    const answer = await fetch('/api/current-user');
    if (!answer.ok) return undefined;
    const user = await answer.json();
    return user && `${user.issuer} ${user.subject}`;
  } catch {
    return undefined;
  }
}

/** Gives the page up where it is not for `user`. */
function heed(user) {
  if (outdated || user === undefined || user === owner) return;
  outdated = true;
  setTimeout(leave, departure + GRACE - performance.now(), user);
}

function leave(user) {
  const here = location.pathname + location.search + location.hash;
  if (user === null) location.replace(`/sign-in?ended=1&return_to=${encodeURIComponent(here)}`);
  else location.reload();
}

/** Comes back when the stream says that the session is over, or when it is refused: true for the first. */
function streamEnds() {
  return new Promise((resolve) => {
    const stream = new EventSource('/session/events');
    const close = (told) => {
      stream.close();
      resolve(told);
    };
    stream.addEventListener('signed-out', () => close(true));
    stream.addEventListener('error', () => stream.readyState === EventSource.CLOSED && close(false));
  });
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What the leading tab does. */
async function lead() {
  while (!outdated) {
    const told = await streamEnds();
    let user = await ask();
    if (user === null) {
      await pause(MOMENT);
      user = await ask();
    }
    if (user !== undefined) tabs.postMessage(user);
    heed(user);
    if (!told || user === undefined) await pause(AGAIN);
  }
}

tabs.addEventListener('message', ({ data }) => heed(data));
addEventListener('beforeunload', () => {
  departure = performance.now();
});
// A browser that was asleep may have missed something.
document.addEventListener('visibilitychange', async () => {
  if (document.visibilityState === 'visible') heed(await ask());
});
// A page that the browser kept for the Back button is made anew, and shows nothing until it is.
addEventListener('pagehide', ({ persisted }) => {
  document.documentElement.hidden = persisted;
});
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload();
});
navigator.locks.request('session', lead);

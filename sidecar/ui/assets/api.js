// Asks the sidecar, and hears from it what has changed.
// It knows paths as strings, and no page.

// Numbers that a double cannot hold are kept as they were written.
export function parse(text) {
  const exact = (_key, value, context) =>
    typeof value === "number" && context?.source && JSON.rawJSON && String(value) !== context.source
      ? JSON.rawJSON(context.source) : value;
  return JSON.parse(text, exact);
}

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// What the whole page needs to know: `away` and `stranger` are shown above everything.
export const state = { live: "connecting", stranger: null };
const watchers = new Set();
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
function change(to) {
  Object.assign(state, to);
  for (const watcher of watchers) watcher(null);
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    throw new Refused(0, "The sidecar does not answer.");
  }
  const text = await answer.text();
  if (answer.ok) return text;
  let said = text;
  try {
    said = JSON.parse(text).error?.message ?? text;
  } catch {
    // It is not JSON: it is shown as it is.
  }
  // What was said first stays: why a link did not let this browser in.
  if (answer.status === 401 && !state.stranger) change({ stranger: said || "You are not logged in." });
  throw new Refused(answer.status, said || `HTTP ${answer.status}`);
}

// Exchanges the code of a link for the cookie that lets this browser in.
export async function login(code) {
  try {
    await send("POST", "/v1/ui/login", { code });
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    change({ stranger: cause.message });
  }
}

export async function text(path, signal) {
  const found = await ask(path, { signal });
  if (state.stranger) change({ stranger: null });
  return found;
}

export async function get(path, signal) {
  return parse(await text(path, signal));
}

export async function send(method, path, body, headers = {}) {
  const given = body === undefined ? {} : { body: JSON.stringify(body) };
  const said = await ask(path, { method, headers: { "content-type": "application/json", ...headers }, ...given });
  return said ? parse(said) : null;
}

export const path = (...parts) => `/v1/${parts.map(encodeURIComponent).join("/")}`;

let source = null;
let again = 0;

// Listens until the page goes. A watcher is given the runs that have changed, or `null` where anything may have.
export function listen() {
  source?.close();
  source = new EventSource("/v1/events");
  source.addEventListener("hello", () => {
    again = 0;
    change({ live: "live" });
  });
  source.addEventListener("missed", () => change({}));
  source.addEventListener("runs", (event) => {
    const { runs } = JSON.parse(event.data);
    for (const watcher of watchers) watcher(runs);
  });
  source.addEventListener("error", () => {
    if (state.live !== "away") change({ live: "away" });
    // A browser comes back by itself only after some of the ways in which a connection ends.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, Math.min(10_000, 500 * 2 ** again++));
  });
}

// Asks again and again, and at news: never while it asks, and the longer an answer takes the less often.
export function follow(load, { every = 15_000, least = 400, wanted = () => true }) {
  let [busy, dirty, stopped, timer] = [false, false, false, 0];
  const quit = new AbortController();
  async function once() {
    clearTimeout(timer);
    if (busy) {
      dirty = true;
      return;
    }
    [busy, dirty] = [true, false];
    const began = performance.now();
    try {
      await load(quit.signal);
    } catch (cause) {
      if (cause.name !== "AbortError" && !(cause instanceof Refused)) throw cause;
    } finally {
      busy = false;
      const took = performance.now() - began;
      if (!stopped) timer = setTimeout(once, dirty ? Math.max(least, 2 * took) : every);
    }
  }
  let soon = 0;
  const unwatch = watch((runs) => {
    if (!wanted(runs)) return;
    if (runs === null) once();
    else if (busy) dirty = true;
    else if (!soon) {
      soon = setTimeout(() => {
        soon = 0;
        if (!stopped) once();
      }, least);
    }
  });
  once();
  return {
    now: once,
    stop() {
      stopped = true;
      clearTimeout(timer);
      clearTimeout(soon);
      quit.abort();
      unwatch();
    },
  };
}

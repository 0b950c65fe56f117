/**
 * How full pools are and how long their permits are waited for, told to the sidecar a few times a second at most.
 *
 * It deliberately knows no permits and no clients; those tell it what happens to them.
 */
import { monotonic } from "./timer.js";
/** Changes that come closer together are told together. */
const REPORT_MS = 200;
/** What is held of one pool in this thread, and what has happened to it since the last report. */
export class Usage {
  constructor(id, scope, limit) {
    this.inUse = 0;
    this.waits = 0;
    this.opened = 0;
    this.failed = 0;
    this.waited = new Map();
    this.isTold = true;
    this.id = id;
    this.scope = scope;
    this.limit = limit;
  }
  /** Waits for a permit with `take`, and counts that. */
  async waiting(take) {
    const began = monotonic();
    this.waits += 1;
    changed(this);
    try {
      const taken = await take();
      const waited = rounded(monotonic() - began);
      this.inUse += 1;
      this.waited.set(waited, (this.waited.get(waited) ?? 0) + 1);
      return taken;
    } finally {
      this.waits -= 1;
      changed(this);
    }
  }
  /** A permit is given back. */
  freed() {
    this.inUse -= 1;
    changed(this);
  }
  /** A client was opened, or could not be. */
  opening(succeeded) {
    if (succeeded) {
      this.opened += 1;
    } else {
      this.failed += 1;
    }
    changed(this);
  }
  /** As it is now; what only counts is counted anew from here on. */
  report() {
    const report = {
      id: this.id,
      scope: this.scope,
      in_use: this.inUse,
      waiting: this.waits,
      opened: this.opened,
      failed: this.failed,
      waited_ms: [...this.waited],
      ...(this.limit === undefined ? {} : { limit: this.limit }),
    };
    this.opened = 0;
    this.failed = 0;
    this.waited = new Map();
    this.isTold = true;
    return report;
  }
}
/** Milliseconds with two digits that count, so that few of them differ. */
function rounded(milliseconds) {
  let step = 1;
  while (milliseconds >= 100 * step) {
    step *= 10;
  }
  return Math.floor(Math.round(milliseconds) / step) * step;
}
const usages = new Map();
/** Any of them will do to speak for the process. */
const sessions = new Set();
let timer;
let last = 0;
/** That of a pool, by its id. */
export function usage(id, scope, limit) {
  let known = usages.get(id);
  if (known === undefined) {
    known = new Usage(id, scope, limit);
    usages.set(id, known);
  }
  return known;
}
function changed(one) {
  one.isTold = false;
  schedule();
}
function schedule() {
  if (timer !== undefined || sessions.size === 0) {
    return;
  }
  const pause = Math.max(0, last + REPORT_MS - monotonic());
  timer = setTimeout(() => {
    timer = undefined;
    const [session] = sessions;
    if (session !== undefined) {
      tell(session);
    }
  }, pause).unref();
}
function tell(session) {
  last = monotonic();
  const untold = [...usages.values()].filter((one) => !one.isTold);
  if (untold.length > 0) {
    const resources = untold.map((one) => one.report());
    session.notify("resource.report", { resources });
  }
}
/** The session is connected: the sidecar may know nothing of this process yet. */
export function attach(session) {
  sessions.add(session);
  for (const one of usages.values()) {
    one.isTold = false;
  }
  if (usages.size > 0) {
    schedule();
  }
}
/** The session is not connected any more, or will not be; another one speaks from here on. */
export function detach(session, isLastWord = false) {
  if (isLastWord && sessions.has(session)) {
    tell(session);
  }
  sessions.delete(session);
}

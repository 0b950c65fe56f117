/**
 * How full pools are and how long their permits are waited for, told to the sidecar a few times a second at most.
 *
 * It deliberately knows no permits and no clients; those tell it what happens to them.
 */

import type { Session } from "./session.js";
import { monotonic } from "./timer.js";

export type PoolScope = "process" | "host";

/** Changes that come closer together are told together. */
const REPORT_MS = 200;

/** What is held of one pool in this thread, and what has happened to it since the last report. */
export class Usage {
  private readonly id: string;
  private readonly scope: PoolScope;
  private readonly limit: number | undefined;
  private inUse = 0;
  private waits = 0;
  private opened = 0;
  private failed = 0;
  private waited = new Map<number, number>();
  isTold = true;

  constructor(id: string, scope: PoolScope, limit: number | undefined) {
    this.id = id;
    this.scope = scope;
    this.limit = limit;
  }

  /** Waits for a permit with `take`, and counts that. */
  async waiting<T>(take: () => Promise<T>): Promise<T> {
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
  freed(): void {
    this.inUse -= 1;
    changed(this);
  }

  /** A client was opened, or could not be. */
  opening(succeeded: boolean): void {
    if (succeeded) {
      this.opened += 1;
    } else {
      this.failed += 1;
    }
    changed(this);
  }

  /** As it is now; what only counts is counted anew from here on. */
  report(): object {
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
function rounded(milliseconds: number): number {
  let step = 1;
  while (milliseconds >= 100 * step) {
    step *= 10;
  }
  return Math.floor(Math.round(milliseconds) / step) * step;
}

const usages = new Map<string, Usage>();
/** Any of them will do to speak for the process. */
const sessions = new Set<Session>();
let timer: NodeJS.Timeout | undefined;
let last = 0;

/** That of a pool, by its id. */
export function usage(
  id: string,
  scope: PoolScope,
  limit: number | undefined,
): Usage {
  let known = usages.get(id);
  if (known === undefined) {
    known = new Usage(id, scope, limit);
    usages.set(id, known);
  }
  return known;
}

function changed(one: Usage): void {
  one.isTold = false;
  schedule();
}

function schedule(): void {
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

function tell(session: Session): void {
  last = monotonic();
  const untold = [...usages.values()].filter((one) => !one.isTold);
  if (untold.length > 0) {
    const resources = untold.map((one) => one.report());
    session.notify("resource.report", { resources });
  }
}

/** The session is connected: the sidecar may know nothing of this process yet. */
export function attach(session: Session): void {
  sessions.add(session);
  for (const one of usages.values()) {
    one.isTold = false;
  }
  if (usages.size > 0) {
    schedule();
  }
}

/** The session is not connected any more, or will not be; another one speaks from here on. */
export function detach(session: Session, isLastWord = false): void {
  if (isLastWord && sessions.has(session)) {
    tell(session);
  }
  sessions.delete(session);
}

/**
 * Permits and rate limits: who may begin an attempt now, and who is next.
 *
 * It deliberately knows neither clients nor journals. First come, first served, in this thread; limits that processes share are asked of `host`.
 */
import { Cancelled } from "./control.js";
import { takeOfHost } from "./host.js";
import { usage } from "./saturation.js";
import { after, monotonic } from "./timer.js";
/** When the last attempts began or will begin, as many as matter. */
export class Starts {
  constructor(rate) {
    this.at = [];
    this.rate = rate;
  }
  /** Another rate for those who come from now on. */
  change(rate) {
    this.rate = rate;
  }
  /** The moment, not before `now`, at which the next attempt may begin. */
  reserve(now) {
    const { permits, perMs } = this.rate;
    const past = this.at.findIndex((start) => start + perMs > now);
    this.at = past < 0 ? [] : this.at.slice(past);
    const before = this.at.at(-permits);
    const isFull = this.at.length >= permits && before !== undefined;
    const earliest = isFull ? Math.max(before + perMs, now) : now;
    // The starts in waiting are in order, so that the newest is never before the one before it.
    const at = Math.max(earliest, this.at.at(-1) ?? earliest);
    this.at.push(at);
    return at;
  }
}
/** A bounded number of permits. */
export class Permits {
  constructor(limit) {
    this.held = 0;
    /** In the order in which they came. */
    this.waiting = new Set();
    this.limit = limit;
  }
  /** Takes a permit in its turn, unless `scope` is cancelled before. */
  take(scope) {
    if (this.waiting.size === 0 && this.held < this.limit) {
      this.held += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const grant = () => {
        unlisten();
        resolve();
      };
      this.waiting.add(grant);
      const unlisten = scope.onCancel((reason) => {
        this.waiting.delete(grant);
        reject(reason);
      });
    });
  }
  /** Gives a permit to the next in the queue. */
  giveBack() {
    this.held -= 1;
    this.letIn();
  }
  /** Another number of permits; those that are held are kept. */
  change(limit) {
    this.limit = limit;
    this.letIn();
  }
  letIn() {
    for (const grant of this.waiting) {
      if (this.held >= this.limit) {
        break;
      }
      this.waiting.delete(grant);
      this.held += 1;
      grant();
    }
  }
}
/** What is limited: a resource, or the attempts of one task. */
export class Pool {
  constructor(id, limits) {
    this.hasClient = false;
    this.id = id;
    this.limit = limits.limit;
    this.rate = limits.rate;
    this.scope = limits.scope ?? "process";
    this.permits =
      this.limit === undefined ? undefined : new Permits(this.limit);
    this.starts = this.rate === undefined ? undefined : new Starts(this.rate);
  }
  /** Other numbers from now on, in the place of those that it has. */
  change(limit, rate) {
    if (this.permits !== undefined && limit !== undefined) {
      this.limit = limit;
      this.permits.change(limit);
    }
    if (this.starts !== undefined && rate !== undefined) {
      this.rate = rate;
      this.starts.change(rate);
    }
  }
  /** Itself: a pool can be taken without a client. */
  get pool() {
    return this;
  }
  open() {
    // There is nothing to open.
  }
  /** Waits for the rate and for a permit, which `taken` gives back. */
  async take(taken, scope, session) {
    if (this.limit === undefined && this.rate === undefined) {
      return;
    }
    const used = usage(this.id, this.scope, this.limit);
    const giveBack = await used.waiting(async () => {
      const ofHost =
        this.scope === "host"
          ? await takeOfHost(this, scope, session)
          : undefined;
      return ofHost ?? (await this.takeHere(scope));
    });
    taken.add(giveBack);
    taken.add(() => {
      used.freed();
    });
  }
  async takeHere(scope) {
    if (this.starts !== undefined) {
      const now = monotonic();
      const pause = this.starts.reserve(now) - now;
      if (pause > 0) {
        await scope.pause(pause);
      }
    }
    const { permits } = this;
    if (permits === undefined) {
      return () => undefined;
    }
    await permits.take(scope);
    return () => {
      permits.giveBack();
    };
  }
}
/** What one attempt holds: given back when it is over and nothing that it started runs any longer. */
export class Taken {
  constructor() {
    this.given = [];
    this.running = 0;
    this.isOver = false;
  }
  /** Holds one thing more. */
  add(giveBack) {
    this.given.push(giveBack);
  }
  /** Something of the attempt has begun. */
  started() {
    this.running += 1;
  }
  /** It has ended. */
  ended() {
    this.running -= 1;
    this.settle();
  }
  /** The attempt is over; what it left running keeps what it holds. */
  over() {
    this.isOver = true;
    this.settle();
  }
  settle() {
    if (!this.isOver || this.running > 0) {
      return;
    }
    const given = this.given;
    this.given = [];
    for (const giveBack of given.reverse()) {
      giveBack();
    }
  }
}
/** Takes of each in the given order, then opens what is not open. Nothing where the time is over before. */
export async function take(takers, taking) {
  const taken = new Taken();
  if (takers.length === 0) {
    return taken;
  }
  const { session, milliseconds } = taking;
  const scope = taking.scope.inner();
  const over = new Cancelled("the time is over", false);
  const stop =
    milliseconds === undefined
      ? undefined
      : after(milliseconds, () => {
          scope.cancel(over);
        });
  try {
    scope.check();
    for (const taker of takers) {
      await taker.pool.take(taken, scope, session);
    }
    for (const taker of takers) {
      await taker.open(taken, scope);
    }
    return taken;
  } catch (error) {
    taken.over();
    if (error === over) {
      return undefined;
    }
    throw error;
  } finally {
    stop?.();
    scope.end();
  }
}

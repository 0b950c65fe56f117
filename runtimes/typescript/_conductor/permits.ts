/**
 * Permits and rate limits: who may begin an attempt now, and who is next.
 *
 * It deliberately knows neither clients nor journals. First come, first served, in this thread; limits that processes share are asked of `host`.
 */

import { Cancelled } from "./control.js";
import { takeOfHost } from "./host.js";
import { usage, type PoolScope } from "./saturation.js";
import type { Scope } from "./scope.js";
import type { Session } from "./session.js";
import { after, monotonic } from "./timer.js";

/** `permits` attempts may begin in each span of `perMs`, wherever the span is laid. */
export interface Rate {
  readonly permits: number;
  readonly perMs: number;
}

/** When the last attempts began or will begin, as many as matter. */
export class Starts {
  private rate: Rate;
  private at: number[] = [];

  constructor(rate: Rate) {
    this.rate = rate;
  }

  /** Another rate for those who come from now on. */
  change(rate: Rate): void {
    this.rate = rate;
  }

  /** The moment, not before `now`, at which the next attempt may begin. */
  reserve(now: number): number {
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
  private limit: number;
  private held = 0;
  /** In the order in which they came. */
  private readonly waiting = new Set<() => void>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Takes a permit in its turn, unless `scope` is cancelled before. */
  take(scope: Scope): Promise<void> {
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
  giveBack(): void {
    this.held -= 1;
    this.letIn();
  }

  /** Another number of permits; those that are held are kept. */
  change(limit: number): void {
    this.limit = limit;
    this.letIn();
  }

  private letIn(): void {
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

export interface Limits {
  readonly limit?: number | undefined;
  readonly rate?: Rate | undefined;
  readonly scope?: PoolScope | undefined;
}

/** What an attempt takes before it begins: permits, and a client that must be open. */
export interface Taker {
  /** The permits and the rate. */
  readonly pool: Pool;
  /** Whether there is a client, which a block can hold for its steps. */
  readonly hasClient: boolean;
  /** Opens the client where it is not. A failure is kept for whoever asks for the client. */
  open(taken: Taken, scope: Scope): Promise<void> | void;
  /** Does the work of a block that holds it. */
  holding?<T>(work: () => T | PromiseLike<T>): Promise<T>;
}

/** What is limited: a resource, or the attempts of one task. */
export class Pool implements Taker {
  readonly id: string;
  limit: number | undefined;
  rate: Rate | undefined;
  readonly scope: PoolScope;
  readonly hasClient = false;
  private readonly permits: Permits | undefined;
  private readonly starts: Starts | undefined;

  constructor(id: string, limits: Limits) {
    this.id = id;
    this.limit = limits.limit;
    this.rate = limits.rate;
    this.scope = limits.scope ?? "process";
    this.permits =
      this.limit === undefined ? undefined : new Permits(this.limit);
    this.starts = this.rate === undefined ? undefined : new Starts(this.rate);
  }

  /** Other numbers from now on, in the place of those that it has. */
  change(limit: number | undefined, rate: Rate | undefined): void {
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
  get pool(): Pool {
    return this;
  }

  open(): void {
    // There is nothing to open.
  }

  /** Waits for the rate and for a permit, which `taken` gives back. */
  async take(
    taken: Taken,
    scope: Scope,
    session: Session | undefined,
  ): Promise<void> {
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

  private async takeHere(scope: Scope): Promise<() => void> {
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
  private given: (() => void)[] = [];
  private running = 0;
  private isOver = false;

  /** Holds one thing more. */
  add(giveBack: () => void): void {
    this.given.push(giveBack);
  }

  /** Something of the attempt has begun. */
  started(): void {
    this.running += 1;
  }

  /** It has ended. */
  ended(): void {
    this.running -= 1;
    this.settle();
  }

  /** The attempt is over; what it left running keeps what it holds. */
  over(): void {
    this.isOver = true;
    this.settle();
  }

  private settle(): void {
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

export interface Taking {
  readonly scope: Scope;
  readonly session?: Session | undefined;
  /** How long it may take. */
  readonly milliseconds?: number | undefined;
}

/** Takes of each in the given order, then opens what is not open. Nothing where the time is over before. */
export async function take(
  takers: readonly Taker[],
  taking: Taking,
): Promise<Taken | undefined> {
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

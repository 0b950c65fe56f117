/**
 * Circuit breakers: what becomes of one with each call, by the same rules as `policy/src/breaker.rs`.
 *
 * It deliberately knows no tasks; whoever makes calls asks before and tells after.
 */

import { Control } from "./control.js";
import { CircuitOpen, thrown } from "./errors.js";
import { monotonic } from "./timer.js";

export interface BreakerSettings {
  /** So many failures within the window open it. */
  readonly failures?: number | undefined;
  /** Or such a share of them, of at least `minCalls`. */
  readonly failureRate?: number | undefined;
  readonly minCalls?: number | undefined;
  readonly window: number;
  readonly openFor: number;
  readonly halfOpenCalls?: number | undefined;
}

/** The window is cut into so many slices. */
const SLICES = 10;
/** So many breakers by key are kept before those without failures are let go. */
const KEPT = 1024;

type CallEnd = "succeeded" | "failed" | "abandoned";

interface Slice {
  readonly number: number;
  calls: number;
  failures: number;
}

/** One breaker. */
export class Breaker {
  private readonly name: string;
  private readonly settings: BreakerSettings;
  private slices: Slice[] = [];
  private openUntil: number | undefined = undefined;
  /** Calls that try whether it may close: those under way, and those that succeeded. */
  private trying: { underway: number; succeeded: number } | undefined =
    undefined;

  constructor(name: string, settings: BreakerSettings) {
    this.name = name;
    this.settings = settings;
  }

  private get halfOpenCalls(): number {
    return Math.max(1, this.settings.halfOpenCalls ?? 1);
  }

  /** Lets a call through, or says why not. Each that is let through must be told of with [`ended`]. */
  refusal(): CircuitOpen | undefined {
    if (this.trying !== undefined) {
      const { underway, succeeded } = this.trying;
      if (underway + succeeded >= this.halfOpenCalls) {
        return this.refused();
      }
      this.trying.underway += 1;
    } else if (this.openUntil !== undefined) {
      if (monotonic() < this.openUntil) {
        return this.refused();
      }
      this.openUntil = undefined;
      this.trying = { underway: 1, succeeded: 0 };
    }
    return undefined;
  }

  private refused(): CircuitOpen {
    return new CircuitOpen(`the circuit breaker of \`${this.name}\` is open`);
  }

  /** A call that was let through has ended. */
  ended(how: CallEnd): void {
    if (this.trying !== undefined) {
      this.tried(this.trying, how);
      return;
    }
    // Calls that began before it opened say nothing new, and successes count only where there is a rate.
    const isNews =
      how === "failed" ||
      (how === "succeeded" && this.settings.failureRate !== undefined);
    if (this.openUntil === undefined && isNews) {
      this.count(how === "failed");
      if (this.trips()) {
        this.open();
      }
    }
  }

  /** Throws where no call is let through. One that is must be told of with `succeeded` or `failed`. */
  enter(): void {
    if (this.trying !== undefined || this.openUntil !== undefined) {
      const refusal = this.refusal();
      if (refusal !== undefined) {
        throw refusal;
      }
    }
  }

  /** The call that was let through has succeeded. */
  succeeded(): void {
    if (this.trying !== undefined || this.settings.failureRate !== undefined) {
      this.ended("succeeded");
    }
  }

  /** The call that was let through has failed, or was cancelled. What it refused itself says nothing. */
  failed(error: unknown): void {
    if (!(error instanceof CircuitOpen)) {
      this.ended(error instanceof Control ? "abandoned" : "failed");
    }
  }

  /** Makes a call where it lets one through, and is told how it ends. */
  call<T>(_run: unknown, work: () => T | PromiseLike<T>): Promise<T> {
    let made: Promise<T>;
    try {
      this.enter();
      made = Promise.resolve(work());
    } catch (error) {
      this.failed(error);
      return Promise.reject(thrown(error));
    }
    // The call itself is given back: nobody waits for what is noted of it.
    made.then(
      () => {
        this.succeeded();
      },
      (error: unknown) => {
        this.failed(error);
      },
    );
    return made;
  }

  private tried(
    trying: { underway: number; succeeded: number },
    how: CallEnd,
  ): void {
    if (how === "failed") {
      this.open();
      return;
    }
    trying.underway = Math.max(0, trying.underway - 1);
    if (how === "succeeded") {
      trying.succeeded += 1;
      if (trying.succeeded >= this.halfOpenCalls) {
        this.trying = undefined;
        this.slices = [];
      }
    }
  }

  private open(): void {
    this.trying = undefined;
    this.slices = [];
    this.openUntil = monotonic() + this.settings.openFor;
  }

  private count(hasFailed: boolean): void {
    const number = Math.floor(
      (monotonic() * SLICES) / Math.max(this.settings.window, 1e-3),
    );
    let last = this.slices.at(-1);
    if (last?.number !== number) {
      last = { number, calls: 0, failures: 0 };
      this.slices = this.slices.filter(
        (slice) => slice.number + SLICES > number,
      );
      this.slices.push(last);
    }
    last.calls += 1;
    last.failures += hasFailed ? 1 : 0;
  }

  private trips(): boolean {
    let calls = 0;
    let failures = 0;
    for (const slice of this.slices) {
      calls += slice.calls;
      failures += slice.failures;
    }
    const { failureRate, minCalls = 10 } = this.settings;
    if (failureRate === undefined) {
      return failures >= Math.max(1, this.settings.failures ?? 5);
    }
    return calls >= minCalls && failures > 0 && failures / calls >= failureRate;
  }

  /** Whether it is as if it were new. */
  get isFresh(): boolean {
    return (
      this.openUntil === undefined &&
      this.trying === undefined &&
      this.slices.every((slice) => slice.failures === 0)
    );
  }
}

/** The breakers of a task, one for each value of a key. */
export class Breakers {
  private readonly name: string;
  private readonly settings: BreakerSettings;
  private readonly byKey = new Map<string, Breaker>();
  private sweepAt = KEPT;

  constructor(name: string, settings: BreakerSettings) {
    this.name = name;
    this.settings = settings;
  }

  /** The breaker of a key: its value as JSON. */
  of(key: unknown): Breaker {
    const text = JSON.stringify(key, (_, value: unknown) =>
      typeof value === "bigint" ? `${value.toString()}n` : value,
    );
    let found = this.byKey.get(text);
    if (found === undefined) {
      this.sweep();
      found = new Breaker(`${this.name} ${text}`, this.settings);
      this.byKey.set(text, found);
    }
    return found;
  }

  /** Keys may be without number: those that have nothing to remember are forgotten. */
  private sweep(): void {
    if (this.byKey.size < this.sweepAt) {
      return;
    }
    for (const [key, breaker] of this.byKey) {
      if (breaker.isFresh) {
        this.byKey.delete(key);
      }
    }
    this.sweepAt = Math.max(KEPT, 2 * this.byKey.size);
  }
}

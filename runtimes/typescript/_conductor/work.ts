/**
 * Work that has been started: whether it has ended and how, and waiting for that within bounds.
 *
 * It deliberately knows no journal; what an unknown outcome means is its callers' business.
 */

import type { Cancelled } from "./control.js";
import { added } from "./few.js";
import type { Scope } from "./scope.js";
import { after, type Stop } from "./timer.js";

/** How long the real end of a write is awaited after its time is over, in milliseconds. */
export const SETTLE_MS = 30_000;

export type End = "ended" | "over" | "cancelled";

/** Something that runs. Its failure is kept, and is no unhandled rejection. */
export class Work<T> {
  private state: "running" | "succeeded" | "failed" = "running";
  private value: T | undefined = undefined;
  private error: unknown = undefined;
  /** Those who wait; each is called once. */
  private waiting: ((() => void) | Waiting)[] = [];

  /** Starts it; what it throws before its first pause counts as its failure too. */
  static start<T>(work: () => T | PromiseLike<T>): Work<T> {
    return new Work<T>().begin(work);
  }

  /** Starts it. */
  begin(work: () => T | PromiseLike<T>): this {
    try {
      const given = work();
      if (isThenable(given)) {
        given.then(
          (value) => {
            this.succeed(value);
          },
          (error: unknown) => {
            this.fail(error);
          },
        );
      } else {
        this.succeed(given);
      }
    } catch (error) {
      this.fail(error);
    }
    return this;
  }

  /** It has ended with a value. */
  succeed(value: T): void {
    if (this.state === "running") {
      this.state = "succeeded";
      this.value = value;
      this.told();
    }
  }

  /** It has ended with an error. */
  fail(error: unknown): void {
    if (this.state === "running") {
      this.state = "failed";
      this.error = error;
      this.told();
    }
  }

  private told(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const one of waiting) {
      if (one instanceof Waiting) {
        one.finish("ended");
      } else {
        one();
      }
    }
  }

  get hasEnded(): boolean {
    return this.state !== "running";
  }

  get hasSucceeded(): boolean {
    return this.state === "succeeded";
  }

  /** Its error, where it has failed. */
  get failure(): unknown {
    return this.error;
  }

  /** Its value, or its error thrown. It must have ended. */
  result(): T {
    if (this.state === "failed") {
      throw this.error;
    }
    return this.value as T;
  }

  /** Calls `action` when it ends, at once where it has. */
  onEnd(action: () => void): () => void {
    if (this.hasEnded) {
      action();
      return () => undefined;
    }
    this.wait(action);
    return () => {
      this.forget(action);
    };
  }

  /** Waits for its end, for so many milliseconds at most, unless `scope` is cancelled before. Never throws. */
  ended(milliseconds?: number, scope?: Scope): Promise<End> {
    if (this.hasEnded) {
      return Promise.resolve("ended");
    }
    return new Promise((resolve) => {
      this.tellEnd(resolve, milliseconds, scope);
    });
  }

  /** Tells what [`ended`] would give, in the moment in which it is so. */
  tellEnd(
    tell: (end: End) => void,
    milliseconds: number | undefined,
    scope: Scope | undefined,
  ): void {
    if (this.hasEnded) {
      tell("ended");
      return;
    }
    const waiting = new Waiting(this, scope, tell);
    this.wait(waiting);
    waiting.begin(milliseconds);
  }

  private wait(one: (() => void) | Waiting): void {
    this.waiting = added(this.waiting, one);
  }

  /** Tells it no more. */
  forget(one: (() => void) | Waiting): void {
    const at = this.waiting.indexOf(one);
    if (at >= 0) {
      this.waiting.splice(at, 1);
    }
  }
}

/** Who waits for an end, a cancellation or the end of a time, whichever comes first. */
class Waiting {
  private readonly work: Work<unknown>;
  private readonly scope: Scope | undefined;
  private resolve: ((end: End) => void) | undefined;
  private stop: Stop | undefined = undefined;

  constructor(
    work: Work<unknown>,
    scope: Scope | undefined,
    resolve: (end: End) => void,
  ) {
    this.work = work;
    this.scope = scope;
    this.resolve = resolve;
  }

  begin(milliseconds: number | undefined): void {
    if (this.scope?.reason !== undefined) {
      this.finish("cancelled");
      return;
    }
    this.scope?.add(this);
    if (milliseconds !== undefined) {
      this.stop = after(milliseconds, () => {
        this.finish("over");
      });
    }
  }

  cancel(): void {
    this.finish("cancelled");
  }

  finish(end: End): void {
    const { resolve } = this;
    if (resolve !== undefined) {
      this.resolve = undefined;
      this.work.forget(this);
      this.scope?.remove(this);
      this.stop?.();
      resolve(end);
    }
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

/** Waits for every one of `works`, within the bound. */
export async function allEnded(works: Iterable<Work<unknown>>): Promise<void> {
  await Promise.all([...works].map((work) => work.ended(SETTLE_MS)));
}

/** Whether the error is what code throws that was told to stop: the signal's reason, or what is made of it. */
export function isInterruption(error: unknown, reason: Cancelled): boolean {
  for (let cause = error, depth = 0; depth < 8; depth += 1) {
    if (cause === reason) {
      return true;
    }
    if (!(cause instanceof Error)) {
      return false;
    }
    if (cause.name === "AbortError") {
      return true;
    }
    cause = cause.cause;
  }
  return false;
}

/**
 * Work that has been started: whether it has ended and how, and waiting for that within bounds.
 *
 * It deliberately knows no journal; what an unknown outcome means is its callers' business.
 */
import type { Cancelled } from "./control.js";
import type { Scope } from "./scope.js";
/** How long the real end of a write is awaited after its time is over, in milliseconds. */
export declare const SETTLE_MS = 30000;
export type End = "ended" | "over" | "cancelled";
/** Something that runs. Its failure is kept, and is no unhandled rejection. */
export declare class Work<T> {
  private state;
  private value;
  private error;
  /** Those who wait; each is called once. */
  private waiting;
  /** Starts it; what it throws before its first pause counts as its failure too. */
  static start<T>(work: () => T | PromiseLike<T>): Work<T>;
  /** Starts it. */
  begin(work: () => T | PromiseLike<T>): this;
  /** It has ended with a value. */
  succeed(value: T): void;
  /** It has ended with an error. */
  fail(error: unknown): void;
  private told;
  get hasEnded(): boolean;
  get hasSucceeded(): boolean;
  /** Its error, where it has failed. */
  get failure(): unknown;
  /** Its value, or its error thrown. It must have ended. */
  result(): T;
  /** Calls `action` when it ends, at once where it has. */
  onEnd(action: () => void): () => void;
  /** Waits for its end, for so many milliseconds at most, unless `scope` is cancelled before. Never throws. */
  ended(milliseconds?: number, scope?: Scope): Promise<End>;
  /** Tells what [`ended`] would give, in the moment in which it is so. */
  tellEnd(
    tell: (end: End) => void,
    milliseconds: number | undefined,
    scope: Scope | undefined,
  ): void;
  private wait;
  /** Tells it no more. */
  forget(one: (() => void) | Waiting): void;
}
/** Who waits for an end, a cancellation or the end of a time, whichever comes first. */
declare class Waiting {
  private readonly work;
  private readonly scope;
  private resolve;
  private stop;
  constructor(
    work: Work<unknown>,
    scope: Scope | undefined,
    resolve: (end: End) => void,
  );
  begin(milliseconds: number | undefined): void;
  cancel(): void;
  finish(end: End): void;
}
/** Waits for every one of `works`, within the bound. */
export declare function allEnded(works: Iterable<Work<unknown>>): Promise<void>;
/** Whether the error is what code throws that was told to stop: the signal's reason, or what is made of it. */
export declare function isInterruption(
  error: unknown,
  reason: Cancelled,
): boolean;
export {};

/**
 * What a step is: its effect, its limits, and what it takes.
 *
 * It deliberately knows not how the step is executed.
 */
import type { Breaker } from "./breaker.js";
import type { CacheEntry } from "./cache.js";
import type { LivePolicy } from "./livePolicy.js";
import type { Taker } from "./permits.js";
export type Effect = "none" | "read" | "write";
export type InDoubt = "retry" | "fail" | "pause";
export type UndoArguments = Record<string, unknown>;
export interface StepOptions {
  readonly task?: string | undefined;
  readonly effect: Effect;
  readonly idempotent?: boolean | undefined;
  readonly inDoubt?: InDoubt | undefined;
  readonly barrier?: boolean | undefined;
  readonly critical?: boolean | undefined;
  /** Of one attempt, in milliseconds. */
  readonly timeout?: number | undefined;
  /** Where people may change the time of an attempt while it is tried again. */
  readonly policy?: LivePolicy | undefined;
  /** Of all attempts, in milliseconds. */
  readonly deadline?: number | undefined;
  readonly uses?: readonly Taker[] | undefined;
  readonly fallback?: boolean | undefined;
  readonly breaker?: Breaker | undefined;
  readonly cache?: CacheEntry | undefined;
  /** The arguments of what undoes the step, where its result is not known: null. */
  readonly undo?: (() => UndoArguments) | undefined;
}
/** The time of an attempt that begins now, in milliseconds. */
export declare function timeoutOf(options: StepOptions): number | undefined;
/** What `make` gives; where an argument has no value, the reason, which is told when the step is to be undone. */
export declare function undoArguments(make: () => UndoArguments): UndoArguments;

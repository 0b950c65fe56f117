/**
 * The call of one attempt: its time limit, its cancellation, and what an outcome means that nobody knows.
 *
 * It deliberately knows not whether another attempt follows.
 */
import { Cancelled } from "./control.js";
import { TimeoutError } from "./errors.js";
import type { Taken } from "./permits.js";
import type { Step } from "./step.js";
export interface Attempt {
  readonly step: Step;
  readonly taken: Taken;
  /** The block was cancelled, but the call ran to its real end: that is recorded first. */
  readonly cancelled: (reason: Cancelled) => void;
}
/** The error of an attempt that took too long. */
export declare function overTime(milliseconds: number): TimeoutError;
export declare function isOverTime(error: unknown): boolean;
/** Makes the call, and waits for what it comes to. */
export declare function perform<T>(
  attempt: Attempt,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  listens: boolean,
  isRemote?: boolean,
): Promise<T>;

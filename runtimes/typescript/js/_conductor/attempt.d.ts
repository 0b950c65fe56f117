/**
 * The call of one attempt: its time limit, its cancellation, and what an outcome means that nobody knows.
 *
 * It deliberately knows not whether another attempt follows.
 */
import { TimeoutError } from "./errors.js";
import type { Step } from "./step.js";
/** The error of an attempt that took too long. */
export declare function overTime(milliseconds: number): TimeoutError;
export declare function isOverTime(error: unknown): boolean;
/** Makes the call of an attempt, and waits for what it comes to. */
export declare function perform<T>(
  step: Step,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  listens: boolean,
  isRemote: boolean,
): Promise<T>;

/**
 * A hedge: further calls beside one that takes long; the first success counts.
 *
 * It deliberately knows not whether a call may happen twice: the checker allows a hedge only there.
 */
import { type Taker } from "./permits.js";
import type { Run } from "./run.js";
import type { Session } from "./session.js";
import type { StepOptions } from "./stepOptions.js";
import { Work } from "./work.js";
export interface Hedge {
  /** Milliseconds after which one more call is made, while none has ended. */
  readonly after: number;
  /** So many more at most. */
  readonly max: number;
}
export interface HedgeContext {
  /** Aborted when all calls are to stop. */
  readonly signal: AbortSignal;
  readonly session?: Session | undefined;
  /** What each further call takes for itself. */
  readonly perCall?: readonly Taker[] | undefined;
  /** Waits for calls that lost, before the run ends. */
  readonly unsettled?:
    | {
        outwait(work: Work<unknown>): void;
      }
    | undefined;
}
/** The first success of the calls; the last failure where all fail. */
export declare function hedged<T>(
  hedge: Hedge,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  context: HedgeContext,
): Promise<T>;
/** The calls of a hedge of a durable step. */
export declare function stepCalls<T>(
  run: Run,
  { uses, effect }: StepOptions,
  hedge: Hedge,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
): (signal: AbortSignal) => Promise<T>;

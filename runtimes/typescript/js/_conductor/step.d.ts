/**
 * One step of a durable run: its attempts, each between its entries in the journal.
 *
 * It deliberately decides neither whether to try again nor how long to wait: that stands in the generated loop.
 */
import { Cancelled, Halt } from "./control.js";
import { DeadlineExceeded } from "./errors.js";
import { type Hedge } from "./hedge.js";
import type { Past } from "./history.js";
import type { Json } from "./json.js";
import { type Taken } from "./permits.js";
import type { Run } from "./run.js";
import {
  type InDoubt,
  type StepOptions,
  type UndoArguments,
} from "./stepOptions.js";
/** A step that is being executed, or was in an earlier life of the run. */
export declare class Step {
  readonly key: string;
  readonly run: Run;
  readonly options: StepOptions;
  readonly past: Past;
  private readonly id;
  /** The permits of the attempt. */
  taken: Taken | undefined;
  private hasFallback;
  private failure;
  /** Why no call is made: the breaker is open. */
  private refusal;
  private asked;
  /** The block was cancelled while the call ran to its real end, which is recorded first. */
  cancelled: Cancelled | undefined;
  constructor(run: Run, id: string, options: StepOptions);
  get isWrite(): boolean;
  get mayRepeat(): boolean;
  get inDoubt(): InDoubt;
  get task(): string;
  /** The same at every attempt, here and after a crash. */
  get idempotencyKey(): string;
  /** Of the attempt. */
  get traceparent(): string;
  /** Attempts that failed before this one, in whatever process. */
  get failures(): number;
  /** Whether all attempts have failed, in whatever process, and the fallback is still to be asked. */
  get isExhausted(): boolean;
  /** The result as JSON; null where the failure is tolerated. */
  get output(): Json;
  /** Throws what a recorded failure was, or that the step was cancelled. */
  raiseFailure(): void;
  /** The value of an argument that may have none: the step fails then, and no attempt is begun. */
  evaluate<T>(expression: () => T): T;
  /** Begins an attempt where one is needed: waits out the backoff, for permits, for the disk before a write. */
  nextAttempt(): boolean | Promise<boolean>;
  /** One function does all that may wait: what each more would cost is a good part of a step. */
  private begin;
  private takeCached;
  private giveUp;
  /** The last attempt has no outcome, and this process did not make it. Only a write's matters. */
  private cutOffByACrash;
  private backOff;
  /** An open breaker is asked before anything is waited for; the generated code is told by the call. */
  private isRefused;
  /** Waiting counts against the deadline, not against the time of the attempt. */
  private takePermits;
  /** Milliseconds until the deadline, which begins with the first attempt. */
  left(): number | undefined;
  overDeadline(): DeadlineExceeded;
  /** The result of the attempt's call. A function that takes the signal is told by it to stop. */
  call<T>(work: (signal: AbortSignal) => T | PromiseLike<T>): Promise<T>;
  /** The first result of several calls: one more for each `after` in which none has ended. */
  hedge<T>(
    hedge: Hedge,
    work: (signal: AbortSignal) => PromiseLike<T>,
  ): Promise<T>;
  /** The result of a task that another process serves, as JSON. */
  invoke(
    name: string,
    signature: string,
    args: Record<string, unknown>,
  ): Promise<unknown>;
  private perform;
  /** The call is over, whatever it came to. */
  callEnded(
    call:
      | {
          readonly error: unknown;
        }
      | undefined,
  ): void;
  private over;
  /** Throws the cancellation on, after it is recorded where the workflow itself cancels. */
  stoppedBy(reason: Cancelled): never;
  /** A person must say what became of the write. */
  paused(error: unknown): Halt;
  private undoOfUnknown;
  private undoArguments;
  /** The arguments of what undoes the step. Why they have no value is told when they are needed. */
  undo(make: () => UndoArguments): UndoArguments;
  /** Records the result, and the arguments of what undoes it. */
  succeed(output: unknown, undo?: UndoArguments): void;
  private record;
  /** What is recorded is recorded; but a block that was cancelled meanwhile does not go on. */
  private goOnCancelling;
  /** Records a failure that another attempt follows, in so many milliseconds. */
  retry(error: unknown, delay: number): void;
  /** Records a failure that no attempt follows, but the fallback. */
  exhaust(error: unknown): void;
  /** Takes the result of another task as JSON, or its failure, for the step's own. */
  fallBack(other: () => Promise<unknown>): Promise<void>;
  /** Records the step's failure, which is to be thrown. What is no failure is given back as it is. */
  failed(error: unknown): Error;
  /** Records the failure of a step that is not critical. */
  tolerate(error: unknown): void;
  private recordFailure;
}

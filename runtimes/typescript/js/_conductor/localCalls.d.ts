/**
 * Attempts of workflows that keep no journal: time limits, and writes whose real end is awaited.
 *
 * It deliberately records nothing, and makes a signal only for functions that take one.
 */
import type { Branch } from "./block.js";
import type { Json } from "./json.js";
import type { LocalRun } from "./local.js";
import { Scope } from "./scope.js";
/** The result of an attempt, unless its time is over or it is cancelled before. */
export declare function within<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  scope: Scope | undefined,
): Promise<T>;
export interface SettleOptions<T> {
  readonly timeout?: number | undefined;
  readonly inDoubt?: "retry" | "fail" | "pause" | undefined;
  /** Whether it may happen twice, so that it is not awaited for ever. */
  readonly mayRepeat?: boolean | undefined;
  /** Is told of a success that came after a cancellation. */
  readonly late?: ((result: T) => void) | undefined;
}
/** The result of a started write, of which nothing more may be tried while it still runs. */
export declare function settled<T>(
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  options: SettleOptions<T>,
  scope: Scope,
): Promise<T>;
export interface InvokeOptions {
  readonly timeout?: number | undefined;
  readonly attempt?: number;
}
/** The result of a task that another process serves, as JSON. */
export declare function invoked(
  run: LocalRun,
  task: {
    readonly name: string;
    readonly signature: string;
    readonly args: Record<string, unknown>;
  },
  id: string,
  { timeout, attempt }: InvokeOptions,
): Promise<unknown>;
/** Lets time pass. */
export declare function plainPause(milliseconds: number): Promise<void>;
/** Starts a branch; what it throws before its first pause is its failure. */
export declare function begun(
  branch: Branch<LocalRun> | undefined,
  run: LocalRun,
): unknown;
/** The output of a workflow that runs as a step; null where its failure is tolerated. */
export declare function childOf(
  run: LocalRun,
  id: string,
  call: () => Promise<Json>,
  critical: boolean | undefined,
): Promise<Json>;
/** Calls a function of a step that can ask for its step. */
export declare function calling<T>(
  run: LocalRun,
  step: {
    readonly id: string;
    readonly task: string;
    readonly attempt: number;
  },
  work: () => T,
): T;

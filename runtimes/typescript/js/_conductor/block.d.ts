/**
 * Blocks of steps, as generated code calls them: the same in workflows that keep a journal and in those that do not.
 *
 * It deliberately knows no journal: its children say what is recorded of a block, and what a step's own waits are.
 */
import { Returned } from "./control.js";
import { StepFailed, type Described } from "./errors.js";
import { Graph } from "./graph.js";
import type { Scope } from "./scope.js";
export type Branch<R, T = unknown> = (run: R) => T | PromiseLike<T>;
/** Takes what a step has come to inside of a block which may fail after it. */
export type Keep<T> = (value: T) => void;
export interface Width {
  readonly maxConcurrency?: number | undefined;
}
export interface ParallelOptions extends Width {
  readonly onFailure?: "cancel" | "wait" | undefined;
}
/** What a block's decision is recorded in, where there is a journal. */
export interface Decision {
  readonly recorded: number | undefined;
  readonly choose: ((index: number) => void) | undefined;
}
/** Where there is no journal nothing is recorded. */
export declare const NO_DECISION: Decision;
/** What generated code runs its steps in. `R` is the class itself. */
export declare abstract class Block<R extends Block<R>> {
  /** Before every key: `each_item[3].`. */
  readonly prefix: string;
  /** The id of the branch of a race that it runs, and whether that one can win. */
  protected readonly branch: string | undefined;
  private winsNothing;
  constructor(prefix?: string, branch?: string);
  /** What is cancelled together with it. */
  abstract get scope(): Scope;
  /** The run inside of a block. */
  protected abstract derived(scope: Scope, prefix: string, branch?: string): R;
  /** The run itself, with its own type. */
  protected abstract get self(): R;
  /** What is recorded of a block's decision. */
  protected abstract decision(
    id: string,
    names: (index: number) => string,
    count: number,
  ): Decision;
  /** Aborted when the block is cancelled. */
  get signal(): AbortSignal;
  /** The failure that an error is; what is none of a step's is the block's own. */
  protected failureOf(error: unknown): StepFailed;
  /** The full key of a step. */
  path(id: string): string;
  /** A step that is skipped or tolerated wins no race. */
  lose(id: string): void;
  /** A step whose `when` does not hold. */
  skip(id: string): void;
  /** A step or a block that is not critical has failed. */
  tolerate(id: string, error: unknown): void;
  /** All branches at once; their results by name. */
  parallel<B extends Record<string, Branch<R>>>(
    id: string,
    branches: B,
    options?: ParallelOptions,
  ): Promise<{
    [K in keyof B]: Awaited<ReturnType<B[K]>>;
  }>;
  /** The result of the first branch that succeeds; the others are cancelled. */
  race<B extends Record<string, Branch<R>>>(
    id: string,
    branches: B,
  ): Promise<Awaited<ReturnType<B[keyof B]>> | null>;
  /** Steps of which each begins as soon as those it needs have ended. */
  graph(id: string): Graph<R>;
  /** The steps once for each item; results stand in the order of the items. */
  map<I, T>(
    id: string,
    items: readonly I[],
    each: (run: R, item: I, index: number) => T | PromiseLike<T>,
    options?: Width,
  ): Promise<T[]>;
  /** The run of one iteration of a loop. */
  iteration(id: string, index: number): R;
  /** The failure of a loop that has reached its bound. */
  exhausted(id: string, iterations: number): StepFailed;
  /** The failure of a step `fail`. */
  fail(id: string, type: string, message: string): StepFailed;
  /** What is thrown behind a step that only fails or returns. */
  unreachable(): Error;
  /** The end of the run with success, to be thrown. */
  returned(output: unknown): Returned;
  /** The value of an expression that may have none; without one the step fails. */
  evaluate<T>(id: string, expression: () => T): T;
  /** What a `catch` sees of the error; null where no pattern matches it, and for what is no failure. */
  caught(error: unknown, patterns?: readonly string[]): Described | null;
  /** Runs `cleanup` whatever `work` comes to, but a pause; neither cancellation nor deadlines reach it. */
  ensure<T>(
    _id: string,
    work: (run: R) => T | PromiseLike<T>,
    cleanup: (run: R) => unknown,
  ): Promise<T>;
  /** Runs `work` in a scope that `expire` cancels when the time is over. */
  protected limited<T>(
    key: string | undefined,
    milliseconds: number,
    left: number,
    hasExpired: boolean,
    expire: () => void,
    work: (run: R) => T | PromiseLike<T>,
  ): Promise<T>;
}
export declare function notDoneWithin(milliseconds: number): string;
/** The failure that an error is; what is none of a step's is the block's own. */
export declare function asFailure(error: unknown): StepFailed;
/** Says that a failure is tolerated. */
export declare function logTolerated(key: string, error: unknown): void;

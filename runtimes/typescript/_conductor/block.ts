/**
 * Blocks of steps, as generated code calls them: the same in workflows that keep a journal and in those that do not.
 *
 * It deliberately knows no journal: its children say what is recorded of a block, and what a step's own waits are.
 */

import { allOf, runBranches, winnerOf, type Plan } from "./branches.js";
import {
  Cancelled,
  Control,
  decided,
  Halt,
  passControl,
  Returned,
} from "./control.js";
import {
  DeadlineExceeded,
  ExpressionError,
  Failure,
  LoopExhausted,
  StepFailed,
  textOf,
  type Described,
} from "./errors.js";
import { Graph } from "./graph.js";
import { logger } from "./log.js";
import { errorCode, matches, typeNames } from "./policy.js";
import type { Scope } from "./scope.js";
import { after as startTimer } from "./timer.js";

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
export const NO_DECISION: Decision = { recorded: undefined, choose: undefined };

/** What generated code runs its steps in. `R` is the class itself. */
export abstract class Block<R extends Block<R>> {
  /** Before every key: `each_item[3].`. */
  declare readonly prefix: string;
  /** The id of the branch of a race that it runs, and whether that one can win. */
  declare protected readonly branch: string | undefined;
  declare private winsNothing: boolean;

  static {
    // What most runs never set stands here once, so that one costs next to nothing to make.
    Object.assign(this.prototype, {
      prefix: "",
      branch: undefined,
      winsNothing: false,
    });
  }

  constructor(prefix?: string, branch?: string) {
    if (prefix !== undefined) {
      this.prefix = prefix;
      this.branch = branch;
    }
  }

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
  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** The failure that an error is; what is none of a step's is the block's own. */
  protected failureOf(error: unknown): StepFailed {
    return asFailure(error);
  }

  /** The full key of a step. */
  path(id: string): string {
    return this.prefix === "" ? id : `${this.prefix}${id}`;
  }

  /** A step that is skipped or tolerated wins no race. */
  lose(id: string): void {
    if (id === this.branch) {
      this.winsNothing = true;
    }
  }

  /** A step whose `when` does not hold. */
  skip(id: string): void {
    this.lose(id);
  }

  /** A step or a block that is not critical has failed. */
  tolerate(id: string, error: unknown): void {
    passControl(error);
    this.lose(id);
    logTolerated(this.path(id), asFailure(error).error);
  }

  /** All branches at once; their results by name. */
  async parallel<B extends Record<string, Branch<R>>>(
    id: string,
    branches: B,
    options: ParallelOptions = {},
  ): Promise<{ [K in keyof B]: Awaited<ReturnType<B[K]>> }> {
    const names = Object.keys(branches);
    const inner = this.scope.inner();
    const run = this.derived(inner, this.prefix);
    const ended = await runBranches(this.scope, inner, {
      count: names.length,
      start: (index, decides) =>
        branches[names[index] ?? ""]?.(decides ? this.self : run),
      width: options.maxConcurrency,
      onFailure: options.onFailure,
      ...this.decision(id, (index) => names[index] ?? "", names.length),
    });
    const values = allOf(ended);
    const pairs = names.map((name, index) => [name, values[index]] as const);
    return Object.fromEntries(pairs) as {
      [K in keyof B]: Awaited<ReturnType<B[K]>>;
    };
  }

  /** The result of the first branch that succeeds; the others are cancelled. */
  async race<B extends Record<string, Branch<R>>>(
    id: string,
    branches: B,
  ): Promise<Awaited<ReturnType<B[keyof B]>> | null> {
    const names = Object.keys(branches);
    const inner = this.scope.inner();
    const runs: R[] = [];
    const ended = await runBranches(this.scope, inner, {
      count: names.length,
      isRace: true,
      start: (index, decides) => {
        const name = names[index] ?? "";
        const scope = decides ? this.scope : inner;
        const run = this.derived(scope, this.prefix, name);
        runs[index] = run;
        return branches[name]?.(run);
      },
      wins: (index) => !(runs[index]?.winsNothing ?? false),
      ...this.decision(id, (index) => names[index] ?? "", names.length),
    });
    return winnerOf(ended) as Awaited<ReturnType<B[keyof B]>> | null;
  }

  /** Steps of which each begins as soon as those it needs have ended. */
  graph(id: string): Graph<R> {
    return new Graph(async (names, needs, start) => {
      const inner = this.scope.inner();
      const run = this.derived(inner, this.prefix);
      const plan: Plan = {
        count: names.length,
        needs,
        start: (index, decides) => start(index, decides ? this.self : run),
        ...this.decision(id, (index) => names[index] ?? "", names.length),
      };
      allOf(await runBranches(this.scope, inner, plan));
    });
  }

  /** The steps once for each item; results stand in the order of the items. */
  async map<I, T>(
    id: string,
    items: readonly I[],
    each: (run: R, item: I, index: number) => T | PromiseLike<T>,
    options: Width = {},
  ): Promise<T[]> {
    const inner = this.scope.inner();
    const ended = await runBranches(this.scope, inner, {
      count: items.length,
      start: (index, decides) => {
        const scope = decides ? this.scope : inner;
        const prefix = `${this.path(id)}[${String(index)}].`;
        return each(this.derived(scope, prefix), items[index] as I, index);
      },
      width: options.maxConcurrency,
      ...this.decision(id, String, items.length),
    });
    return allOf(ended) as T[];
  }

  /** The run of one iteration of a loop. */
  iteration(id: string, index: number): R {
    const prefix = `${this.path(id)}[${String(index)}].`;
    return this.derived(this.scope, prefix);
  }

  /** The failure of a loop that has reached its bound. */
  exhausted(id: string, iterations: number): StepFailed {
    const message = `not done after ${String(iterations)} iterations`;
    return new StepFailed(this.path(id), 0, new LoopExhausted(message));
  }

  /** The failure of a step `fail`. */
  fail(id: string, type: string, message: string): StepFailed {
    return new StepFailed(this.path(id), 0, new Failure(type, message));
  }

  /** What is thrown behind a step that only fails or returns. */
  unreachable(): Error {
    return new Error(
      "what stands behind a step that never completes was reached",
    );
  }

  /** The end of the run with success, to be thrown. */
  returned(output: unknown): Returned {
    return new Returned(output);
  }

  /** The value of an expression that may have none; without one the step fails. */
  evaluate<T>(id: string, expression: () => T): T {
    try {
      return expression();
    } catch (error) {
      if (error instanceof ExpressionError) {
        throw new StepFailed(this.path(id), 0, error);
      }
      throw error;
    }
  }

  /** What a `catch` sees of the error; null where no pattern matches it, and for what is no failure. */
  caught(error: unknown, patterns: readonly string[] = []): Described | null {
    if (error instanceof Control) {
      return null;
    }
    const failure = this.failureOf(error);
    if (patterns.length > 0 && !matches(failure.error, patterns)) {
      return null;
    }
    const status = Number(errorCode(failure.error) ?? "");
    const type = typeNames(failure.error)[0] ?? "";
    return {
      type: type.slice(type.lastIndexOf(".") + 1),
      message: textOf(failure.error),
      step: failure.step ?? "",
      attempts: failure.attempts,
      // A code that is no whole number is no status.
      status: status > 0 && Number.isSafeInteger(status) ? status : null,
    };
  }

  /** Runs `cleanup` whatever `work` comes to, but a pause; neither cancellation nor deadlines reach it. */
  async ensure<T>(
    _id: string,
    work: (run: R) => T | PromiseLike<T>,
    cleanup: (run: R) => unknown,
  ): Promise<T> {
    let result: T | undefined;
    let failure: unknown;
    let hasFailed = false;
    try {
      result = await work(this.self);
    } catch (error) {
      hasFailed = true;
      failure = error;
    }
    if (failure instanceof Halt) {
      throw failure;
    }
    const cancelled = failure instanceof Cancelled ? failure : undefined;
    if (cancelled?.decided === false) {
      throw cancelled;
    }
    try {
      await cleanup(this.derived(this.scope.shielded(), this.prefix));
    } catch (error) {
      // The run is being cancelled; what the clean-up met stands in the record of its own steps.
      if (cancelled === undefined || error instanceof Halt) {
        throw error;
      }
    }
    if (hasFailed) {
      throw failure;
    }
    return result as T;
  }

  /** Runs `work` in a scope that `expire` cancels when the time is over. */
  protected async limited<T>(
    key: string | undefined,
    milliseconds: number,
    left: number,
    hasExpired: boolean,
    expire: () => void,
    work: (run: R) => T | PromiseLike<T>,
  ): Promise<T> {
    const inner = this.scope.inner();
    inner.limit(left);
    let isOver = hasExpired;
    const end = () => {
      isOver = true;
      inner.cancel(decided());
    };
    if (isOver) {
      end();
    }
    const stop = isOver
      ? undefined
      : startTimer(left, () => {
          expire();
          end();
        });
    try {
      const result = await work(this.derived(inner, this.prefix));
      if (!isOver) {
        return result;
      }
    } catch (error) {
      if (!isOver || error instanceof Halt) {
        throw error;
      }
    } finally {
      stop?.();
      inner.end();
    }
    this.scope.check();
    const over = new DeadlineExceeded(notDoneWithin(milliseconds));
    throw new StepFailed(key, 0, over);
  }
}

export function notDoneWithin(milliseconds: number): string {
  return `not done within ${String(milliseconds)} ms`;
}

/** The failure that an error is; what is none of a step's is the block's own. */
export function asFailure(error: unknown): StepFailed {
  return error instanceof StepFailed
    ? error
    : new StepFailed(undefined, 0, error);
}

/** Says that a failure is tolerated. */
export function logTolerated(key: string, error: unknown): void {
  logger().warn(`step ${key} failed and is not critical`, error);
}

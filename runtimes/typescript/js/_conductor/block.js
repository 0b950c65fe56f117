/**
 * Blocks of steps, as generated code calls them: the same in workflows that keep a journal and in those that do not.
 *
 * It deliberately knows no journal: its children say what is recorded of a block, and what a step's own waits are.
 */
import { allOf, runBranches, winnerOf } from "./branches.js";
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
} from "./errors.js";
import { Graph } from "./graph.js";
import { logger } from "./log.js";
import { errorCode, matches, typeNames } from "./policy.js";
import { after as startTimer } from "./timer.js";
/** Where there is no journal nothing is recorded. */
export const NO_DECISION = { recorded: undefined, choose: undefined };
/** What generated code runs its steps in. `R` is the class itself. */
export class Block {
  static {
    // What most runs never set stands here once, so that one costs next to nothing to make.
    Object.assign(this.prototype, {
      prefix: "",
      branch: undefined,
      winsNothing: false,
    });
  }
  constructor(prefix, branch) {
    if (prefix !== undefined) {
      this.prefix = prefix;
      this.branch = branch;
    }
  }
  /** Aborted when the block is cancelled. */
  get signal() {
    return this.scope.signal;
  }
  /** The failure that an error is; what is none of a step's is the block's own. */
  failureOf(error) {
    return asFailure(error);
  }
  /** The full key of a step. */
  path(id) {
    return this.prefix === "" ? id : `${this.prefix}${id}`;
  }
  /** A step that is skipped or tolerated wins no race. */
  lose(id) {
    if (id === this.branch) {
      this.winsNothing = true;
    }
  }
  /** A step whose `when` does not hold. */
  skip(id) {
    this.lose(id);
  }
  /** A step or a block that is not critical has failed. */
  tolerate(id, error) {
    passControl(error);
    this.lose(id);
    logTolerated(this.path(id), asFailure(error).error);
  }
  /** All branches at once; their results by name. */
  async parallel(id, branches, options = {}) {
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
    const pairs = names.map((name, index) => [name, values[index]]);
    return Object.fromEntries(pairs);
  }
  /** The result of the first branch that succeeds; the others are cancelled. */
  async race(id, branches) {
    const names = Object.keys(branches);
    const inner = this.scope.inner();
    const runs = [];
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
    return winnerOf(ended);
  }
  /** Steps of which each begins as soon as those it needs have ended. */
  graph(id) {
    return new Graph(async (names, needs, start) => {
      const inner = this.scope.inner();
      const run = this.derived(inner, this.prefix);
      const plan = {
        count: names.length,
        needs,
        start: (index, decides) => start(index, decides ? this.self : run),
        ...this.decision(id, (index) => names[index] ?? "", names.length),
      };
      allOf(await runBranches(this.scope, inner, plan));
    });
  }
  /** The steps once for each item; results stand in the order of the items. */
  async map(id, items, each, options = {}) {
    const inner = this.scope.inner();
    const ended = await runBranches(this.scope, inner, {
      count: items.length,
      start: (index, decides) => {
        const scope = decides ? this.scope : inner;
        const prefix = `${this.path(id)}[${String(index)}].`;
        return each(this.derived(scope, prefix), items[index], index);
      },
      width: options.maxConcurrency,
      ...this.decision(id, String, items.length),
    });
    return allOf(ended);
  }
  /** The run of one iteration of a loop. */
  iteration(id, index) {
    const prefix = `${this.path(id)}[${String(index)}].`;
    return this.derived(this.scope, prefix);
  }
  /** The failure of a loop that has reached its bound. */
  exhausted(id, iterations) {
    const message = `not done after ${String(iterations)} iterations`;
    return new StepFailed(this.path(id), 0, new LoopExhausted(message));
  }
  /** The failure of a step `fail`. */
  fail(id, type, message) {
    return new StepFailed(this.path(id), 0, new Failure(type, message));
  }
  /** What is thrown behind a step that only fails or returns. */
  unreachable() {
    return new Error(
      "what stands behind a step that never completes was reached",
    );
  }
  /** The end of the run with success, to be thrown. */
  returned(output) {
    return new Returned(output);
  }
  /** The value of an expression that may have none; without one the step fails. */
  evaluate(id, expression) {
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
  caught(error, patterns = []) {
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
  async ensure(_id, work, cleanup) {
    let result;
    let failure;
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
    return result;
  }
  /** Runs `work` in a scope that `expire` cancels when the time is over. */
  async limited(key, milliseconds, left, hasExpired, expire, work) {
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
export function notDoneWithin(milliseconds) {
  return `not done within ${String(milliseconds)} ms`;
}
/** The failure that an error is; what is none of a step's is the block's own. */
export function asFailure(error) {
  return error instanceof StepFailed
    ? error
    : new StepFailed(undefined, 0, error);
}
/** Says that a failure is tolerated. */
export function logTolerated(key, error) {
  logger().warn(`step ${key} failed and is not critical`, error);
}

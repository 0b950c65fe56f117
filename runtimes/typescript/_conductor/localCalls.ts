/**
 * Attempts of workflows that keep no journal: time limits, and writes whose real end is awaited.
 *
 * It deliberately records nothing, and makes a signal only for functions that take one.
 */

import { overTime } from "./attempt.js";
import type { Branch } from "./block.js";
import { Cancelled, passControl } from "./control.js";
import { OutcomeUnknown, StepFailed, thrown } from "./errors.js";
import { inStep } from "./current.js";
import { causeOf } from "./form.js";
import { invokeOnce } from "./invoke.js";
import type { Json } from "./json.js";
import { limit } from "./limits.js";
import type { LocalRun } from "./local.js";
import { callerTrace } from "./remote.js";
import { Scope } from "./scope.js";
import { sessionFor } from "./sessions.js";
import { after } from "./timer.js";
import { isInterruption, SETTLE_MS, Work } from "./work.js";

/** The result of an attempt, unless its time is over or it is cancelled before. */
export function within<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  scope: Scope | undefined,
): Promise<T> {
  if (scope === undefined && work.length === 0) {
    return withinTime(milliseconds, work);
  }
  if (scope?.reason !== undefined) {
    return Promise.reject(scope.reason);
  }
  return new Promise((resolve, reject) => {
    const controller = work.length > 0 ? new AbortController() : undefined;
    const give = (error: Error) => {
      end();
      controller?.abort(error);
      reject(error);
    };
    const unlisten = scope?.onCancel(give);
    const limited = limit(milliseconds, () => {
      give(overTime(milliseconds));
    });
    const end = () => {
      limited.end();
      unlisten?.();
    };
    begin(work, controller).then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(thrown(error));
      },
    );
  });
}

/** Where neither a signal nor a cancellation has to be minded. */
function withinTime<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
): Promise<T> {
  let given: T | PromiseLike<T>;
  try {
    given = work(NEVER);
  } catch (error) {
    return Promise.reject(thrown(error));
  }
  // Of a promise it makes none.
  const promise = Promise.resolve(given);
  return new Promise((resolve, reject) => {
    const limited = limit(milliseconds, () => {
      reject(overTime(milliseconds));
    });
    promise.then(
      (value) => {
        limited.end();
        resolve(value);
      },
      (error: unknown) => {
        limited.end();
        reject(thrown(error));
      },
    );
  });
}

const NEVER = new AbortController().signal;

function begin<T>(
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  controller: AbortController | undefined,
): PromiseLike<T> {
  try {
    const given = work(controller?.signal ?? NEVER);
    return given instanceof Promise ? given : Promise.resolve(given);
  } catch (error) {
    return Promise.reject(thrown(error));
  }
}

export interface SettleOptions<T> {
  readonly timeout?: number | undefined;
  readonly inDoubt?: "retry" | "fail" | "pause" | undefined;
  /** Whether it may happen twice, so that it is not awaited for ever. */
  readonly mayRepeat?: boolean | undefined;
  /** Is told of a success that came after a cancellation. */
  readonly late?: ((result: T) => void) | undefined;
}

/** The result of a started write, of which nothing more may be tried while it still runs. */
export async function settled<T>(
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  options: SettleOptions<T>,
  scope: Scope,
): Promise<T> {
  scope.check();
  const own = new Scope();
  const listens = work.length > 0;
  const running = Work.start(() => work(listens ? own.signal : NEVER));
  const { timeout, inDoubt = "retry", mayRepeat = false, late } = options;
  const end = await running.ended(timeout, scope);
  if (end === "ended") {
    return running.result();
  }
  const over = overTime(timeout ?? 0);
  own.cancel(new Cancelled(over.message, true));
  const isRetried = end === "over" && inDoubt === "retry";
  if (isRetried && mayRepeat && !listens) {
    throw over;
  }
  await running.ended(isRetried && !mayRepeat ? undefined : SETTLE_MS);
  if (end === "cancelled") {
    if (running.hasSucceeded) {
      late?.(running.result());
    }
    scope.check();
  }
  const { reason = new Cancelled("", true) } = own;
  if (
    running.hasSucceeded ||
    (running.hasEnded && !isInterruption(running.failure, reason))
  ) {
    return running.result();
  }
  if ((running.hasEnded || mayRepeat) && inDoubt === "retry") {
    throw over;
  }
  throw new OutcomeUnknown(
    running.hasEnded
      ? "the write was cut off when its time was over"
      : "the write was still running when its time was over",
  );
}

export interface InvokeOptions {
  readonly timeout?: number | undefined;
  readonly attempt?: number;
}

/** The result of a task that another process serves, as JSON. */
export async function invoked(
  run: LocalRun,
  task: {
    readonly name: string;
    readonly signature: string;
    readonly args: Record<string, unknown>;
  },
  id: string,
  { timeout, attempt = 1 }: InvokeOptions,
): Promise<unknown> {
  const session = await sessionFor(`that calls ${task.name}`, run.id);
  const step = run.path(id);
  const caller = {
    key: run.key(id),
    run: run.id,
    workflow: run.workflow,
    step,
    attempt,
    timeout,
    trace: callerTrace(run.id, step, attempt),
  };
  const call = (signal: AbortSignal) =>
    invokeOnce(session, { ...task, signal }, caller);
  return timeout === undefined
    ? call(run.scope.signal)
    : run.within(timeout, call);
}

/** Lets time pass. */
export function plainPause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    after(milliseconds, resolve);
  });
}

/** Starts a branch; what it throws before its first pause is its failure. */
export function begun(
  branch: Branch<LocalRun> | undefined,
  run: LocalRun,
): unknown {
  try {
    return branch?.(run);
  } catch (error) {
    return Promise.reject(thrown(error));
  }
}

/** The output of a workflow that runs as a step; null where its failure is tolerated. */
export async function childOf(
  run: LocalRun,
  id: string,
  call: () => Promise<Json>,
  critical: boolean | undefined,
): Promise<Json> {
  try {
    return await call();
  } catch (error) {
    passControl(error);
    const failure = new StepFailed(run.path(id), 1, causeOf(error));
    if (critical !== false) {
      throw failure;
    }
    run.tolerate(id, failure);
    return null;
  }
}

/** Calls a function of a step that can ask for its step. */
export function calling<T>(
  run: LocalRun,
  step: {
    readonly id: string;
    readonly task: string;
    readonly attempt: number;
  },
  work: () => T,
): T {
  const { id, task, attempt } = step;
  const { workflow } = run;
  const timeLeft = () => run.scope.timeLeft();
  const key = run.path(id);
  const traceparent = callerTrace(run.id, key, attempt);
  const place = { key, task, run: run.id, workflow, attempt, traceparent };
  return inStep({ ...place, timeLeft }, work);
}

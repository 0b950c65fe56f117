/**
 * Steps that wait or tell: `sleep`, `wait_for` and `emit` of a durable run.
 *
 * It deliberately knows not how signals travel.
 */

import { decodeMilliseconds } from "./durations.js";
import {
  RecordedError,
  SignalRefused,
  SignalTimeout,
  StepFailed,
} from "./errors.js";
import type { Past } from "./history.js";
import { dumps, type Json, type Wire } from "./json.js";
import type { Run } from "./run.js";
import { Cancelled } from "./control.js";
import { Refused } from "./messages.js";
import { nowMs } from "./timer.js";

export const NULL: Wire = { text: "null", json: null };

const RUN_UNKNOWN = -32011;
const RUN_ENDED = -32015;

export interface WaitOptions {
  readonly signal: string;
  /** In milliseconds. */
  readonly timeout?: number | undefined;
  readonly onTimeout?: "fail" | "null" | undefined;
  readonly critical?: boolean | undefined;
}

export interface EmitOptions {
  readonly signal: string;
  /** As JSON. */
  readonly data?: unknown;
  /** The run that gets it; without one this run. */
  readonly run?: string | undefined;
  readonly barrier?: boolean | undefined;
  readonly critical?: boolean | undefined;
}

/** Whether the step has ended in an earlier life of the run; what it failed with is thrown. */
export function hasEnded(run: Run, key: string, past: Past): boolean {
  switch (past.outcome) {
    case undefined:
      return false;
    case "failed":
      throw new StepFailed(
        key,
        past.attempt,
        new RecordedError(past.error ?? {}),
      );
    case "cancelled":
      throw run.scope.reason ?? new Cancelled("it was cancelled", true);
    case "succeeded":
    case "tolerated":
    case "skipped":
      return true;
  }
}

/** Records that the wait is over because its block is cancelled. */
function cancelled(run: Run, key: string, error: unknown): void {
  if (error instanceof Cancelled && error.decided) {
    run.stepCancelled(key, false);
  }
}

/** Lets time pass, counted from the first life of the run that came here. */
export async function sleep(
  run: Run,
  key: string,
  time: number | string,
): Promise<void> {
  const past = run.history.past(key);
  if (hasEnded(run, key, past)) {
    return;
  }
  run.scope.check();
  if (past.deadlineAt === undefined) {
    const milliseconds =
      typeof time === "number" ? time : decodeMilliseconds(time);
    past.deadlineAt = nowMs() + Math.max(0, Math.ceil(milliseconds));
    started(run, key, "sleep", "", past.deadlineAt);
  }
  try {
    await run.scope.pause(past.deadlineAt - nowMs());
  } catch (error) {
    cancelled(run, key, error);
    throw error;
  }
  run.stepSucceeded(key, NULL, { attempt: 0 });
}

function started(
  run: Run,
  key: string,
  kind: string,
  task: string,
  deadline?: number,
): void {
  run.history.past(key).hasBegun = true;
  run.record("step_started", {
    key,
    task,
    attempt: 0,
    kind,
    deadline_at: deadline,
    at: nowMs(),
  });
}

/** The data of the oldest signal of the name that nobody has taken, or of the next. */
export async function waitFor(
  run: Run,
  id: string,
  options: WaitOptions,
): Promise<Json> {
  const key = run.path(id);
  const past = run.history.past(key);
  if (hasEnded(run, key, past)) {
    if (past.outcome !== "succeeded") {
      run.lose(id);
    }
    return past.output;
  }
  run.scope.check();
  const { signal, timeout } = options;
  if (!past.isOpen) {
    past.deadlineAt =
      timeout === undefined ? undefined : nowMs() + Math.round(timeout);
    started(run, key, "wait_for", signal, past.deadlineAt);
  }
  const left =
    past.deadlineAt === undefined ? undefined : past.deadlineAt - nowMs();
  try {
    const came = await run.parts.mailbox.take(signal, left, run.scope);
    if (came !== undefined) {
      const made = { text: dumps(came.data), json: came.data };
      run.stepSucceeded(key, made, { attempt: 0, signal: came.id });
      return came.data;
    }
  } catch (error) {
    cancelled(run, key, error);
    throw error;
  }
  if (options.onTimeout === "null") {
    run.stepSucceeded(key, NULL, { attempt: 0 });
    return null;
  }
  const message = `the signal \`${signal}\` did not come within ${String(timeout ?? 0)} ms`;
  run.failStep(id, new SignalTimeout(message), 1, options.critical);
  return null;
}

/** A write of its own: the signal carries the step's key as its id, so that sending it twice counts once. */
export async function emit(
  run: Run,
  id: string,
  options: EmitOptions,
): Promise<void> {
  const key = run.path(id);
  const past = run.history.past(key);
  if (hasEnded(run, key, past)) {
    if (past.outcome !== "succeeded") {
      run.lose(id);
    }
    return;
  }
  run.scope.check();
  const { signal, data = null, run: to = run.id } = options;
  if (!past.isOpen) {
    started(run, key, "emit", signal);
  }
  if (options.barrier !== false) {
    await run.barrier();
  }
  await run.untilLeased();
  try {
    const sent = { run: to, signal, id: run.keyOf(key), data };
    await run.session.request("signal.send", sent);
  } catch (error) {
    const isRefused =
      error instanceof Refused &&
      (error.code === RUN_UNKNOWN || error.code === RUN_ENDED);
    if (!isRefused) {
      throw error;
    }
    const message = `there is no run \`${to}\` that could get the signal \`${signal}\``;
    run.failStep(id, new SignalRefused(message), 1, options.critical);
    return;
  }
  run.stepSucceeded(key, NULL, { attempt: 0 });
  run.scope.check();
}

/**
 * The step that is being executed, for the user's code and logs: `currentStep()` inside of a task's function.
 *
 * It deliberately knows nothing of how the step is executed.
 */

import { AsyncLocalStorage } from "node:async_hooks";

export interface CurrentStep {
  /** Of the step in its run, such as `each_item[3].resize`. */
  readonly key: string;
  readonly task: string;
  readonly run: string;
  readonly workflow: string;
  readonly attempt: number;
  /** Of the W3C's trace context: what the attempt belongs to, in whatever process or language. */
  readonly traceparent: string;
  /** Milliseconds until the nearest time limit; nothing where there is none. */
  readonly timeLeft: () => number | undefined;
}

const storage = new AsyncLocalStorage<CurrentStep>();

/** The step whose function this is called in; nothing outside of durable workflows. */
export function currentStep(): CurrentStep | undefined {
  return storage.getStore();
}

/** Calls `work` as the function of a step. */
export function inStep<T>(step: CurrentStep, work: () => T): T {
  return storage.run(step, work);
}

/** Milliseconds until the nearest time limit around the function of a step; nothing where there is none. */
export function timeLeft(): number | undefined {
  return currentStep()?.timeLeft();
}

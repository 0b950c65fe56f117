/**
 * Starts durable runs, attaches to them, carries them on, and tells callers how they ended.
 *
 * It deliberately knows no steps: those are in the workflow's body.
 */
import { type Children } from "./execution.js";
import type { Workflow } from "./workflow.js";
export interface RunOptions {
  /** The run's id; without one it is made. */
  readonly runId?: string | undefined;
  /** Stops the waiting. A durable run is given back then, and goes on elsewhere; one without a journal is cancelled. */
  readonly signal?: AbortSignal | undefined;
}
/** The output of the run, as JSON: starts it, continues it, or waits for whoever executes it. */
export declare function call(
  workflow: Workflow,
  inputs: Record<string, unknown>,
  options?: RunOptions,
): Promise<unknown>;
/** How the steps of a run start runs of other workflows. */
export declare const CHILDREN: Children;

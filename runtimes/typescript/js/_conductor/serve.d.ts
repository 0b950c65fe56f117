/**
 * Takes runs that the sidecar hands out, started elsewhere or left behind by a crash, and calls of tasks for other languages.
 *
 * It deliberately knows nothing of how a run is executed.
 */
import { type Task } from "./task.js";
import type { Workflow } from "./workflow.js";
export interface ServeOptions {
  /** Ends the serving. Without one SIGTERM and SIGINT do. */
  readonly signal?: AbortSignal | undefined;
}
/** Serves until it is told to stop; then lets what has begun settle, and gives the runs back. */
export declare function serve(
  workflows: readonly Workflow[],
  tasks?: readonly Task[],
  options?: ServeOptions,
): Promise<void>;

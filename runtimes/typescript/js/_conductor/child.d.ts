/**
 * Sub-workflows: another workflow as a run of its own, awaited or left to itself.
 *
 * It deliberately knows not how a run is started. Its id is `RUN/KEY`, so that asking for it again finds the one that is there.
 */
import { type Json, type JsonObject } from "./json.js";
import type { Run } from "./run.js";
import type { Workflow } from "./workflow.js";
export interface ChildOptions {
  readonly critical?: boolean | undefined;
  readonly barrier?: boolean | undefined;
}
/** The output of the workflow that runs as the step. */
export declare function child(
  run: Run,
  id: string,
  workflow: Workflow,
  inputs: JsonObject,
  options: ChildOptions,
): Promise<Json>;
/** Starts the workflow; the step succeeds once that is on the disk. */
export declare function detach(
  run: Run,
  id: string,
  workflow: Workflow,
  inputs: JsonObject,
): Promise<void>;

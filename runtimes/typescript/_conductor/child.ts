/**
 * Sub-workflows: another workflow as a run of its own, awaited or left to itself.
 *
 * It deliberately knows not how a run is started. Its id is `RUN/KEY`, so that asking for it again finds the one that is there.
 */

import { Cancelled, Halt } from "./control.js";
import { RunCancelled, RunPaused, WorkflowCancelled } from "./errors.js";
import { causeOf } from "./form.js";
import { wire, type Json, type JsonObject } from "./json.js";
import type { Run } from "./run.js";
import { hasEnded, NULL } from "./waits.js";
import { Work } from "./work.js";
import type { Workflow } from "./workflow.js";

/** How long a child that is to be cancelled has until it is asked again: it may not have begun the first time. */
const ASK_AGAIN_MS = 1000;

export interface ChildOptions {
  readonly critical?: boolean | undefined;
  readonly barrier?: boolean | undefined;
}

async function began(
  run: Run,
  key: string,
  workflow: Workflow,
  barrier = true,
): Promise<void> {
  const past = run.history.past(key);
  if (!past.isOpen) {
    past.attempt = 1;
    run.stepStarted(key, workflow.name, past.attempt);
    if (barrier) {
      await run.barrier();
    }
  }
  await run.untilLeased();
}

/** The output of the workflow that runs as the step. */
export async function child(
  run: Run,
  id: string,
  workflow: Workflow,
  inputs: JsonObject,
  options: ChildOptions,
): Promise<Json> {
  const key = run.path(id);
  const past = run.history.past(key);
  run.parts.workflow.called(key, workflow);
  if (hasEnded(run, key, past)) {
    if (past.outcome !== "succeeded") {
      run.lose(id);
    }
    return past.output;
  }
  if (!past.isOpen) {
    run.scope.check();
    await began(run, key, workflow, options.barrier);
  }
  // One that another process began goes on, whether or not it is to be cancelled.
  const scope = run.scope.shielded();
  const trace = run.traceOf(key, 1);
  const place = { run: run.keyOf(key), key, scope, trace };
  const work = Work.start(() => run.parts.callChild(workflow, inputs, place));
  if ((await work.ended(undefined, run.scope)) === "cancelled") {
    const reason = run.scope.reason ?? new Cancelled("", false);
    if (!reason.decided) {
      // The child goes on by itself.
      scope.cancel(reason);
      throw reason;
    }
    await cancelled(run, place.run, work);
  }
  return concluded(run, id, work, options);
}

/** Asks the child to cancel until it has ended; one question at a time. */
async function cancelled(
  run: Run,
  child: string,
  work: Work<Json>,
): Promise<void> {
  const reason = `its parent ${run.id} was cancelled`;
  let isAsking = false;
  do {
    if (!isAsking) {
      isAsking = true;
      run.session
        .request("run.cancel", { run: child, reason })
        // It has ended meanwhile.
        .catch(() => undefined)
        .finally(() => (isAsking = false));
    }
  } while ((await work.ended(ASK_AGAIN_MS)) !== "ended");
}

function concluded(
  run: Run,
  id: string,
  work: Work<Json>,
  options: ChildOptions,
): Json {
  const key = run.path(id);
  if (work.hasSucceeded) {
    const output = work.result();
    run.stepSucceeded(key, wire(output), { attempt: 1 });
    run.scope.check();
    return output;
  }
  const error = work.failure;
  if (error instanceof RunPaused) {
    const child = run.keyOf(key);
    throw new Halt(`the run ${child} is paused: ${error.message}`, key);
  }
  if (error instanceof Cancelled) {
    throw error;
  }
  if (error instanceof WorkflowCancelled && run.scope.reason !== undefined) {
    run.stepCancelled(key, false);
    throw run.scope.reason;
  }
  const failure =
    error instanceof WorkflowCancelled
      ? new RunCancelled(`the run ${run.keyOf(key)} was cancelled`)
      : causeOf(error);
  run.failStep(id, failure, 1, options.critical);
  return null;
}

/** Starts the workflow; the step succeeds once that is on the disk. */
export async function detach(
  run: Run,
  id: string,
  workflow: Workflow,
  inputs: JsonObject,
): Promise<void> {
  const key = run.path(id);
  const past = run.history.past(key);
  if (hasEnded(run, key, past)) {
    return;
  }
  if (!past.isOpen) {
    run.scope.check();
  }
  await began(run, key, workflow);
  const trace = run.traceOf(key, 1);
  await run.parts.detachChild(workflow, inputs, run.keyOf(key), trace);
  run.stepSucceeded(key, NULL, { attempt: 1 });
  run.scope.check();
}

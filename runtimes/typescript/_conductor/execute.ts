/**
 * Starts durable runs, attaches to them, carries them on, and tells callers how they ended.
 *
 * It deliberately knows no steps: those are in the workflow's body.
 */

import {
  RecordedError,
  RunRefused,
  workflowError,
  type ErrorForm,
} from "./errors.js";
import {
  cancelledError,
  Execution,
  executionsOf,
  pausedError,
  type Children,
  type Outcome,
  type Owned,
} from "./execution.js";
import { newRunId } from "./ids.js";
import type { Json, JsonObject } from "./json.js";
import { activeTrace } from "./remote.js";
import { Scope } from "./scope.js";
import { Refused } from "./messages.js";
import type { Session } from "./session.js";
import { sessionFor } from "./sessions.js";
import { nowMs } from "./timer.js";
import { Work } from "./work.js";
import type { Workflow } from "./workflow.js";

/** How long a caller waits for another's run before it asks whether that has lost its owner, in milliseconds. */
const ATTACHED_MS = 3_000;
/** Pauses between the starts of a run that is lost again and again, as while the disk is full; the first is at once. */
const START_AGAIN_MS = [250, 2_000] as const;

export interface RunOptions {
  /** The run's id; without one it is made. */
  readonly runId?: string | undefined;
  /** Stops the waiting. A durable run is given back then, and goes on elsewhere; one without a journal is cancelled. */
  readonly signal?: AbortSignal | undefined;
}

interface Parent {
  readonly run: string;
  readonly key: string;
}

/** The output of the run, as JSON: starts it, continues it, or waits for whoever executes it. */
export async function call(
  workflow: Workflow,
  inputs: Record<string, unknown>,
  options: RunOptions = {},
): Promise<unknown> {
  const { runId = newRunId(), signal } = options;
  const trace = activeTrace();
  signal?.throwIfAborted();
  const scope = Scope.from(signal);
  try {
    return await callRun(workflow, inputs as JsonObject, runId, {
      scope,
      trace,
    });
  } catch (error) {
    // Waiting was stopped: what the caller said is told.
    throw error === scope.reason ? (signal?.reason as Error) : error;
  } finally {
    scope.end();
  }
}

interface Calling {
  readonly scope: Scope;
  readonly parent?: Parent;
  readonly trace: string | undefined;
}

async function callRun(
  workflow: Workflow,
  inputs: JsonObject,
  run: string,
  calling: Calling,
): Promise<Json> {
  const session = await sessionFor(workflow.name, run);
  const { scope } = calling;
  const request = requestOf(workflow, inputs, run, calling);
  let end: Work<JsonObject> | undefined;
  let pause = 0;
  for (;;) {
    const answer = await start(session, workflow, run, request, scope);
    const local = execution(session, workflow, run, answer, inputs);
    if (local !== undefined) {
      const outcome = await local.wait(scope);
      if (outcome.state !== "gone") {
        return unwrapped(outcome);
      }
      await scope.pause(pause);
      pause = Math.min(
        Math.max(2 * pause, START_AGAIN_MS[0]),
        START_AGAIN_MS[1],
      );
      continue;
    }
    end ??= Work.start(() => session.request("run.await", { run }));
    const isFinished = answer["outcome"] === "finished";
    const ended = await end.ended(isFinished ? undefined : ATTACHED_MS, scope);
    scope.check();
    if (ended === "ended") {
      const result = refusable(workflow, run, () => end?.result() ?? {});
      return unwrapped(told(workflow, run, result));
    }
  }
}

interface Request {
  readonly traceparent?: string;
  readonly [name: string]: unknown;
}

function requestOf(
  workflow: Workflow,
  input: JsonObject,
  run: string,
  { parent, trace }: Pick<Calling, "parent" | "trace">,
): Request {
  const { plan, secret } = workflow.options;
  return {
    run,
    workflow: workflow.name,
    plan,
    input,
    ...(secret === undefined ? {} : { secret }),
    at: nowMs(),
    ...(parent === undefined ? {} : { parent }),
    ...(trace === undefined ? {} : { traceparent: trace }),
  };
}

/** The execution in this process, which is begun where the answer says so. */
function execution(
  session: Session,
  workflow: Workflow,
  run: string,
  answer: JsonObject,
  inputs: JsonObject,
): Execution | undefined {
  if (answer["outcome"] !== "owned") {
    return executionsOf(session).get(run);
  }
  const owned = answer as unknown as Owned;
  return new Execution(session, workflow, run, owned, inputs, CHILDREN);
}

async function start(
  session: Session,
  workflow: Workflow,
  run: string,
  request: Request,
  scope: Scope,
): Promise<JsonObject> {
  const answer = Work.start(() => session.request("run.start", request));
  if ((await answer.ended(undefined, scope)) === "cancelled") {
    // Whoever is cancelled here must not keep a run that nobody executes.
    answer.onEnd(() => {
      if (answer.hasSucceeded && answer.result()["outcome"] === "owned") {
        const { epoch } = answer.result() as unknown as Owned;
        session.notify("run.release", { run, epoch });
      }
    });
    scope.check();
  }
  const owned = refusable(workflow, run, () => answer.result());
  if (owned["wanted"] === true) {
    session.definition.tell(workflow.options.plans);
  }
  const { traceparent } = request;
  const asked = { ...owned, start: request as unknown as JsonObject };
  return traceparent === undefined ? asked : { ...asked, traceparent };
}

function refusable<T>(workflow: Workflow, run: string, result: () => T): T {
  try {
    return result();
  } catch (error) {
    if (error instanceof Refused) {
      throw new RunRefused(
        `workflow ${workflow.name} (run ${run}) was refused: ${error.message}`,
        { workflow: workflow.name, run },
      );
    }
    throw error;
  }
}

function unwrapped(outcome: Outcome): Json {
  if (outcome.error !== undefined) {
    throw outcome.error;
  }
  return outcome.output ?? null;
}

/** The outcome of a run that another executed. */
function told(workflow: Workflow, run: string, end: JsonObject): Outcome {
  const form = (end["error"] ?? {}) as Partial<ErrorForm> & {
    step?: string | null;
    attempts?: number;
  };
  switch (end["state"]) {
    case "succeeded":
      return { state: "succeeded", output: end["output"] ?? null };
    case "cancelled": {
      const error = cancelledError(workflow, run, form.message ?? "");
      return { state: "cancelled", error };
    }
    case "paused": {
      const error = pausedError(workflow, run, form.message ?? "");
      return { state: "paused", error };
    }
    default: {
      const { step, attempts = 0, ...kept } = form;
      const cause = new RecordedError(kept);
      const { name } = workflow;
      const place = step ?? undefined;
      const error = workflowError(name, run, place, attempts, cause);
      return { state: "failed", error };
    }
  }
}

async function detachRun(
  workflow: Workflow,
  inputs: JsonObject,
  run: string,
  trace: string,
): Promise<void> {
  const session = await sessionFor(workflow.name, run);
  const request = requestOf(workflow, inputs, run, { trace });
  for (;;) {
    const answer = await start(session, workflow, run, request, new Scope());
    if (answer["outcome"] !== "owned") {
      return;
    }
    const begun = execution(session, workflow, run, answer, inputs);
    if (begun === undefined) {
      return;
    }
    begun.isKept = true;
    await begun.journal.stored();
    if (begun.journal.ended !== "lost") {
      return;
    }
  }
}

/** How the steps of a run start runs of other workflows. */
export const CHILDREN: Children = {
  callChild: (workflow, inputs, { run, key, scope, trace }) =>
    callRun(workflow, inputs, run, {
      scope,
      trace,
      parent: { run: run.slice(0, -key.length - 1), key },
    }),
  detachChild: detachRun,
};

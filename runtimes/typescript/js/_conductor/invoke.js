/**
 * Calls of tasks that other processes serve, through the sidecar's broker.
 *
 * It deliberately knows not who serves them, nor in which language.
 */
import { passControl } from "./control.js";
import { OutcomeUnknown, RecordedError } from "./errors.js";
import { traceHeaders } from "./remote.js";
import { givenTrace, isSameTrace } from "./trace.js";
import { Refused } from "./messages.js";
import { timeoutOf } from "./stepOptions.js";
import { Scope } from "./scope.js";
import { Work } from "./work.js";
/** How long the end of a call is awaited that is told to stop, in milliseconds. */
const STOP_MS = 30_000;
/** The worker died in the call. */
class Lost extends Error {}
/** The output of the task, as JSON. */
export async function invoked(step, invocation) {
  const mayAgain = step.mayRepeat || step.inDoubt === "retry";
  const limits = [timeoutOf(step.options), step.left()];
  const known = limits.filter((limit) => limit !== undefined);
  const place = {
    key: step.idempotencyKey,
    run: step.run.id,
    workflow: step.run.workflow,
    step: step.key,
    attempt: step.past.attempt,
    timeout: known.length === 0 ? undefined : Math.min(...known),
    trace: step.traceparent,
  };
  for (;;) {
    try {
      return await invokeOnce(step.run.session, invocation, place);
    } catch (error) {
      if (!(error instanceof Lost)) {
        throw error;
      }
      step.past.isUnknown ||= step.isWrite;
      if (!mayAgain) {
        throw lost(step, invocation.name);
      }
    }
  }
}
function lost(step, name) {
  const error = new OutcomeUnknown(
    `the worker of ${name} died in the call; nobody knows whether it happened`,
  );
  return step.inDoubt === "pause" ? step.paused(error) : error;
}
/** Of this thread's session. */
let lastCall = 0;
/** One request; the signal cancels it. */
export async function invokeOnce(session, invocation, place) {
  const { name, signature, args, signal } = invocation;
  const { timeout, trace, ...where } = place;
  lastCall += 1;
  const call = lastCall;
  const params = {
    call,
    function: name,
    signature,
    args,
    ...where,
    ...(timeout === undefined
      ? {}
      : { timeout_ms: Math.max(1, Math.ceil(timeout)) }),
    traceparent: activeOr(trace),
  };
  const answer = Work.start(() => session.request("task.invoke", params));
  const scope = Scope.from(signal);
  try {
    const end = await answer.ended(undefined, scope);
    if (end === "cancelled") {
      session.notify("task.cancel", { call });
      // What it really came to counts; a call that no worker has taken is answered, too.
      await answer.ended(STOP_MS);
      if (!answer.hasEnded) {
        scope.check();
      }
    }
    return result(answer.result());
  } catch (error) {
    passControl(error);
    if (error instanceof Refused) {
      const types = ["conductor.TaskRefused"];
      throw new RecordedError({ types, message: error.message });
    }
    throw error;
  } finally {
    scope.end();
  }
}
/** The span that the application has opened around the run, where that is the run's trace: it is what others can find. */
function activeOr(own) {
  const active = givenTrace(traceHeaders()["traceparent"]);
  return active !== undefined && isSameTrace(active, own) ? active : own;
}
function result(answer) {
  if (answer["lost"] === true) {
    throw new Lost("the worker died");
  }
  const error = answer["error"];
  if (error !== undefined && error !== null) {
    throw new RecordedError(error);
  }
  return answer["output"] ?? null;
}

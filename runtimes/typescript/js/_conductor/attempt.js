/**
 * The call of one attempt: its time limit, its cancellation, and what an outcome means that nobody knows.
 *
 * It deliberately knows not whether another attempt follows.
 */
import { Cancelled } from "./control.js";
import { inStep } from "./current.js";
import { OutcomeUnknown, RecordedError, TimeoutError } from "./errors.js";
import { Scope } from "./scope.js";
import { timeoutOf } from "./stepOptions.js";
import { isInterruption, SETTLE_MS, Work } from "./work.js";
/** The error of an attempt that took too long. */
export function overTime(milliseconds) {
  const error = new TimeoutError(`no answer within ${String(milliseconds)} ms`);
  cutOff.add(error);
  return error;
}
/** Attempts that were cut off by their own time limit, rather than told of one by somebody else. */
const cutOff = new WeakSet();
export function isOverTime(error) {
  return error instanceof Error && cutOff.has(error);
}
/** A call that the sidecar passes to another process. */
class RemoteWork extends Work {}
/** A call that is running, and how it is told to stop. */
class Call {
  constructor(work, scope, listens) {
    this.work = work;
    this.scope = scope;
    this.listens = listens;
  }
  get canStop() {
    return this.listens;
  }
  /** Asks it to stop. A function that takes no signal does not hear it. */
  interrupt(why) {
    this.scope.cancel(new Cancelled(why, true));
  }
  /** Whether its end says what really happened: it was not just told to stop. */
  get hasRealEnd() {
    const { reason } = this.scope;
    return (
      this.work.hasEnded &&
      (this.work.hasSucceeded ||
        reason === undefined ||
        !isInterruption(this.work.failure, reason))
    );
  }
}
/** What a function is told of its step. As an object with a getter of its own it would take twenty times as long to make. */
class Current {
  #step;
  constructor(step, scope) {
    this.key = step.key;
    this.task = step.task;
    this.run = step.run.id;
    this.workflow = step.run.workflow;
    this.attempt = step.past.attempt;
    this.timeLeft = () => scope.timeLeft();
    this.#step = step;
  }
  get traceparent() {
    return this.#step.traceparent;
  }
}
/** Makes the call of an attempt, and waits for what it comes to. */
export function perform(step, work, listens, isRemote) {
  return new Promise((resolve, reject) => {
    const timeout = timeoutOf(step.options);
    const left = step.left();
    const isDeadline =
      left !== undefined && (timeout === undefined || left < timeout);
    const limit = isDeadline ? left : timeout;
    const call = begin(step, work, limit, listens, isRemote);
    const failed = (error) => {
      step.callEnded({ error });
      reject(error);
    };
    const settle = () => {
      if (call.work.hasSucceeded) {
        step.callEnded(undefined);
        resolve(call.work.result());
      } else {
        failed(call.work.failure);
      }
    };
    const conclude = (end) => {
      if (end === "ended") {
        settle();
        return;
      }
      const late = () =>
        isDeadline ? step.overDeadline() : overTime(timeout ?? 0);
      // Whoever cancels has said all that it has to say before anything is made of it.
      Promise.resolve()
        .then(() =>
          end === "over"
            ? timedOut(step, call, late())
            : cancelledIn(step, call),
        )
        .then(settle)
        .catch(failed);
    };
    call.work.tellEnd(conclude, limit, step.run.scope);
  });
}
function begin(step, work, limit, listens, isRemote) {
  const { taken } = step;
  const scope = new Scope();
  scope.endsAt = step.run.scope.endsAt;
  scope.limit(limit);
  const current = new Current(step, scope);
  taken?.started();
  const running = (isRemote ? new RemoteWork() : new Work()).begin(() =>
    // A signal that nobody takes is not made.
    inStep(current, () => work(listens ? scope.signal : NEVER)),
  );
  if (taken !== undefined) {
    running.onEnd(() => {
      taken.ended();
    });
  }
  return new Call(running, scope, listens);
}
const NEVER = new AbortController().signal;
/** The real end counts where there is one within the bound; else `inDoubt` decides. */
async function timedOut(step, call, error) {
  call.interrupt(error.message);
  await unserved(call.work, error);
  if (!step.isWrite) {
    throw error;
  }
  const { mayRepeat, inDoubt, past } = step;
  if (mayRepeat && inDoubt === "retry" && !call.canStop) {
    // It goes on beside whatever is tried next; the run does not end before it does.
    step.run.outwait(call.work);
    past.isUnknown = true;
    throw error;
  }
  // Of a write that must not happen twice nothing more is tried while it runs, however long that is.
  const isUnbounded = inDoubt === "retry" && !mayRepeat;
  await call.work.ended(isUnbounded ? undefined : SETTLE_MS);
  if (call.hasRealEnd) {
    return;
  }
  past.isUnknown = true;
  switch (inDoubt) {
    case "retry":
      throw error;
    case "pause":
      throw step.paused(error);
    case "fail":
      throw new OutcomeUnknown(
        `nobody knows whether it happened: ${error.message}`,
      );
  }
}
/** How long the sidecar is awaited to say that nobody has taken the call, in milliseconds. */
const SAY_MS = 1_000;
/** A call that waited for a worker in vain has not happened; the error says which worker is missing. */
async function unserved(work, error) {
  if (!(work instanceof RemoteWork)) {
    return;
  }
  await work.ended(SAY_MS);
  const { failure } = work;
  if (
    failure instanceof RecordedError &&
    failure.types[0] === "conductor.NoWorker"
  ) {
    error.message += `: ${failure.text}`;
    throw error;
  }
}
/** A started write is settled first; what it really came to is recorded before the cancellation goes on. */
async function cancelledIn(step, call) {
  const reason = step.run.scope.reason ?? new Cancelled("", true);
  if (reason.decided || !step.isWrite) {
    call.interrupt(reason.message);
  }
  if (!step.isWrite) {
    step.stoppedBy(reason);
  }
  await call.work.ended(SETTLE_MS);
  if (call.hasRealEnd && call.work.hasSucceeded) {
    step.cancelled = reason;
    return;
  }
  step.past.isUnknown ||= !call.hasRealEnd;
  step.stoppedBy(reason);
}

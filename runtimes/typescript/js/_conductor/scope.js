/**
 * Cancellation as a tree: whoever cancels a block cancels all that runs in it. An `AbortSignal` is made where somebody wants one.
 *
 * It deliberately knows neither steps nor journals.
 */
import { Cancelled, Control, Returned } from "./control.js";
import { StepFailed, workflowError } from "./errors.js";
import { after, monotonic } from "./timer.js";
/** What runs together and is cancelled together. */
export class Scope {
  constructor(outer, base = outer?.base) {
    /** Why it is cancelled; nothing while it is not. */
    this.reason = undefined;
    this.listeners = undefined;
    this.controller = undefined;
    this.unlisten = undefined;
    this.outer = outer;
    this.base = base;
    this.endsAt = outer?.endsAt;
    if (outer !== undefined) {
      if (outer.reason === undefined) {
        outer.add(this);
      } else {
        this.reason = outer.reason;
      }
    }
  }
  /** The scope of a call that is given its caller's signal. [`end`] must be called at its end. */
  static from(signal) {
    const scope = new Scope();
    if (signal !== undefined) {
      scope.follow(signal);
    }
    return scope;
  }
  /** A scope that is cancelled with this one. [`end`] must be called at its end. */
  inner() {
    return new Scope(this);
  }
  /** A scope that is cancelled with this one, and to which only this one's cancellation gets through a shield. */
  root() {
    return new Scope(this, this);
  }
  /** A scope that neither cancellation nor time limits of this one reach. */
  shielded() {
    return new Scope(this.base);
  }
  follow(signal) {
    const cancel = () => {
      this.cancel(callersReason(signal));
    };
    if (signal.aborted) {
      cancel();
      return;
    }
    signal.addEventListener("abort", cancel, { once: true });
    this.unlisten = () => {
      signal.removeEventListener("abort", cancel);
    };
  }
  /** Lets go of what is around it: nothing cancels it any more. */
  end() {
    this.outer?.remove(this);
    this.unlisten?.();
    this.unlisten = undefined;
  }
  /** For functions of the user: aborted when the scope is cancelled. */
  get signal() {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) {
        this.controller.abort(this.reason);
      }
    }
    return this.controller.signal;
  }
  /** Cancels all that runs in it; the first reason stays. */
  cancel(reason) {
    if (this.reason !== undefined) {
      return;
    }
    this.reason = reason;
    const listeners = this.listeners;
    this.listeners = undefined;
    this.controller?.abort(reason);
    for (const listener of listeners ?? []) {
      if (typeof listener === "function") {
        listener(reason);
      } else {
        listener.cancel(reason);
      }
    }
  }
  /** Throws where it is cancelled. */
  check() {
    if (this.reason !== undefined) {
      throw this.reason;
    }
  }
  /** Tells it when this is cancelled, which it is not yet, until it is removed. */
  add(listener) {
    this.listeners ??= new Set();
    this.listeners.add(listener);
  }
  remove(listener) {
    this.listeners?.delete(listener);
  }
  /** Calls `listener` when it is cancelled, at once where it is. Says how to take that back. */
  onCancel(listener) {
    if (this.reason !== undefined) {
      listener(this.reason);
      return nothing;
    }
    this.add(listener);
    return () => {
      this.remove(listener);
    };
  }
  /** Lets time pass; throws when it is cancelled. */
  pause(milliseconds) {
    return new Promise((resolve, reject) => {
      if (this.reason !== undefined) {
        reject(this.reason);
        return;
      }
      const cancel = (reason) => {
        stop();
        reject(reason);
      };
      const stop = after(milliseconds, () => {
        this.remove(cancel);
        resolve();
      });
      this.add(cancel);
    });
  }
  /** What `work` comes to; throws when it is cancelled before. `work` is left to its end then. */
  unlessCancelled(work) {
    return new Promise((resolve, reject) => {
      const unlisten = this.onCancel(reject);
      work.then(resolve, reject).finally(unlisten);
    });
  }
  /** Tells what runs in it that its time is over in so many milliseconds, unless it is before. It ends nothing. */
  limit(milliseconds) {
    if (milliseconds !== undefined) {
      const endsAt = monotonic() + milliseconds;
      this.endsAt = Math.min(endsAt, this.endsAt ?? endsAt);
    }
  }
  /** Milliseconds until the nearest time limit, that of what begins now included; nothing where there is none. */
  timeLeft(limit) {
    if (this.endsAt === undefined) {
      return limit;
    }
    const left = this.endsAt - monotonic();
    return limit === undefined ? left : Math.min(left, limit);
  }
  /** The failure of a workflow that keeps no journal, as its caller sees it. */
  workflowError(workflow, error, run) {
    return failureOf(workflow, run, error);
  }
}
/** The error of a workflow without a journal: a cancellation is the caller's own. */
function failureOf(workflow, run, error) {
  if (error instanceof StepFailed) {
    return error.of(workflow, run);
  }
  if (error instanceof Control && !(error instanceof Returned)) {
    return error;
  }
  return workflowError(workflow, run, undefined, 0, error);
}
function callersReason(signal) {
  const cancelled = new Cancelled("the caller cancelled it", true);
  cancelled.cause = signal.reason;
  return cancelled;
}
function nothing() {
  // There is nothing to take back.
}
/** A scope that nothing is around: for work that must not be cancelled. */
export function unbounded() {
  return new Scope();
}

/**
 * A run's past: its committed records folded into what each step has come to.
 *
 * It deliberately decides nothing; steps read it and go on from there.
 */
import { givenTrace } from "./trace.js";
/** What one step has come to. */
export class Past {
  constructor() {
    /** What it calls: a task, a workflow, a signal. */
    this.task = undefined;
    /** Number of the last attempt that was started. */
    this.attempt = 0;
    /** Attempts that failed and were to be followed by another. */
    this.failures = 0;
    /** It was started, be it by this process. */
    this.hasBegun = false;
    /** The last attempt has no outcome: a crash cut it off. */
    this.isOpen = false;
    /** A write that may have happened although no attempt says so. */
    this.isUnknown = false;
    this.retryAt = undefined;
    /** How long the wait until `retryAt` was to be, whatever the clock says now. */
    this.delayMs = 0;
    /** The error after which no attempt follows, but the fallback. */
    this.exhausted = undefined;
    this.deadlineAt = undefined;
    this.outcome = undefined;
    this.output = null;
    this.error = undefined;
  }
  /** What is left of it where a person lets the step begin anew. */
  begunAnew() {
    const anew = new Past();
    anew.task = this.task;
    anew.attempt = this.attempt;
    anew.hasBegun = this.hasBegun;
    return anew;
  }
}
/** What a run has come to. */
export class History {
  constructor(input = {}, trace) {
    this.steps = new Map();
    this.chosen = new Map();
    /** Ids of the signals that were taken. */
    this.signals = new Set();
    /** Steps that have ended, in the order in which the journal has them. */
    this.undo = [];
    /** What workflows without a journal did that were steps, by their keys: this process alone knows how it is undone. */
    this.inside = new Map();
    this.input = input;
    this.trace = trace;
  }
  /** Of one step. */
  past(key) {
    let past = this.steps.get(key);
    if (past === undefined) {
      past = new Past();
      this.steps.set(key, past);
    }
    return past;
  }
  /** Whether the step has succeeded. */
  isDone(key) {
    return this.steps.get(key)?.outcome === "succeeded";
  }
  /** Folds the entries of one record. */
  add(entries) {
    for (const entry of entries) {
      for (const [kind, fields] of Object.entries(entry)) {
        this.fold(kind, fields);
      }
    }
  }
  /** Notes what may have to be undone once a step has ended. */
  ended(key, undo, hasSucceeded) {
    if (Array.isArray(undo)) {
      // Of a block that is one step to the journal: what its steps did, by their keys.
      for (const [inside, args] of undo) {
        this.undo.push({ key: inside, args });
      }
    } else if (undo !== undefined || hasSucceeded) {
      this.undo.push({ key, args: undo });
    }
  }
  fold(kind, fields) {
    const { key } = fields;
    if (kind === "run_started") {
      this.input = fields.input ?? {};
      this.trace = givenTrace(fields.traceparent);
    } else if (key === undefined) {
      return;
    } else if (kind === "chosen") {
      this.chosen.set(key, fields.value ?? null);
    } else if (kind.startsWith("step_") || kind === "attempt_failed") {
      this.foldStep(kind, fields, key);
    }
  }
  foldStep(kind, fields, key) {
    const past = this.past(key);
    const wasOpen = past.isOpen;
    past.isOpen = false;
    switch (kind) {
      case "step_started":
        // The attempt before it has no outcome.
        past.isUnknown ||= wasOpen;
        past.task = fields.task;
        past.attempt = fields.attempt ?? 0;
        past.deadlineAt = fields.deadline_at ?? past.deadlineAt;
        past.hasBegun = true;
        past.isOpen = true;
        return;
      case "attempt_failed":
        foldAttempt(past, fields);
        return;
      case "step_reopened":
        this.steps.set(key, past.begunAnew());
        return;
      case "step_succeeded":
        past.outcome = "succeeded";
        past.output = fields.output ?? null;
        break;
      case "step_failed":
        past.outcome = fields.tolerated === true ? "tolerated" : "failed";
        past.error = fields.error;
        break;
      case "step_skipped":
        past.outcome = "skipped";
        break;
      case "step_cancelled":
        past.outcome = "cancelled";
        break;
      case "step_in_doubt":
        past.isUnknown = true;
        return;
    }
    past.attempt = fields.attempt ?? past.attempt;
    if (fields.signal !== undefined) {
      this.signals.add(fields.signal);
    }
    this.ended(key, fields.undo, past.outcome === "succeeded");
  }
}
function foldAttempt(past, fields) {
  past.isUnknown ||= isTimeout(fields.error);
  if (fields.retry_at === undefined) {
    past.exhausted = fields.error;
    return;
  }
  past.failures += 1;
  past.retryAt = fields.retry_at;
  past.delayMs = fields.retry_at - (fields.at ?? fields.retry_at);
}
/** A write that was out of time may have happened all the same. */
function isTimeout(error) {
  return error?.types[0] === "TimeoutError";
}

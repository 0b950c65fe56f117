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
    /** In which it began; nothing where this process begins it. */
    this.generation = undefined;
  }
  /** What is left of it where a person lets the step begin anew. */
  begunAnew() {
    const anew = new Past();
    anew.task = this.task;
    anew.attempt = this.attempt;
    anew.hasBegun = this.hasBegun;
    anew.generation = this.generation;
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
    /** Counts how often a person let the run go on from a step before. */
    this.generation = 1;
    this.restartedAt = undefined;
    /** Kept while the records are read. */
    this.counted = [];
    /** What workflows without a journal did that were steps, by their keys: this process alone knows how it is undone. */
    this.inside = new Map();
    this.input = input;
    this.trace = trace;
  }
  /** A step's idempotency key, which is the run's id of one that is a workflow: that of the generation in which it began. */
  keyOf(run, key) {
    const generation = this.steps.get(key)?.generation ?? this.generation;
    const suffix = generation === 1 ? "" : `#${String(generation)}`;
    return `${run}/${key}${suffix}`;
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
      for (const kind in entry) {
        this.fold(kind, entry[kind] ?? {});
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
  /** All of the records have been added. */
  isRead() {
    this.counted = [];
  }
  fold(kind, fields) {
    if (kind === "run_restarted") {
      this.restart(fields);
    } else {
      this.counted.push([this.generation, kind, fields]);
      this.count(kind, fields);
    }
  }
  /** What is forgotten counts as if it had never been recorded; what is reopened has only begun. */
  restart(entry) {
    const forget = new Set(entry.forget ?? []);
    const reopen = new Set(entry.reopen ?? []);
    const counted = this.counted.filter(([, kind, { key }]) => {
      const isKept = key === undefined || !forget.has(key);
      return (
        isKept &&
        (key === undefined || !reopen.has(key) || kind === "step_started")
      );
    });
    for (const key of reopen) {
      counted.push([0, "step_reopened", { key }]);
    }
    this.steps.clear();
    this.chosen.clear();
    this.signals.clear();
    this.undo.length = 0;
    this.counted = counted;
    for (const [generation, kind, fields] of counted) {
      this.generation = generation;
      this.count(kind, fields);
    }
    this.generation = entry.generation ?? this.generation;
    this.restartedAt = entry.at;
    if (entry.input !== undefined) {
      this.counted.push([this.generation, "run_reopened", entry]);
      this.input = entry.input;
    }
  }
  count(kind, fields) {
    const { key } = fields;
    if (kind === "run_started") {
      this.input = fields.input ?? {};
      this.trace = givenTrace(fields.traceparent);
    } else if (kind === "run_reopened") {
      this.input = fields.input ?? this.input;
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
        past.generation ??= this.generation;
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

/**
 * Circuit breakers: what becomes of one with each call, by the same rules as `policy/src/breaker.rs`.
 *
 * It deliberately knows no tasks; whoever makes calls asks before and tells after.
 */
import { BreakerCall } from "./breakerCall.js";
import { CircuitOpen, thrown } from "./errors.js";
import { isOfDomain } from "./policy.js";
import {
  add,
  decidedAlone,
  isJoined,
  remove,
  report,
} from "./sharedBreakers.js";
import { monotonic } from "./timer.js";
/** The window is cut into so many slices. */
const SLICES = 10;
/** So many breakers by key are kept before those without failures are let go. */
const KEPT = 1024;
/** One breaker. What it says by itself holds in this thread; a `BreakerCall` knows what holds for all. */
export class Breaker {
  constructor(name, settings, id = name) {
    this.slices = [];
    this.openUntil = undefined;
    /** Calls that try whether it may close: those under way, and those that succeeded. */
    this.trying = undefined;
    /** What is said of it: `suspect`, or as a person has decided `open` or `closed`. */
    this.word = undefined;
    this.why = "";
    /** Whether it is open for all processes, and when it may be asked again whether a call may try. */
    this.isForAll = false;
    this.askAt = 0;
    this.generation = -1;
    this.isProbing = false;
    this.id = id;
    this.name = name;
    this.settings = settings;
    add(this);
  }
  /** It has changed for all processes. */
  told(change) {
    if (change.generation < this.generation) {
      return; // another session of this thread was told of a later one
    }
    this.generation = change.generation;
    this.word = undefined;
    this.isProbing = false;
    if (change.forced === true) {
      this.word = change.state;
      const because = change.reason ? `: ${change.reason}` : "";
      this.why = `${change.by || "an operator"} keeps it ${change.state}${because}`;
      this.reset();
    } else if (change.state === "suspect") {
      this.word = change.state;
    } else if (change.state === "open") {
      this.reset();
      this.isForAll = true;
      this.askAt = monotonic() + Number(change.left_ms);
      this.openUntil = this.askAt;
    } else if (this.isForAll) {
      this.reset();
    }
  }
  /** The sidecar says nothing of it: it is closed for all. */
  unmentioned() {
    this.generation = -1;
    this.word = undefined;
    this.isProbing = false;
    if (this.isForAll) {
      this.reset();
    }
  }
  /** What a sidecar must hear of it that knows nothing yet, or, where it is the same as before, what is its own. */
  own(isSame) {
    this.generation = -1;
    if (this.isClosed || (isSame && this.isForAll)) {
      return undefined;
    }
    this.isForAll = false;
    return this.opened();
  }
  opened() {
    return {
      breaker: this.id,
      event: "opened",
      left_ms: Math.max(0, Math.round((this.openUntil ?? 0) - monotonic())),
      open_for_ms: Math.round(this.settings.openFor),
      half_open_calls: this.halfOpenCalls,
    };
  }
  reset() {
    this.openUntil = undefined;
    this.trying = undefined;
    this.isForAll = false;
    this.askAt = 0;
    this.slices = [];
  }
  /** Whether it lets everything through by itself. */
  get isClosed() {
    return this.openUntil === undefined && this.trying === undefined;
  }
  /** Whether it lets everything through, and nobody has said anything of it. */
  get isQuiet() {
    return this.isClosed && this.word === undefined;
  }
  /** Where the call that begins now decides on a suspicion: what its end is reported with. */
  decidesOnSuspicion() {
    if (this.word !== "suspect" || this.isProbing) {
      return undefined;
    }
    this.isProbing = true;
    return this.generation;
  }
  /** The call that was to decide has come to nothing: the next one does. */
  undecided(of) {
    if (of === this.generation) {
      this.isProbing = false;
    }
  }
  /** Whether the error is an answer of the one who was called, and says nothing against it. */
  isOfDomain(error) {
    return isOfDomain(error, this.settings);
  }
  /** One call that is to be made. */
  attempt() {
    return new BreakerCall(this);
  }
  get halfOpenCalls() {
    return Math.max(1, this.settings.halfOpenCalls ?? 1);
  }
  /** Lets a call through, or says why not. Each that is let through must be told of with [`ended`]. */
  refusal() {
    if (this.trying !== undefined) {
      const { underway, succeeded } = this.trying;
      if (underway + succeeded >= this.halfOpenCalls) {
        return this.refused();
      }
      this.trying.underway += 1;
    } else if (this.openUntil !== undefined) {
      if (monotonic() < this.openUntil) {
        return this.refused();
      }
      this.openUntil = undefined;
      this.trying = { underway: 1, succeeded: 0 };
    }
    return undefined;
  }
  refused(why = "") {
    return new CircuitOpen(
      `the circuit breaker of \`${this.name}\` is open${why}`,
    );
  }
  /** A call that was let through has ended. */
  ended(how) {
    if (this.trying !== undefined) {
      this.tried(this.trying, how);
      return;
    }
    // Calls that began before it opened say nothing new, and successes count only where there is a rate.
    const isNews =
      how === "failed" ||
      (how === "succeeded" && this.settings.failureRate !== undefined);
    if (this.openUntil === undefined && isNews) {
      this.count(how === "failed");
      if (this.trips()) {
        this.open();
      }
    }
  }
  /** Throws where no call is let through. One that is must be told of with `succeeded` or `failed`. */
  enter() {
    if (this.trying !== undefined || this.openUntil !== undefined) {
      const refusal = this.refusal();
      if (refusal !== undefined) {
        throw refusal;
      }
    }
  }
  /** The call that was let through has succeeded. */
  succeeded() {
    if (this.trying !== undefined || this.settings.failureRate !== undefined) {
      this.ended("succeeded");
    }
  }
  /** Makes a call where it lets one through, and is told how it ends. */
  async call(_run, work) {
    const attempt = this.attempt();
    if (!attempt.hasBegun) {
      await attempt.begin();
    }
    try {
      const result = await work();
      attempt.succeeded();
      return result;
    } catch (error) {
      attempt.failed(error);
      throw thrown(error);
    }
  }
  tried(trying, how) {
    if (how === "failed") {
      this.open();
      return;
    }
    trying.underway = Math.max(0, trying.underway - 1);
    if (how === "succeeded") {
      trying.succeeded += 1;
      if (trying.succeeded >= this.halfOpenCalls) {
        this.trying = undefined;
        this.slices = [];
        report({ breaker: this.id, event: "closed" });
      }
    }
  }
  open() {
    this.trying = undefined;
    this.slices = [];
    this.openUntil = monotonic() + this.settings.openFor;
    if (isJoined()) {
      report(this.opened());
    } else {
      decidedAlone(this.id);
    }
  }
  count(hasFailed) {
    const number = Math.floor(
      (monotonic() * SLICES) / Math.max(this.settings.window, 1e-3),
    );
    let last = this.slices.at(-1);
    if (last?.number !== number) {
      last = { number, calls: 0, failures: 0 };
      this.slices = this.slices.filter(
        (slice) => slice.number + SLICES > number,
      );
      this.slices.push(last);
    }
    last.calls += 1;
    last.failures += hasFailed ? 1 : 0;
  }
  trips() {
    let calls = 0;
    let failures = 0;
    for (const slice of this.slices) {
      calls += slice.calls;
      failures += slice.failures;
    }
    const { failureRate, minCalls = 10 } = this.settings;
    if (failureRate === undefined) {
      return failures >= Math.max(1, this.settings.failures ?? 5);
    }
    return calls >= minCalls && failures > 0 && failures / calls >= failureRate;
  }
  /** Whether it is as if it were new. */
  get isFresh() {
    return (
      this.isClosed &&
      this.word === undefined &&
      this.slices.every((slice) => slice.failures === 0)
    );
  }
}
/** The breakers of a task, one for each value of a key. */
export class Breakers {
  constructor(name, settings) {
    this.byKey = new Map();
    this.sweepAt = KEPT;
    this.name = name;
    this.settings = settings;
  }
  /** The breaker of a key: its value as JSON. */
  of(key) {
    const text = JSON.stringify(key, (_, value) =>
      typeof value === "bigint" ? `${value.toString()}n` : value,
    );
    let found = this.byKey.get(text);
    if (found === undefined) {
      this.sweep();
      const id = `${this.name}:${typeof key === "string" ? key : text}`;
      found = new Breaker(`${this.name} ${text}`, this.settings, id);
      this.byKey.set(text, found);
    }
    return found;
  }
  /** Keys may be without number: those that have nothing to remember are forgotten. */
  sweep() {
    if (this.byKey.size < this.sweepAt) {
      return;
    }
    for (const [key, breaker] of this.byKey) {
      if (breaker.isFresh) {
        this.byKey.delete(key);
        remove(breaker);
      }
    }
    this.sweepAt = Math.max(KEPT, 2 * this.byKey.size);
  }
}

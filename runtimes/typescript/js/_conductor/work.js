/**
 * Work that has been started: whether it has ended and how, and waiting for that within bounds.
 *
 * It deliberately knows no journal; what an unknown outcome means is its callers' business.
 */
import { added } from "./few.js";
import { after } from "./timer.js";
/** How long the real end of a write is awaited after its time is over, in milliseconds. */
export const SETTLE_MS = 30_000;
/** Something that runs. Its failure is kept, and is no unhandled rejection. */
export class Work {
  constructor() {
    this.state = "running";
    this.value = undefined;
    this.error = undefined;
    /** Those who wait; each is called once. */
    this.waiting = [];
  }
  /** Starts it; what it throws before its first pause counts as its failure too. */
  static start(work) {
    return new Work().begin(work);
  }
  /** Starts it. */
  begin(work) {
    try {
      const given = work();
      if (isThenable(given)) {
        given.then(
          (value) => {
            this.succeed(value);
          },
          (error) => {
            this.fail(error);
          },
        );
      } else {
        this.succeed(given);
      }
    } catch (error) {
      this.fail(error);
    }
    return this;
  }
  /** It has ended with a value. */
  succeed(value) {
    if (this.state === "running") {
      this.state = "succeeded";
      this.value = value;
      this.told();
    }
  }
  /** It has ended with an error. */
  fail(error) {
    if (this.state === "running") {
      this.state = "failed";
      this.error = error;
      this.told();
    }
  }
  told() {
    const waiting = this.waiting;
    this.waiting = [];
    for (const one of waiting) {
      if (one instanceof Waiting) {
        one.finish("ended");
      } else {
        one();
      }
    }
  }
  get hasEnded() {
    return this.state !== "running";
  }
  get hasSucceeded() {
    return this.state === "succeeded";
  }
  /** Its error, where it has failed. */
  get failure() {
    return this.error;
  }
  /** Its value, or its error thrown. It must have ended. */
  result() {
    if (this.state === "failed") {
      throw this.error;
    }
    return this.value;
  }
  /** Calls `action` when it ends, at once where it has. */
  onEnd(action) {
    if (this.hasEnded) {
      action();
      return () => undefined;
    }
    this.wait(action);
    return () => {
      this.forget(action);
    };
  }
  /** Waits for its end, for so many milliseconds at most, unless `scope` is cancelled before. Never throws. */
  ended(milliseconds, scope) {
    if (this.hasEnded) {
      return Promise.resolve("ended");
    }
    return new Promise((resolve) => {
      this.tellEnd(resolve, milliseconds, scope);
    });
  }
  /** Tells what [`ended`] would give, in the moment in which it is so. */
  tellEnd(tell, milliseconds, scope) {
    if (this.hasEnded) {
      tell("ended");
      return;
    }
    const waiting = new Waiting(this, scope, tell);
    this.wait(waiting);
    waiting.begin(milliseconds);
  }
  wait(one) {
    this.waiting = added(this.waiting, one);
  }
  /** Tells it no more. */
  forget(one) {
    const at = this.waiting.indexOf(one);
    if (at >= 0) {
      this.waiting.splice(at, 1);
    }
  }
}
/** Who waits for an end, a cancellation or the end of a time, whichever comes first. */
class Waiting {
  constructor(work, scope, resolve) {
    this.stop = undefined;
    this.work = work;
    this.scope = scope;
    this.resolve = resolve;
  }
  begin(milliseconds) {
    if (this.scope?.reason !== undefined) {
      this.finish("cancelled");
      return;
    }
    this.scope?.add(this);
    if (milliseconds !== undefined) {
      this.stop = after(milliseconds, () => {
        this.finish("over");
      });
    }
  }
  cancel() {
    this.finish("cancelled");
  }
  finish(end) {
    const { resolve } = this;
    if (resolve !== undefined) {
      this.resolve = undefined;
      this.work.forget(this);
      this.scope?.remove(this);
      this.stop?.();
      resolve(end);
    }
  }
}
function isThenable(value) {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
/** Waits for every one of `works`, within the bound. */
export async function allEnded(works) {
  await Promise.all([...works].map((work) => work.ended(SETTLE_MS)));
}
/** Whether the error is what code throws that was told to stop: the signal's reason, or what is made of it. */
export function isInterruption(error, reason) {
  for (let cause = error, depth = 0; depth < 8; depth += 1) {
    if (cause === reason) {
      return true;
    }
    if (!(cause instanceof Error)) {
      return false;
    }
    if (cause.name === "AbortError") {
      return true;
    }
    cause = cause.cause;
  }
  return false;
}

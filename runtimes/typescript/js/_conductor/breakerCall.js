/**
 * One call and the breaker around it: it refuses to begin, or hears how the call ended.
 *
 * It deliberately counts nothing; the breaker does, and what holds for all processes the sidecar says.
 */
import { Control } from "./control.js";
import { CircuitOpen } from "./errors.js";
import {
  decidedAlone,
  isSettled,
  join,
  probe,
  report,
} from "./sharedBreakers.js";
import { monotonic } from "./timer.js";
export class BreakerCall {
  constructor(breaker) {
    this.isCounted = true;
    /** What its end is reported with, where it is a probe. */
    this.of = undefined;
    this.breaker = breaker;
    this.hasBegun = isSettled() && breaker.isQuiet;
  }
  /** Begins the call; throws where it is not let through. Where nothing is to be asked there is nothing to wait for. */
  begin() {
    if (this.hasBegun) {
      return undefined;
    }
    const joining = join();
    if (joining !== undefined) {
      return joining.then(() => this.enter());
    }
    return this.enter();
  }
  /** Begins the call, or says why not. */
  async refusal() {
    try {
      await this.begin();
      return undefined;
    } catch (error) {
      return error;
    }
  }
  enter() {
    const { breaker } = this;
    if (breaker.word === "open") {
      throw breaker.refused(`: ${breaker.why}`);
    }
    if (breaker.word === "closed") {
      this.isCounted = false;
    } else if (breaker.isForAll) {
      return this.ask();
    } else {
      const { isClosed } = breaker;
      breaker.enter();
      if (isClosed) {
        this.of = breaker.decidesOnSuspicion();
      }
    }
    this.hasBegun = true;
    return undefined;
  }
  /** It is open for all: one call of all processes at a time may try, when its time is over. */
  async ask() {
    const { breaker } = this;
    if (monotonic() < breaker.askAt) {
      throw breaker.refused(" for all processes");
    }
    const answer = await probe(breaker.id);
    if (answer === undefined) {
      breaker.isForAll = false;
      decidedAlone(breaker.id);
      breaker.enter();
    } else if (answer["granted"] === true) {
      this.of = answer["of"] === undefined ? undefined : Number(answer["of"]);
    } else {
      breaker.askAt = monotonic() + Number(answer["left_ms"]);
      throw breaker.refused(" for all processes");
    }
    this.hasBegun = true;
  }
  /** It has succeeded. */
  succeeded() {
    this.told("succeeded");
    if (this.isCounted && this.hasBegun) {
      this.breaker.succeeded();
    }
  }
  /** It has failed, was cancelled, or never began. */
  failed(error) {
    if (
      !this.hasBegun ||
      (error instanceof CircuitOpen && this.of === undefined)
    ) {
      return;
    }
    if (error instanceof Control || this.breaker.isOfDomain(error)) {
      this.abandoned();
      return;
    }
    this.told("failed");
    if (this.isCounted) {
      this.breaker.ended("failed");
    }
  }
  /** It says nothing of whom it called. */
  abandoned() {
    if (this.of !== undefined) {
      this.breaker.undecided(this.of);
    }
    this.told("abandoned");
    if (this.isCounted && this.hasBegun) {
      this.breaker.ended("abandoned");
    }
  }
  told(event) {
    if (this.of !== undefined) {
      report({ breaker: this.breaker.id, event, of: this.of });
      this.of = undefined;
    }
  }
}

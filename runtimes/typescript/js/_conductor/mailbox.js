/**
 * Signals to a run: those that have come and nobody has taken, and those who wait.
 *
 * It deliberately knows no steps. A signal has an id and counts once; the first to wait gets the first that came.
 */
import { Work } from "./work.js";
export class Mailbox {
  /** `list` asks for all that came; a run that has just begun need not be asked for. */
  constructor(taken, isNew, list) {
    this.kept = [];
    this.waiting = [];
    this.listing = undefined;
    this.known = new Set(taken);
    this.isListed = isNew;
    this.list = list;
  }
  /** A signal has come. */
  deliver(signal) {
    if (this.known.has(signal.id)) {
      return;
    }
    this.known.add(signal.id);
    this.kept.push(signal);
    this.kept.sort((one, other) => one.ordinal - other.ordinal);
    this.serve();
  }
  serve() {
    for (const waiting of [...this.waiting]) {
      const place = this.kept.findIndex(
        ({ signal }) => signal === waiting.signal,
      );
      const signal = this.kept[place];
      if (signal !== undefined) {
        this.kept.splice(place, 1);
        this.leave(waiting);
        waiting.came.succeed(signal);
      }
    }
  }
  leave(waiting) {
    const place = this.waiting.indexOf(waiting);
    if (place >= 0) {
      this.waiting.splice(place, 1);
    }
  }
  /** The connection was lost for a while: something may have come. */
  missed() {
    this.isListed = false;
    if (this.waiting.length > 0) {
      this.listed().catch(() => undefined);
    }
  }
  listed() {
    if (this.isListed) {
      return Promise.resolve();
    }
    this.listing ??= this.list()
      .then((signals) => {
        this.isListed = true;
        for (const signal of signals) {
          this.deliver(signal);
        }
      })
      .finally(() => {
        this.listing = undefined;
      });
    return this.listing;
  }
  /** The oldest signal of the name that nobody has taken, or the next. Nothing where the time is over before. */
  async take(signal, milliseconds, scope) {
    const waiting = { signal, came: new Work() };
    this.waiting.push(waiting);
    try {
      const asked = Work.start(() => this.listed());
      if ((await asked.ended(undefined, scope)) === "ended") {
        asked.result();
      }
      this.serve();
      await waiting.came.ended(milliseconds, scope);
      if (waiting.came.hasSucceeded) {
        return waiting.came.result();
      }
      scope.check();
      return undefined;
    } finally {
      this.leave(waiting);
    }
  }
}

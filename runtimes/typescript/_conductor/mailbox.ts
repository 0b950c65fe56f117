/**
 * Signals to a run: those that have come and nobody has taken, and those who wait.
 *
 * It deliberately knows no steps. A signal has an id and counts once; the first to wait gets the first that came.
 */

import type { SignalMessage } from "./journal.js";
import type { Json } from "./json.js";
import type { Scope } from "./scope.js";
import { Work } from "./work.js";

interface Waiting {
  readonly signal: string;
  readonly came: Work<SignalMessage>;
}

export class Mailbox {
  private readonly list: () => Promise<Json>;
  /** Ids of the signals that were taken, or are kept. */
  private readonly known: Set<string>;
  private kept: SignalMessage[] = [];
  private readonly waiting: Waiting[] = [];
  private listing: Promise<void> | undefined = undefined;
  private isListed: boolean;

  /** `list` asks for all that came; a run that has just begun need not be asked for. */
  constructor(taken: Set<string>, isNew: boolean, list: () => Promise<Json>) {
    this.known = new Set(taken);
    this.isListed = isNew;
    this.list = list;
  }

  /** A signal has come. */
  deliver(signal: SignalMessage): void {
    if (this.known.has(signal.id)) {
      return;
    }
    this.known.add(signal.id);
    this.kept.push(signal);
    this.kept.sort((one, other) => one.ordinal - other.ordinal);
    this.serve();
  }

  private serve(): void {
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

  private leave(waiting: Waiting): void {
    const place = this.waiting.indexOf(waiting);
    if (place >= 0) {
      this.waiting.splice(place, 1);
    }
  }

  /** The connection was lost for a while: something may have come. */
  missed(): void {
    this.isListed = false;
    if (this.waiting.length > 0) {
      this.listed().catch(() => undefined);
    }
  }

  private listed(): Promise<void> {
    if (this.isListed) {
      return Promise.resolve();
    }
    this.listing ??= this.list()
      .then((signals) => {
        this.isListed = true;
        for (const signal of signals as unknown as SignalMessage[]) {
          this.deliver(signal);
        }
      })
      .finally(() => {
        this.listing = undefined;
      });
    return this.listing;
  }

  /** The oldest signal of the name that nobody has taken, or the next. Nothing where the time is over before. */
  async take(
    signal: string,
    milliseconds: number | undefined,
    scope: Scope,
  ): Promise<SignalMessage | undefined> {
    const waiting = { signal, came: new Work<SignalMessage>() };
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

/**
 * Signals to a run: those that have come and nobody has taken, and those who wait.
 *
 * It deliberately knows no steps. A signal has an id and counts once; the first to wait gets the first that came.
 */
import type { SignalMessage } from "./journal.js";
import type { Json } from "./json.js";
import type { Scope } from "./scope.js";
export declare class Mailbox {
  private readonly list;
  /** Ids of the signals that were taken, or are kept. */
  private readonly known;
  private kept;
  private readonly waiting;
  private listing;
  private isListed;
  /** `list` asks for all that came; a run that has just begun need not be asked for. */
  constructor(taken: Set<string>, isNew: boolean, list: () => Promise<Json>);
  /** A signal has come. */
  deliver(signal: SignalMessage): void;
  private serve;
  private leave;
  /** The connection was lost for a while: something may have come. */
  missed(): void;
  private listed;
  /** The oldest signal of the name that nobody has taken, or the next. Nothing where the time is over before. */
  take(
    signal: string,
    milliseconds: number | undefined,
    scope: Scope,
  ): Promise<SignalMessage | undefined>;
}

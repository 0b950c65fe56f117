/**
 * A log of this process, ahead of the sidecar's store: what it has put on the disk here need not wait for the sidecar.
 *
 * It deliberately knows no entries. The sidecar takes over what stands in the log before anybody else gets one of this
 * session's runs; docs/protocol.md says how it is written.
 */
import type { Journal } from "./journal.js";
import type { JsonObject } from "./json.js";
/** What a record says that stands in a log: so nobody waits for its commit. */
export declare const LOGGED = '"logged":true,';
/** The session, which speaks with the sidecar. */
interface Asked {
  readonly id: string;
  request(method: string, params: object): Promise<JsonObject>;
  send(lines: string): boolean;
}
/** The log of one session, and whether it is used. */
export declare class Ahead {
  /** Which of the session's logs this is, one after the other. */
  serial: number;
  /** Of runs that are over here, and of which something stands in the log that the store may not have. */
  readonly ended: Map<string, Journal>;
  private readonly session;
  private lines;
  private timer;
  private turned;
  private hasTurned;
  private last;
  private alone;
  private isAsked;
  private file;
  private bytes;
  private at;
  private generation;
  private outstanding;
  private stuck;
  private slow;
  private readonly first;
  private restsUntil;
  constructor(session: Asked);
  /** Whether a run that waits is to put its records into the log: no other one has waited of late. */
  mayKeep(who: Journal): boolean;
  /** Whether neither the disk nor the rest of the process has to wait for too long. */
  private isFree;
  private opened;
  /** Whether the log can go on without the store: it begins anew when that has all. */
  get hasRoom(): boolean;
  /** Its run is over here. */
  leave(journal: Journal): void;
  /** The connection has ended: the sidecar takes over what stands in the log, and the rest is sent again. */
  lost(): void;
  private drop;
  /** Sends a line that stands in the log, or is about to, soon and with others. */
  later(line: string): void;
  private sendNow;
  /** What is to be sent before anything else. */
  unsent(): string;
  /** Puts lines on the disk, of which so many are records. False where only the sidecar can: they are sent then. */
  keep(lines: readonly string[], records: number): boolean;
  private put;
  /** The store has so many more of those that stand in the log. */
  acknowledged(records: number): void;
  /** Begins anew at the front, where nothing in it is needed any more. */
  private turn;
  private frames;
}
export {};

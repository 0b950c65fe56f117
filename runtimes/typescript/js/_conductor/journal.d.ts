/**
 * The records of a run that this process owns, on their way to the disk.
 *
 * It deliberately knows no steps: entries go in, acknowledgements come back, and at a barrier one waits for the other.
 */
import { type Ahead } from "./ahead.js";
import type { Hurried, Hurry } from "./hurry.js";
import { type Json } from "./json.js";
/** How long a refused record waits for the store to mend, in milliseconds. */
export declare const RETRY_STORE_MS = 250;
export type Ended = "lost" | "finished";
/** Numbers the records of one run in one epoch, and keeps them until they are acknowledged. */
export declare class Journal implements Hurried {
  readonly run: string;
  readonly epoch: number;
  /** How often somebody had to wait for the disk. */
  waits: number;
  ended: Ended | undefined;
  /** Why the sidecar does not take what this process has to say of the run. */
  refusal: string | undefined;
  onLost: ((reason: string) => void) | undefined;
  onCancelling: ((reason: string) => void) | undefined;
  /** The connection was lost, and the run is still this process's. */
  onReclaimed: (() => void) | undefined;
  onSignal: ((signal: SignalMessage) => void) | undefined;
  private readonly firstSeq;
  private nextSeq;
  private acked;
  /** Up to here everything is on the disk: in the store, or in the log of this process. */
  private safe;
  /** Up to here the records stand in the log with this number. */
  private logged;
  private serial;
  private isLogging;
  /** How the run was begun here, where nobody had begun it before. */
  private readonly start;
  private readonly send;
  private readonly hurry;
  private readonly ahead;
  private entries;
  private later;
  private isDue;
  private isHurried;
  private kept;
  private waiters;
  constructor(
    run: string,
    epoch: number,
    nextSeq: number,
    send: (line: string) => boolean,
    hurry: Hurry,
    ahead?: Ahead,
    start?: object,
  );
  /** Adds an entry to the next record. */
  record(kind: string, fields: object): void;
  /** Adds an entry that is JSON already. */
  recordText(entry: string): void;
  /** What somebody waits for is sent by then; the rest may wait for what follows it. */
  settled(): void;
  /** Makes records of the entries that are waiting, and sends them. */
  flush(): void;
  private emit;
  /** Waits until everything so far is on the disk; there may be nothing to wait for. */
  barrier(): Promise<void> | undefined;
  /** Waits until the end of the run, its last entry, is on the disk. The store has it soon where the run was begun here. */
  concluded(): Promise<void> | undefined;
  /** Waits until everything so far is in the store, where everybody sees it. */
  stored(): Promise<void> | undefined;
  private get last();
  private wait;
  /** Sends what somebody waits for. */
  hurried(): void;
  /** Puts all that the store may not have into the log. */
  private keep;
  /** Everything up to `seq` is on the disk. Says when the last of it was sent. */
  acknowledged(seq: number): number | undefined;
  private release;
  /** The store was in trouble: sends again later. False where the start itself was lost. */
  refused(seq: number): boolean;
  /** Sends every kept record from `seq` on. */
  resend(seq: number): void;
  /** Nothing more is recorded; nobody waits any longer. */
  end(how: Ended): void;
  /** Whether something stands in the log that the store may not have. */
  private get isInLog();
  /** The run is not this process's any more. */
  lose(reason: string): void;
}
/** A signal, as the sidecar tells it to the run's owner. */
export interface SignalMessage {
  readonly ordinal: number;
  readonly signal: string;
  readonly id: string;
  readonly data: Json;
}

/**
 * The records of a run that this process owns, on their way to the disk.
 *
 * It deliberately knows no steps: entries go in, acknowledgements come back, and at a barrier one waits for the other.
 */

import type { Hurry } from "./hurry.js";
import { dumps, type Json } from "./json.js";
import { monotonic } from "./timer.js";

/** How long a refused record waits for the store to mend, in milliseconds. */
export const RETRY_STORE_MS = 250;
/** Entries beyond this size go into a record of their own. */
const RECORD_CHARACTERS = 4 << 20;

export type Ended = "lost" | "finished";

interface Kept {
  readonly seq: number;
  readonly line: string;
  sent: number;
}

interface Waiter {
  readonly seq: number;
  readonly wake: () => void;
}

/** How long entries for which nobody waits are kept for what follows them. */
const LINGER_MS = 2;

/** Numbers the records of one run in one epoch, and keeps them until they are acknowledged. */
export class Journal {
  readonly run: string;
  readonly epoch: number;
  /** How often somebody had to wait for the disk. */
  waits = 0;
  ended: Ended | undefined = undefined;
  /** Why the sidecar does not take what this process has to say of the run. */
  refusal: string | undefined = undefined;
  onLost: ((reason: string) => void) | undefined = undefined;
  onCancelling: ((reason: string) => void) | undefined = undefined;
  /** The connection was lost, and the run is still this process's. */
  onReclaimed: (() => void) | undefined = undefined;
  onSignal: ((signal: SignalMessage) => void) | undefined = undefined;
  private readonly firstSeq: number;
  private nextSeq: number;
  private acked: number;
  private readonly send: (line: string) => boolean;
  private readonly hurry: Hurry;
  private entries: string[] = [];
  private later: NodeJS.Timeout | undefined = undefined;
  private isDue = false;
  private isHurried = false;
  private kept: Kept[] = [];
  private waiters: Waiter[] = [];

  constructor(
    run: string,
    epoch: number,
    nextSeq: number,
    send: (line: string) => boolean,
    hurry: Hurry,
  ) {
    this.run = run;
    this.epoch = epoch;
    this.firstSeq = nextSeq;
    this.nextSeq = nextSeq;
    this.acked = nextSeq > 1 ? nextSeq - 1 : -1;
    this.send = send;
    this.hurry = hurry;
  }

  /** Adds an entry to the next record. */
  record(kind: string, fields: object): void {
    this.recordText(`{"${kind}":${dumps(fields)}}`);
  }

  /** Adds an entry that is JSON already. */
  recordText(entry: string): void {
    if (this.ended !== undefined) {
      return;
    }
    if (this.entries.length === 0) {
      this.lookSoon();
    }
    this.entries.push(entry);
  }

  /** After all that goes on by itself now: the end of a step and the start of the next are one record. */
  private lookSoon(): void {
    if (!this.isDue) {
      this.isDue = true;
      process.nextTick(() => {
        this.look();
      });
    }
  }

  /** What somebody waits for is sent by then; the rest may wait for what follows it. */
  private look(): void {
    this.isDue = false;
    if (this.entries.length > 0 && !this.isHurried) {
      this.later ??= setTimeout(() => {
        this.flush();
      }, LINGER_MS);
    }
  }

  /** Makes records of the entries that are waiting, and sends them. */
  flush(): void {
    clearTimeout(this.later);
    this.later = undefined;
    const entries = this.entries;
    this.entries = [];
    let size = 0;
    let together: string[] = [];
    for (const entry of entries) {
      if (together.length > 0 && size + entry.length > RECORD_CHARACTERS) {
        this.emit(together);
        together = [];
        size = 0;
      }
      together.push(entry);
      size += entry.length;
    }
    if (together.length > 0) {
      this.emit(together);
    }
  }

  private emit(entries: string[]): void {
    const seq = this.nextSeq;
    this.nextSeq += 1;
    const line =
      `{"jsonrpc":"2.0","method":"step.record","params":{"run":${JSON.stringify(this.run)},` +
      `"epoch":${String(this.epoch)},"seq":${String(seq)},"entries":[${entries.join(",")}]}}\n`;
    this.kept.push({ seq, line, sent: monotonic() });
    this.send(line);
  }

  /** Waits until everything so far is on the disk; there may be nothing to wait for. */
  barrier(): Promise<void> | undefined {
    const seq = this.nextSeq - (this.entries.length > 0 ? 0 : 1);
    if (this.acked >= seq || this.ended !== undefined) {
      return undefined;
    }
    this.waits += 1;
    if (this.entries.length > 0 && !this.isHurried) {
      this.isHurried = true;
      this.hurry.add(() => {
        this.isHurried = false;
        this.flush();
      });
    }
    return new Promise<void>((wake) => {
      this.waiters.push({ seq, wake });
    });
  }

  /** Everything up to `seq` is on the disk. Says when the last of it was sent. */
  acknowledged(seq: number): number | undefined {
    let count = 0;
    let sent: number | undefined;
    for (const record of this.kept) {
      if (record.seq > seq) {
        break;
      }
      sent = record.sent;
      count += 1;
    }
    this.kept.splice(0, count);
    this.acked = Math.max(this.acked, seq);
    this.release();
    return sent;
  }

  private release(): void {
    const waiting = this.waiters;
    this.waiters = [];
    for (const waiter of waiting) {
      if (waiter.seq > this.acked && this.ended === undefined) {
        this.waiters.push(waiter);
      } else {
        waiter.wake();
      }
    }
  }

  /** The store was in trouble: sends again later. False where the start itself was lost. */
  refused(seq: number): boolean {
    if (seq < this.firstSeq) {
      return false;
    }
    setTimeout(() => {
      this.resend(seq);
    }, RETRY_STORE_MS);
    return true;
  }

  /** Sends every kept record from `seq` on. */
  resend(seq: number): void {
    const now = monotonic();
    for (const record of this.kept) {
      if (record.seq >= seq) {
        record.sent = now;
        this.send(record.line);
      }
    }
  }

  /** Nothing more is recorded; nobody waits any longer. */
  end(how: Ended): void {
    this.ended = how;
    this.entries = [];
    this.kept = [];
    this.release();
  }

  /** The run is not this process's any more. */
  lose(reason: string): void {
    if (this.ended === undefined) {
      this.end("lost");
      this.onLost?.(reason);
    }
  }
}

/** A signal, as the sidecar tells it to the run's owner. */
export interface SignalMessage {
  readonly ordinal: number;
  readonly signal: string;
  readonly id: string;
  readonly data: Json;
}

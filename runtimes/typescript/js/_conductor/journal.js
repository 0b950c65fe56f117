/**
 * The records of a run that this process owns, on their way to the disk.
 *
 * It deliberately knows no steps: entries go in, acknowledgements come back, and at a barrier one waits for the other.
 */
import { LOGGED } from "./ahead.js";
import { added } from "./few.js";
import { dumps } from "./json.js";
import { monotonic } from "./timer.js";
/** How long a refused record waits for the store to mend, in milliseconds. */
export const RETRY_STORE_MS = 250;
/** Entries beyond this size go into a record of their own. */
const RECORD_CHARACTERS = 4 << 20;
/** How long entries for which nobody waits are kept for what follows them. */
const LINGER_MS = 2;
/** Numbers the records of one run in one epoch, and keeps them until they are acknowledged. */
export class Journal {
  constructor(run, epoch, nextSeq, send, hurry, ahead, start) {
    /** How often somebody had to wait for the disk. */
    this.waits = 0;
    this.ended = undefined;
    /** Why the sidecar does not take what this process has to say of the run. */
    this.refusal = undefined;
    this.onLost = undefined;
    this.onCancelling = undefined;
    /** The connection was lost, and the run is still this process's. */
    this.onReclaimed = undefined;
    this.onSignal = undefined;
    /** Up to here the records stand in the log with this number. */
    this.logged = -1;
    this.serial = 0;
    this.isLogging = false;
    this.entries = [];
    this.later = undefined;
    this.isDue = false;
    this.isHurried = false;
    this.kept = [];
    this.waiters = [];
    this.run = run;
    this.epoch = epoch;
    this.firstSeq = nextSeq;
    this.nextSeq = nextSeq;
    this.acked = nextSeq > 1 ? nextSeq - 1 : -1;
    this.safe = this.acked;
    this.send = send;
    this.hurry = hurry;
    this.ahead = ahead;
    this.start = start;
  }
  /** Adds an entry to the next record. */
  record(kind, fields) {
    this.recordText(`{"${kind}":${dumps(fields)}}`);
  }
  /** Adds an entry that is JSON already. */
  recordText(entry) {
    if (this.ended !== undefined) {
      return;
    }
    if (this.entries.length === 0 && !this.isDue) {
      this.isDue = true;
      // The end of a step and the start of the next are one record.
      this.hurry.addUnsettled(this);
    }
    this.entries = added(this.entries, entry);
  }
  /** What somebody waits for is sent by then; the rest may wait for what follows it. */
  settled() {
    this.isDue = false;
    if (this.entries.length > 0 && !this.isHurried) {
      this.later ??= setTimeout(() => {
        this.flush();
      }, LINGER_MS);
    }
  }
  /** Makes records of the entries that are waiting, and sends them. */
  flush() {
    clearTimeout(this.later);
    this.later = undefined;
    const entries = this.entries;
    this.entries = [];
    let first = 0;
    let size = 0;
    for (let at = 0; at < entries.length; at += 1) {
      const length = entries[at]?.length ?? 0;
      if (at > first && size + length > RECORD_CHARACTERS) {
        this.emit(entries.slice(first, at));
        first = at;
        size = 0;
      }
      size += length;
    }
    if (entries.length > 0) {
      this.emit(first === 0 ? entries : entries.slice(first));
    }
  }
  emit(entries) {
    const seq = this.nextSeq;
    this.nextSeq += 1;
    const logged = this.isLogging ? LOGGED : "";
    const line =
      `{"jsonrpc":"2.0","method":"step.record","params":{"run":${JSON.stringify(this.run)},` +
      `"epoch":${String(this.epoch)},"seq":${String(seq)},${logged}"entries":[${entries.join(",")}]}}\n`;
    this.kept = added(this.kept, { seq, line, sent: monotonic() });
    if (this.isLogging) {
      this.ahead?.later(line);
    } else {
      this.send(line);
    }
  }
  /** Waits until everything so far is on the disk; there may be nothing to wait for. */
  barrier() {
    return this.safe >= this.last ? undefined : this.wait(false);
  }
  /** Waits until the end of the run, its last entry, is on the disk. The store has it soon where the run was begun here. */
  concluded() {
    const mayKeep = this.start !== undefined && this.ahead?.hasRoom === true;
    return mayKeep ? this.barrier() : this.stored();
  }
  /** Waits until everything so far is in the store, where everybody sees it. */
  stored() {
    return this.acked >= this.last ? undefined : this.wait(true);
  }
  get last() {
    return this.nextSeq - (this.entries.length > 0 ? 0 : 1);
  }
  wait(isForStore) {
    if (this.ended !== undefined) {
      return undefined;
    }
    const seq = this.last;
    this.waits += 1;
    const waiting = new Promise((wake) => {
      this.waiters = added(this.waiters, { seq, isForStore, wake });
    });
    if (this.entries.length > 0 && !this.isHurried) {
      this.isHurried = true;
      this.hurry.add(this);
    }
    return waiting;
  }
  /** Sends what somebody waits for. */
  hurried() {
    this.isHurried = false;
    const mayKeep =
      (this.acked >= 0 || this.start !== undefined) &&
      this.ahead?.mayKeep(this) === true &&
      !this.waiters.some(({ isForStore }) => isForStore);
    this.isLogging = mayKeep;
    this.flush();
    this.isLogging = false;
    if (mayKeep) {
      this.keep(this.ahead);
    }
  }
  /** Puts all that the store may not have into the log. */
  keep(ahead) {
    if (this.serial !== ahead.serial) {
      this.serial = ahead.serial;
      this.logged = this.acked;
    }
    let first = this.kept.length;
    while (first > 0 && (this.kept[first - 1]?.seq ?? 0) > this.logged) {
      first -= 1;
    }
    const lines = this.kept.slice(first).map(({ line }) => line);
    const records = lines.length;
    if (this.logged < 0 && this.start !== undefined) {
      const [id, method] = [0, "run.start"];
      lines.unshift(
        `${dumps({ jsonrpc: "2.0", id, method, params: this.start })}\n`,
      );
    }
    if (ahead.keep(lines, records)) {
      this.logged = this.nextSeq - 1;
      this.safe = this.logged;
      this.release();
    }
  }
  /** Everything up to `seq` is on the disk. Says when the last of it was sent. */
  acknowledged(seq) {
    let count = 0;
    let logged = 0;
    let sent;
    for (;;) {
      const record = this.kept[count];
      if (record === undefined || record.seq > seq) {
        break;
      }
      sent = record.sent;
      count += 1;
      logged += record.seq <= this.logged ? 1 : 0;
    }
    if (count > 0) {
      this.kept = this.kept.slice(count);
    }
    if (logged > 0 && this.serial === this.ahead?.serial) {
      this.ahead.acknowledged(logged);
      if (this.ended !== undefined && this.kept.length === 0) {
        this.ahead.ended.delete(this.run);
      }
    }
    this.acked = Math.max(this.acked, seq);
    this.safe = Math.max(this.safe, seq);
    this.release();
    return sent;
  }
  release() {
    const waiting = this.waiters;
    if (waiting.length === 0) {
      return;
    }
    this.waiters = [];
    for (const waiter of waiting) {
      const safe = waiter.isForStore ? this.acked : this.safe;
      if (waiter.seq > safe && this.ended === undefined) {
        this.waiters.push(waiter);
      } else {
        waiter.wake();
      }
    }
  }
  /** The store was in trouble: sends again later. False where the start itself was lost. */
  refused(seq) {
    if (seq < this.firstSeq) {
      return false;
    }
    setTimeout(() => {
      this.resend(seq);
    }, RETRY_STORE_MS);
    return true;
  }
  /** Sends every kept record from `seq` on. */
  resend(seq) {
    const now = monotonic();
    for (const record of this.kept) {
      if (record.seq >= seq) {
        record.sent = now;
        this.send(record.line);
      }
    }
  }
  /** Nothing more is recorded; nobody waits any longer. */
  end(how) {
    this.ended = how;
    this.entries = [];
    if (how === "finished" && this.isInLog) {
      this.ahead?.leave(this);
    } else {
      this.kept = [];
    }
    this.release();
  }
  /** Whether something stands in the log that the store may not have. */
  get isInLog() {
    const first = this.kept[0]?.seq ?? Infinity;
    return this.serial === this.ahead?.serial && first <= this.logged;
  }
  /** The run is not this process's any more. */
  lose(reason) {
    if (this.ended === undefined) {
      this.end("lost");
      this.onLost?.(reason);
    }
  }
}

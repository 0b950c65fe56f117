/**
 * A log of this process, ahead of the sidecar's store: what it has put on the disk here need not wait for the sidecar.
 *
 * It deliberately knows no entries. The sidecar takes over what stands in the log before anybody else gets one of this
 * session's runs; docs/protocol.md says how it is written.
 */
import * as fs from "node:fs";
import { crc32 } from "./crc32.js";
import { monotonic } from "./timer.js";
/** Frames begin behind the first page. */
const HEAD = 4096;
/** After so many waits for the disk in a row of which no other run had a part, a log pays. */
const ALONE = 16;
/** After so many it is used again. */
const STILL_ALONE = 4;
/** Flushes that take longer, in milliseconds, so many in a row, hold up the event loop: the log rests for so many times as long. */
const SLOW_MS = 0.5;
const SLOW_FLUSHES = 3;
const REST = 200;
/** How long what stands in the log is kept for what follows it, before it is sent. */
const SEND_MS = 2;
/** After so long without a turn of the event loop a run waits for the sidecar, so that others have their turn. */
const TURN_MS = 5;
/** So often it may be full while the store has not taken over what stands in it, before there is a new one. */
const STUCK = 8;
/** The first byte of a log that is open: an `o`. */
const OPEN = 0x6f;
const LINE_CHARACTERS = 4096;
const DEPTH = 100;
/** Characters of a checksum, with its space. */
const SUM = 9;
/** A number of so many digits may be beyond a double. */
const DIGITS = 300;
const LONG_NUMBER = /[0-9]{150}/;
/** What a record says that stands in a log: so nobody waits for its commit. */
export const LOGGED = '"logged":true,';
/** The log of one session, and whether it is used. */
export class Ahead {
  constructor(session) {
    /** Which of the session's logs this is, one after the other. */
    this.serial = 0;
    /** Of runs that are over here, and of which something stands in the log that the store may not have. */
    this.ended = new Map();
    this.lines = [];
    this.timer = undefined;
    this.turned = 0;
    this.hasTurned = true;
    this.last = undefined;
    this.alone = 0;
    this.isAsked = false;
    this.file = -1;
    this.bytes = 0;
    this.at = HEAD;
    this.generation = 1;
    this.outstanding = 0;
    this.stuck = 0;
    this.slow = 0;
    this.first = Buffer.alloc(1);
    this.restsUntil = 0;
    this.session = session;
  }
  /** Whether a run that waits is to put its records into the log: no other one has waited of late. */
  mayKeep(who) {
    const last = this.last;
    this.last = who;
    const isAlone =
      last === who || last === undefined || last.ended !== undefined;
    this.alone = isAlone ? this.alone + 1 : 0;
    if (this.file < 0) {
      if (this.alone >= ALONE && !this.isAsked) {
        this.isAsked = true;
        // One that knows no such request has no log.
        this.session.request("log.open", {}).then(
          (answer) => {
            this.opened(answer);
          },
          () => undefined,
        );
      }
      return false;
    }
    return this.alone >= STILL_ALONE && this.isFree(monotonic());
  }
  /** Whether neither the disk nor the rest of the process has to wait for too long. */
  isFree(now) {
    if (this.hasTurned) {
      this.hasTurned = false;
      this.turned = now;
      setImmediate(() => {
        this.hasTurned = true;
      }).unref();
    }
    return now >= this.restsUntil && now - this.turned < TURN_MS;
  }
  opened(answer) {
    const log = answer["log"];
    if (log === undefined) {
      return;
    }
    this.drop();
    this.isAsked = true;
    let file;
    try {
      file = fs.openSync(log.path, "r+");
    } catch {
      return;
    }
    const head = Buffer.from(`open   conductor-log 1 ${this.session.id} `);
    const found = Buffer.alloc(head.length);
    fs.readSync(file, found, 0, head.length, 0);
    if (!found.equals(head)) {
      fs.closeSync(file);
      return;
    }
    this.file = file;
    this.bytes = log.bytes;
    this.serial += 1;
    this.at = HEAD;
    this.generation = 1;
    this.outstanding = 0;
    this.stuck = 0;
    this.slow = 0;
  }
  /** Whether the log can go on without the store: it begins anew when that has all. */
  get hasRoom() {
    return this.at - HEAD < (this.bytes - HEAD) / 2;
  }
  /** Its run is over here. */
  leave(journal) {
    if (this.file >= 0) {
      this.ended.set(journal.run, journal);
    }
  }
  /** The connection has ended: the sidecar takes over what stands in the log, and the rest is sent again. */
  lost() {
    this.lines = [];
    this.ended.clear();
    this.drop();
  }
  drop() {
    const file = this.file;
    this.file = -1;
    this.alone = 0;
    this.isAsked = false;
    if (file >= 0) {
      fs.closeSync(file);
    }
  }
  /** Sends a line that stands in the log, or is about to, soon and with others. */
  later(line) {
    this.lines.push(line);
    this.timer ??= setTimeout(() => {
      this.sendNow();
    }, SEND_MS);
  }
  sendNow() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.lines.length > 0) {
      this.session.send("");
    }
  }
  /** What is to be sent before anything else. */
  unsent() {
    const lines = this.lines;
    this.lines = [];
    return lines.join("");
  }
  /** Puts lines on the disk, of which so many are records. False where only the sidecar can: they are sent then. */
  keep(lines, records) {
    const isKept = this.put(lines, records);
    if (!isKept) {
      // Somebody waits for the sidecar, which must not wait for company.
      this.lines = this.lines.map((line) => line.replace(LOGGED, ""));
      this.sendNow();
    }
    return isKept;
  }
  put(lines, records) {
    if (!lines.every(isPlain)) {
      return false;
    }
    let frames = this.frames(lines);
    const isFree = this.outstanding === 0 && !this.hasRoom;
    if (isFree || this.at + frames.length > this.bytes) {
      if (!this.turn(frames.length)) {
        return false;
      }
      frames = this.frames(lines);
    }
    const began = monotonic();
    let written;
    try {
      written = fs.writeSync(this.file, frames, 0, frames.length, this.at);
      fs.fdatasyncSync(this.file);
      fs.readSync(this.file, this.first, 0, 1, 0);
    } catch {
      this.drop();
      return false;
    }
    const now = monotonic();
    this.slow = now - began > SLOW_MS ? this.slow + 1 : 0;
    if (this.slow >= SLOW_FLUSHES) {
      this.restsUntil = now + REST * (now - began);
    }
    this.at += frames.length;
    this.outstanding += records;
    return this.first[0] === OPEN && written === frames.length;
  }
  /** The store has so many more of those that stand in the log. */
  acknowledged(records) {
    this.outstanding -= records;
  }
  /** Begins anew at the front, where nothing in it is needed any more. */
  turn(size) {
    if (this.outstanding === 0 && HEAD + size <= this.bytes) {
      this.at = HEAD;
      this.generation += 1;
      this.stuck = 0;
      return true;
    }
    this.stuck += 1;
    if (this.stuck >= STUCK) {
      this.drop();
    }
    return false;
  }
  frames(lines) {
    const generation = hex(this.generation);
    const frames = lines.map((line) => {
      // The place of the checksum is filled when the bytes are there.
      const frame = Buffer.from(`         ${generation} ${line}`);
      frame.write(`${hex(crc32(frame, SUM))} `, 0, "latin1");
      return frame;
    });
    return frames.length === 1
      ? (frames[0] ?? Buffer.of())
      : Buffer.concat(frames);
  }
}
function hex(number) {
  return number.toString(16).padStart(8, "0");
}
/** Whether the sidecar will take it for certain: `JSON.stringify` writes half of a surrogate pair as `\ud`. */
function isPlain(line) {
  if (line.length > LINE_CHARACTERS || line.includes("\\ud")) {
    return false;
  }
  let depth = 0;
  let digits = 0;
  for (let at = 0; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    depth += code === 0x5b || code === 0x7b ? 1 : 0;
    digits += code >= 0x30 && code <= 0x39 ? 1 : 0;
  }
  return depth <= DEPTH && (digits < DIGITS || !LONG_NUMBER.test(line));
}

/**
 * What somebody waits for is sent before the turn is over: the sidecar works on it while this process goes on.
 *
 * It deliberately knows no records and no connection.
 */

/** How many have something to send before it is sent in the middle of a turn. */
const TOGETHER = 16;

/** Those who have something to send at once. */
export class Hurry {
  private readonly write: () => void;
  private waiting: (() => void)[] = [];

  /** `write` gives what they have sent to the system. */
  constructor(write: () => void) {
    this.write = write;
  }

  /** Calls `flush` when the turn is over at the latest. */
  add(flush: () => void): void {
    this.waiting.push(flush);
    if (this.waiting.length >= TOGETHER) {
      this.send();
    } else if (this.waiting.length === 1) {
      process.nextTick(() => {
        this.send();
      });
    }
  }

  private send(): void {
    const waiting = this.waiting;
    if (waiting.length > 0) {
      this.waiting = [];
      for (const flush of waiting) {
        flush();
      }
      this.write();
    }
  }
}

/**
 * What somebody waits for is sent before the turn is over: the sidecar works on it while this process goes on.
 *
 * It deliberately knows no records and no connection.
 */

/** How many have something to send before it is sent in the middle of a turn. */
const TOGETHER = 16;

/** Something that gathers what it has to send. */
export interface Hurried {
  /** Sends what somebody waits for. */
  hurried(): void;
  /** All that goes on by itself in this turn has gone on. */
  settled(): void;
}

/** Those who have something to send. */
export class Hurry {
  private readonly write: () => void;
  private waiting: Hurried[] = [];
  private unsettled: Hurried[] = [];

  /** `write` gives what they have sent to the system. */
  constructor(write: () => void) {
    this.write = write;
  }

  /** Tells `one` to send when the turn is over at the latest. */
  add(one: Hurried): void {
    this.waiting.push(one);
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
      for (const one of waiting) {
        one.hurried();
      }
      this.write();
    }
  }

  /** Tells `one` when the turn is over. All are told in one go: a callback for each would cost more than what it does. */
  addUnsettled(one: Hurried): void {
    this.unsettled.push(one);
    if (this.unsettled.length === 1) {
      process.nextTick(() => {
        const unsettled = this.unsettled;
        this.unsettled = [];
        for (const each of unsettled) {
          each.settled();
        }
      });
    }
  }
}

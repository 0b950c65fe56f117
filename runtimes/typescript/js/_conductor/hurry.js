/**
 * What somebody waits for is sent before the turn is over: the sidecar works on it while this process goes on.
 *
 * It deliberately knows no records and no connection.
 */
/** How many have something to send before it is sent in the middle of a turn. */
const TOGETHER = 16;
/** Those who have something to send. */
export class Hurry {
  /** `write` gives what they have sent to the system. */
  constructor(write) {
    this.waiting = [];
    this.unsettled = [];
    this.write = write;
  }
  /** Tells `one` to send when the turn is over at the latest. */
  add(one) {
    this.waiting.push(one);
    if (this.waiting.length >= TOGETHER) {
      this.send();
    } else if (this.waiting.length === 1) {
      process.nextTick(() => {
        this.send();
      });
    }
  }
  send() {
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
  addUnsettled(one) {
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

/**
 * How long this process may begin attempts without another word of the sidecar.
 *
 * It deliberately sends nothing.
 */
import { monotonic } from "./timer.js";
export class Lease {
  constructor() {
    /** Unknown until the sidecar has said it in its answer to `hello`. */
    this.milliseconds = 0;
    this.until = 0;
    this.waiters = [];
  }
  /** A message that was sent at that moment has been answered. */
  renew(sent) {
    this.until = Math.max(this.until, sent + this.milliseconds);
    const waiters = this.waiters;
    this.waiters = [];
    for (const wake of waiters) {
      wake();
    }
  }
  get isHeld() {
    return monotonic() < this.until;
  }
  /** Waits until attempts may begin. */
  async held() {
    while (!this.isHeld) {
      await new Promise((wake) => {
        this.waiters.push(wake);
      });
    }
  }
}

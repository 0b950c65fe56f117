/**
 * How long this process may begin attempts without another word of the sidecar.
 *
 * It deliberately sends nothing.
 */

import { monotonic } from "./timer.js";

export class Lease {
  /** Unknown until the sidecar has said it in its answer to `hello`. */
  milliseconds = 0;
  until = 0;
  private waiters: (() => void)[] = [];

  /** A message that was sent at that moment has been answered. */
  renew(sent: number): void {
    this.until = Math.max(this.until, sent + this.milliseconds);
    const waiters = this.waiters;
    this.waiters = [];
    for (const wake of waiters) {
      wake();
    }
  }

  get isHeld(): boolean {
    return monotonic() < this.until;
  }

  /** Waits until attempts may begin. */
  async held(): Promise<void> {
    while (!this.isHeld) {
      await new Promise<void>((wake) => {
        this.waiters.push(wake);
      });
    }
  }
}

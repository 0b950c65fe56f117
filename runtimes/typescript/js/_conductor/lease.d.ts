/**
 * How long this process may begin attempts without another word of the sidecar.
 *
 * It deliberately sends nothing.
 */
export declare class Lease {
  /** Unknown until the sidecar has said it in its answer to `hello`. */
  milliseconds: number;
  until: number;
  private waiters;
  /** A message that was sent at that moment has been answered. */
  renew(sent: number): void;
  get isHeld(): boolean;
  /** Waits until attempts may begin. */
  held(): Promise<void>;
}

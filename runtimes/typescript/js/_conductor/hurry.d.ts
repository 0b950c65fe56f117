/**
 * What somebody waits for is sent before the turn is over: the sidecar works on it while this process goes on.
 *
 * It deliberately knows no records and no connection.
 */
/** Those who have something to send at once. */
export declare class Hurry {
  private readonly write;
  private waiting;
  /** `write` gives what they have sent to the system. */
  constructor(write: () => void);
  /** Calls `flush` when the turn is over at the latest. */
  add(flush: () => void): void;
  private send;
}

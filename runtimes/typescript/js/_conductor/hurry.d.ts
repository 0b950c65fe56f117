/**
 * What somebody waits for is sent before the turn is over: the sidecar works on it while this process goes on.
 *
 * It deliberately knows no records and no connection.
 */
/** Something that gathers what it has to send. */
export interface Hurried {
  /** Sends what somebody waits for. */
  hurried(): void;
  /** All that goes on by itself in this turn has gone on. */
  settled(): void;
}
/** Those who have something to send. */
export declare class Hurry {
  private readonly write;
  private waiting;
  private unsettled;
  /** `write` gives what they have sent to the system. */
  constructor(write: () => void);
  /** Tells `one` to send when the turn is over at the latest. */
  add(one: Hurried): void;
  private send;
  /** Tells `one` when the turn is over. All are told in one go: a callback for each would cost more than what it does. */
  addUnsettled(one: Hurried): void;
}

/**
 * Time limits of attempts. All of one length share a timer: most attempts end long before, and making and clearing a timer for each
 * costs more than a plain call. So does asking for the time, which is done once for all that begin in a turn of the event loop:
 * none is over before the end of the turn in which it began anyway.
 *
 * It deliberately knows nothing of cancellation.
 */
/** One that is running; [`Limit.end`] takes it back. */
declare class Limit {
  /** Known from the end of the turn on in which it began. */
  endsAt: number | undefined;
  readonly over: () => void;
  readonly queue: Queue;
  before: Limit | undefined;
  after: Limit | undefined;
  private isOver;
  constructor(queue: Queue, over: () => void);
  end(): void;
}
export type { Limit };
/** Limits of one length, in the order of their ends. */
declare class Queue {
  readonly milliseconds: number;
  private first;
  private last;
  /** Set for the end of a limit that was first once; it keeps the process alive while there are any. */
  private timer;
  private isTurning;
  constructor(milliseconds: number);
  add(over: () => void): Limit;
  remove(limit: Limit): void;
  /** Has the timer minded once, at the end of the turn. */
  private changed;
  private readonly turned;
  private start;
  private tell;
}
/** Calls `over` in so many milliseconds, unless the limit is taken back before. */
export declare function limit(milliseconds: number, over: () => void): Limit;

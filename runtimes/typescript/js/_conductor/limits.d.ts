/**
 * Time limits of attempts. All of one length share a timer: most attempts end long before, and making and clearing a timer for each
 * costs more than a plain call.
 *
 * It deliberately knows nothing of cancellation.
 */
/** One that is running; [`Limit.end`] takes it back. */
declare class Limit {
  readonly endsAt: number;
  readonly over: () => void;
  readonly queue: Queue;
  before: Limit | undefined;
  after: Limit | undefined;
  private isOver;
  constructor(queue: Queue, endsAt: number, over: () => void);
  end(): void;
}
export type { Limit };
/** Limits of one length, in the order of their ends. */
declare class Queue {
  private readonly milliseconds;
  private first;
  private last;
  /** Set for the end of a limit that was first once; it keeps the process alive while there are any. */
  private timer;
  constructor(milliseconds: number);
  add(over: () => void): Limit;
  remove(limit: Limit): void;
  private start;
  private tell;
}
/** Calls `over` in so many milliseconds, unless the limit is taken back before. */
export declare function limit(milliseconds: number, over: () => void): Limit;

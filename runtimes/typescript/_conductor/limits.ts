/**
 * Time limits of attempts. All of one length share a timer: most attempts end long before, and making and clearing a timer for each
 * costs more than a plain call.
 *
 * It deliberately knows nothing of cancellation.
 */

import { LONGEST, monotonic } from "./timer.js";

/** One that is running; [`Limit.end`] takes it back. */
class Limit {
  readonly endsAt: number;
  readonly over: () => void;
  readonly queue: Queue;
  before: Limit | undefined = undefined;
  after: Limit | undefined = undefined;
  private isOver = false;

  constructor(queue: Queue, endsAt: number, over: () => void) {
    this.queue = queue;
    this.endsAt = endsAt;
    this.over = over;
  }

  end(): void {
    if (!this.isOver) {
      this.isOver = true;
      this.queue.remove(this);
    }
  }
}

export type { Limit };

/** Limits of one length, in the order of their ends. */
class Queue {
  private readonly milliseconds: number;
  private first: Limit | undefined = undefined;
  private last: Limit | undefined = undefined;
  /** Set for the end of a limit that was first once; it keeps the process alive while there are any. */
  private timer: NodeJS.Timeout | undefined = undefined;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }

  add(over: () => void): Limit {
    const limit = new Limit(this, monotonic() + this.milliseconds, over);
    const { last } = this;
    this.last = limit;
    if (last === undefined) {
      this.first = limit;
      if (this.timer === undefined) {
        this.start(this.milliseconds);
      } else {
        this.timer.ref();
      }
    } else {
      limit.before = last;
      last.after = limit;
    }
    return limit;
  }

  remove(limit: Limit): void {
    const { before, after } = limit;
    if (before === undefined) {
      this.first = after;
    } else {
      before.after = after;
    }
    if (after === undefined) {
      this.last = before;
    } else {
      after.before = before;
    }
    if (this.first === undefined) {
      this.timer?.unref();
    }
  }

  private start(milliseconds: number): void {
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.tell();
      },
      Math.min(LONGEST, milliseconds),
    );
  }

  private tell(): void {
    const now = monotonic();
    for (let { first } = this; first !== undefined; { first } = this) {
      if (first.endsAt > now) {
        this.start(first.endsAt - now);
        return;
      }
      first.end();
      first.over();
    }
  }
}

/** Lengths stand in the code, so that there are few. */
const queues = new Map<number, Queue>();

/** Calls `over` in so many milliseconds, unless the limit is taken back before. */
export function limit(milliseconds: number, over: () => void): Limit {
  let queue = queues.get(milliseconds);
  if (queue === undefined) {
    queue = new Queue(milliseconds);
    queues.set(milliseconds, queue);
  }
  return queue.add(over);
}

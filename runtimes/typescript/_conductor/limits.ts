/**
 * Time limits of attempts. All of one length share a timer: most attempts end long before, and making and clearing a timer for each
 * costs more than a plain call. So does asking for the time, which is done once for all that begin in a turn of the event loop:
 * none is over before the end of the turn in which it began anyway.
 *
 * It deliberately knows nothing of cancellation.
 */

import { LONGEST, monotonic } from "./timer.js";

/** One that is running; [`Limit.end`] takes it back. */
class Limit {
  /** Known from the end of the turn on in which it began. */
  endsAt: number | undefined = undefined;
  readonly over: () => void;
  readonly queue: Queue;
  before: Limit | undefined = undefined;
  after: Limit | undefined = undefined;
  private isOver = false;

  constructor(queue: Queue, over: () => void) {
    this.queue = queue;
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
  readonly milliseconds: number;
  private first: Limit | undefined = undefined;
  private last: Limit | undefined = undefined;
  /** Set for the end of a limit that was first once; it keeps the process alive while there are any. */
  private timer: NodeJS.Timeout | undefined = undefined;
  private isTurning = false;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }

  add(over: () => void): Limit {
    const limit = new Limit(this, over);
    const { last } = this;
    this.last = limit;
    if (last === undefined) {
      this.first = limit;
    } else {
      limit.before = last;
      last.after = limit;
    }
    this.changed();
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
      this.changed();
    }
  }

  /** Has the timer minded once, at the end of the turn. */
  private changed(): void {
    if (!this.isTurning) {
      this.isTurning = true;
      setImmediate(this.turned);
    }
  }

  private readonly turned = (): void => {
    this.isTurning = false;
    if (this.first === undefined) {
      this.timer?.unref();
      return;
    }
    const endsAt = monotonic() + this.milliseconds;
    let { last } = this;
    while (last !== undefined && last.endsAt === undefined) {
      last.endsAt = endsAt;
      last = last.before;
    }
    if (this.timer === undefined) {
      this.start(this.milliseconds);
    } else {
      this.timer.ref();
    }
  };

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
    for (let { first } = this; first?.endsAt !== undefined; { first } = this) {
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
let latest: Queue | undefined;

/** Calls `over` in so many milliseconds, unless the limit is taken back before. */
export function limit(milliseconds: number, over: () => void): Limit {
  let queue =
    latest?.milliseconds === milliseconds ? latest : queues.get(milliseconds);
  if (queue === undefined) {
    queue = new Queue(milliseconds);
    queues.set(milliseconds, queue);
  }
  latest = queue;
  return queue.add(over);
}

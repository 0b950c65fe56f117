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
  constructor(queue, over) {
    /** Known from the end of the turn on in which it began. */
    this.endsAt = undefined;
    this.before = undefined;
    this.after = undefined;
    this.isOver = false;
    this.queue = queue;
    this.over = over;
  }
  end() {
    if (!this.isOver) {
      this.isOver = true;
      this.queue.remove(this);
    }
  }
}
/** Limits of one length, in the order of their ends. */
class Queue {
  constructor(milliseconds) {
    this.first = undefined;
    this.last = undefined;
    /** Set for the end of a limit that was first once; it keeps the process alive while there are any. */
    this.timer = undefined;
    this.isTurning = false;
    this.turned = () => {
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
    this.milliseconds = milliseconds;
  }
  add(over) {
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
  remove(limit) {
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
  changed() {
    if (!this.isTurning) {
      this.isTurning = true;
      setImmediate(this.turned);
    }
  }
  start(milliseconds) {
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.tell();
      },
      Math.min(LONGEST, milliseconds),
    );
  }
  tell() {
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
const queues = new Map();
let latest;
/** Calls `over` in so many milliseconds, unless the limit is taken back before. */
export function limit(milliseconds, over) {
  let queue =
    latest?.milliseconds === milliseconds ? latest : queues.get(milliseconds);
  if (queue === undefined) {
    queue = new Queue(milliseconds);
    queues.set(milliseconds, queue);
  }
  latest = queue;
  return queue.add(over);
}

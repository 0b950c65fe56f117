/**
 * Results that are kept for equal calls, for a time.
 *
 * It deliberately knows no tasks, and does not outlive the process.
 */
import { dumps } from "./json.js";
import { monotonic } from "./timer.js";
/** The key of a call: its arguments as JSON. */
export function cacheKey(...values) {
  return dumps(values);
}
/** So many results are kept before the oldest are let go. */
const KEPT = 10_000;
export class Cache {
  /** Of results that are good for so many milliseconds. */
  constructor(ttl) {
    this.entries = new Map();
    this.ttl = ttl;
  }
  /** What is kept under the key, where its time is not over. */
  get(key) {
    const found = this.entries.get(key);
    if (found !== undefined && found.until <= monotonic()) {
      this.entries.delete(key);
      return undefined;
    }
    return found;
  }
  /** Keeps a result. */
  set(key, value) {
    this.entries.delete(key);
    const now = monotonic();
    // All live equally long, so that the oldest end first.
    for (const [oldest, { until }] of this.entries) {
      if (until > now && this.entries.size < KEPT) {
        break;
      }
      this.entries.delete(oldest);
    }
    this.entries.set(key, { value, until: now + this.ttl });
  }
  /** The place of one call. */
  entry(key) {
    return {
      get: () => this.get(key),
      set: (value) => {
        this.set(key, value);
      },
    };
  }
}

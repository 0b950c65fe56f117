/**
 * Results that are kept for equal calls, for a time.
 *
 * It deliberately knows no tasks, and does not outlive the process.
 */

import { dumps } from "./json.js";
import { monotonic } from "./timer.js";

/** The key of a call: its arguments as JSON. */
export function cacheKey(...values: readonly unknown[]): string {
  return dumps(values);
}

/** So many results are kept before the oldest are let go. */
const KEPT = 10_000;

export class Cache<T = unknown> {
  private readonly ttl: number;
  private readonly entries = new Map<string, { value: T; until: number }>();

  /** Of results that are good for so many milliseconds. */
  constructor(ttl: number) {
    this.ttl = ttl;
  }

  /** What is kept under the key, where its time is not over. */
  get(key: string): { readonly value: T } | undefined {
    const found = this.entries.get(key);
    if (found !== undefined && found.until <= monotonic()) {
      this.entries.delete(key);
      return undefined;
    }
    return found;
  }

  /** Keeps a result. */
  set(key: string, value: T): void {
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
  entry(key: string): CacheEntry<T> {
    return {
      get: () => this.get(key),
      set: (value) => {
        this.set(key, value);
      },
    };
  }
}

/** Where the result of one call is kept. */
export interface CacheEntry<T = unknown> {
  get(): { readonly value: T } | undefined;
  set(value: T): void;
}

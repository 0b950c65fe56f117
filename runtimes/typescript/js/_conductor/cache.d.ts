/**
 * Results that are kept for equal calls, for a time.
 *
 * It deliberately knows no tasks, and does not outlive the process.
 */
/** The key of a call: its arguments as JSON. */
export declare function cacheKey(...values: readonly unknown[]): string;
export declare class Cache<T = unknown> {
  private readonly ttl;
  private readonly entries;
  /** Of results that are good for so many milliseconds. */
  constructor(ttl: number);
  /** What is kept under the key, where its time is not over. */
  get(key: string):
    | {
        readonly value: T;
      }
    | undefined;
  /** Keeps a result. */
  set(key: string, value: T): void;
  /** The place of one call. */
  entry(key: string): CacheEntry<T>;
}
/** Where the result of one call is kept. */
export interface CacheEntry<T = unknown> {
  get():
    | {
        readonly value: T;
      }
    | undefined;
  set(value: T): void;
}

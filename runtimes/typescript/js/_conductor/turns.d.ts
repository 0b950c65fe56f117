/**
 * The places of workflows that keep no journal: how many runs of one, or of one for each key, are under way in this thread.
 *
 * It deliberately knows no sidecar: what processes share, durable workflows have.
 */
import type { Scope } from "./scope.js";
export interface Turn {
  readonly limit: number;
  readonly key?: unknown;
}
/** Calls `work` when it is its turn; first come, first served. */
export declare function inTurn<T>(
  workflow: string,
  turn: Turn,
  scope: Scope,
  work: () => T | PromiseLike<T>,
): Promise<T>;

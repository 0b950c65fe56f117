/**
 * The places of workflows that keep no journal: how many runs of one, or of one for each key, are under way in this thread.
 *
 * It deliberately knows no sidecar: what processes share, durable workflows have.
 */

import { cacheKey } from "./cache.js";
import { Permits } from "./permits.js";
import type { Scope } from "./scope.js";

export interface Turn {
  readonly limit: number;
  readonly key?: unknown;
}

/** Kept while somebody has a place or waits for one. */
const places = new Map<string, { permits: Permits; users: number }>();

/** Calls `work` when it is its turn; first come, first served. */
export async function inTurn<T>(
  workflow: string,
  turn: Turn,
  scope: Scope,
  work: () => T | PromiseLike<T>,
): Promise<T> {
  const name = cacheKey(workflow, turn.key ?? null);
  const place = places.get(name) ?? {
    permits: new Permits(turn.limit),
    users: 0,
  };
  places.set(name, place);
  place.users += 1;
  try {
    await place.permits.take(scope);
    try {
      return await work();
    } finally {
      place.permits.giveBack();
    }
  } finally {
    place.users -= 1;
    if (place.users === 0) {
      places.delete(name);
    }
  }
}

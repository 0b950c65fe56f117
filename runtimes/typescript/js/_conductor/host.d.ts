/**
 * Permits that all processes of the host share: the sidecar grants them; without one this process decides alone.
 *
 * One that nobody else waits for is leased: it serves one attempt after the other with no word to the sidecar. Starts of
 * a rate are leased ahead, for a moment, to who makes many.
 * It deliberately knows nothing of whose turn it is: that is the sidecar's to say.
 */
import type { Rate } from "./permits.js";
import type { Scope } from "./scope.js";
import type { Session } from "./session.js";
/** What is asked for. */
export interface Wanted {
  readonly id: string;
  readonly limit: number | undefined;
  readonly rate: Rate | undefined;
}
/** Takes a permit in its turn among all processes, and says how it is given back. Nothing where this process has to decide alone. */
export declare function takeOfHost(
  wanted: Wanted,
  scope: Scope,
  given: Session | undefined,
): Promise<(() => void) | undefined>;

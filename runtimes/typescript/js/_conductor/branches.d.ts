/**
 * Branches at the same time: started as far as width and needs allow, ended together.
 *
 * It deliberately knows no journal: which branch has decided is told to a callback, and an earlier decision is given to it.
 */
import type { Scope } from "./scope.js";
export interface Plan {
  readonly count: number;
  /** Starts a branch; `decides` where an earlier life of the run says that this one decided. */
  readonly start: (index: number, decides: boolean) => unknown;
  /** How many go on at a time. */
  readonly width?: number | undefined;
  readonly onFailure?: "cancel" | "wait" | undefined;
  /** The first success decides, not the first failure. */
  readonly isRace?: boolean;
  /** Whether a branch that ended without an error has succeeded, in a race. */
  readonly wins?: (index: number) => boolean;
  /** For each branch, which must have ended before. */
  readonly needs?: readonly (readonly number[])[];
  /** The branch that decided in an earlier life of the run. */
  readonly recorded?: number | undefined;
  /** A branch has decided. */
  readonly choose?: ((index: number) => void) | undefined;
}
type End =
  | {
      readonly ok: true;
      readonly value: unknown;
    }
  | {
      readonly ok: false;
      readonly error: unknown;
    };
/** How the branches ended: those that never began have no end. */
export interface Ended {
  readonly ends: readonly (End | undefined)[];
  readonly decided: number | undefined;
}
/** Runs the branches in `inner`, a scope inside of `outer`; it ends when all that were started have. */
export declare function runBranches(
  outer: Scope,
  inner: Scope,
  plan: Plan,
): Promise<Ended>;
/** The results of branches that all had to succeed; the failure that decided is thrown. */
export declare function allOf({ ends, decided }: Ended): unknown[];
/** The result of the first that succeeded; where none did, the failure of the first in source order, else null. */
export declare function winnerOf({ ends, decided }: Ended): unknown;
export {};

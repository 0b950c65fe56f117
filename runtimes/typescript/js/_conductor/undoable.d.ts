/**
 * A write that something undoes, in a workflow that keeps no journal: done, not done, or cut off so that nobody knows.
 *
 * It deliberately knows not how it is undone.
 */
import type { LocalRun } from "./local.js";
export declare class Undoable<T> {
  private readonly run;
  private readonly id;
  /** Notes what undoes it. */
  private readonly note;
  private hasCompleted;
  private noted;
  constructor(run: LocalRun, id: string, note: (result: T | null) => void);
  /** Makes an attempt. One that is cut off may have happened. */
  attempt<R>(run: LocalRun, work: () => R | PromiseLike<R>): Promise<R>;
  /** It has this result, which is what is undone, whatever was cut off before. */
  completed(result?: T | null): void;
  private keep;
}
/** Undoes everything, the last first. Where something cannot be undone, what is left is not, and the run ends as it would have. */
export declare function undoAll(
  workflow: string,
  undo: (() => Promise<void>)[],
): Promise<void>;

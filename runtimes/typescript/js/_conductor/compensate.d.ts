/**
 * Compensation: undoing what a run did, in the reverse order of recorded completion.
 *
 * It deliberately knows not why. Neither cancellation nor a deadline reaches it; when an undoing fails for good, the run waits for a person.
 */
import type { Run } from "./run.js";
/** Undoes everything that the run did; throws a pause where that is not possible. */
export declare function undoAll(run: Run): Promise<void>;

/**
 * A write that something undoes, in a workflow that keeps no journal: done, not done, or cut off so that nobody knows.
 *
 * It deliberately knows not how it is undone.
 */
import { isOverTime } from "./attempt.js";
import { Control, passControl } from "./control.js";
import { OutcomeUnknown, textOf } from "./errors.js";
import { logger } from "./log.js";
import { isInterruption } from "./work.js";
export class Undoable {
  constructor(run, id, note) {
    this.hasCompleted = false;
    this.noted = undefined;
    this.run = run;
    this.id = id;
    this.note = note;
  }
  /** Makes an attempt. One that is cut off may have happened. */
  async attempt(run, work) {
    try {
      return await work();
    } catch (error) {
      if (!this.hasCompleted && isCutOff(error, run)) {
        this.keep(null);
      }
      throw error;
    }
  }
  /** It has this result, which is what is undone, whatever was cut off before. */
  completed(result = null) {
    this.hasCompleted = true;
    this.keep(result);
  }
  keep(result) {
    const { undo, later } = this.run.extras;
    const list = later ?? undo;
    const before = list.indexOf(this.noted);
    if (before >= 0) {
      list.splice(before, 1);
    }
    try {
      this.note(result);
    } catch (error) {
      passControl(error);
      // Without its result it cannot be undone, which is told when it is to be.
      this.run.undoWith(this.id, () => {
        throw error;
      });
    }
    this.noted = list.at(-1);
  }
}
function isCutOff(error, run) {
  const { reason } = run.scope;
  return (
    error instanceof Control ||
    error instanceof OutcomeUnknown ||
    isOverTime(error) ||
    (reason !== undefined && isInterruption(error, reason))
  );
}
/** Undoes everything, the last first. Where something cannot be undone, what is left is not, and the run ends as it would have. */
export async function undoAll(workflow, undo) {
  try {
    for (const one of undo.splice(0).reverse()) {
      await one();
    }
  } catch (error) {
    logger().error(
      `workflow ${workflow} could not be undone: ${textOf(error)}`,
      error,
    );
  }
}

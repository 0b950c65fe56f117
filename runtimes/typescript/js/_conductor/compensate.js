/**
 * Compensation: undoing what a run did, in the reverse order of recorded completion.
 *
 * It deliberately knows not why. Neither cancellation nor a deadline reaches it; when an undoing fails for good, the run waits for a person.
 */
import { Control, Halt } from "./control.js";
import { StepFailed, textOf } from "./errors.js";
import { readHistory } from "./execution.js";
import { prefixOf } from "./workflow.js";
/** Undoes everything that the run did; throws a pause where that is not possible. */
export function undoAll(run) {
  return undo(run, run.parts.workflow, run.history, run.id, "");
}
/** Undoes what the history of the run `of` has; `above` is what stands before its keys, for a sub-workflow. */
async function undo(run, workflow, history, of, above) {
  // Compensations are steps themselves, and are not undone.
  for (const { key, args } of [...history.undo].reverse()) {
    if (run.history.isDone(`${above}${key}.compensate`)) {
      continue;
    }
    const child = args === undefined ? workflow.child(key) : undefined;
    const inside = history.inside.get(key);
    if (inside !== undefined) {
      await undoInside(`${above}${key}`, inside);
    } else if (child !== undefined) {
      const id = history.keyOf(of, key);
      const past = await readHistory(run.session, id);
      await undo(run, child, past, id, `${above}${key}/`);
    } else if (args !== undefined) {
      await undoStep(run, workflow, `${above}${key}`, key, args);
    }
  }
}
/** A workflow without a journal is undone as a whole, in its own reverse order. */
async function undoInside(key, inside) {
  for (const each of [...inside].reverse()) {
    try {
      await each();
    } catch (error) {
      throw couldNot(key, error);
    }
  }
}
function couldNot(key, error) {
  if (error instanceof Control) {
    return error;
  }
  const cause = error instanceof StepFailed ? error.error : error;
  const reason = `what \`${key}\` did could not be undone: ${textOf(cause)}`;
  return new Halt(reason, `${key}.compensate`);
}
async function undoStep(run, workflow, fullKey, key, args) {
  const undoing = `${fullKey}.compensate`;
  const compensation = workflow.compensation(key);
  if (typeof args === "string" || compensation === undefined) {
    const reason =
      typeof args === "string"
        ? args
        : `the workflow does not say how ${key} is undone`;
    throw new Halt(reason, undoing);
  }
  const above = fullKey.slice(0, fullKey.length - key.length);
  const inside = run.shielded(`${above}${prefixOf(key)}`);
  try {
    await compensation(inside, args);
  } catch (error) {
    throw couldNot(fullKey, error);
  }
}

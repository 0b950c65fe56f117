/**
 * What a step is: its effect, its limits, and what it takes.
 *
 * It deliberately knows not how the step is executed.
 */
import { ExpressionError } from "./errors.js";
/** The time of an attempt that begins now, in milliseconds. */
export function timeoutOf(options) {
  return options.policy?.timeout ?? options.timeout;
}
/** What `make` gives; where an argument has no value, the reason, which is told when the step is to be undone. */
export function undoArguments(make) {
  try {
    return make();
  } catch (error) {
    if (error instanceof ExpressionError) {
      return error.message;
    }
    throw error;
  }
}

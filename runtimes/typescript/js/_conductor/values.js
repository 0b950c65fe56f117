/**
 * Values as they are written down: JSON of a bounded size.
 *
 * It deliberately knows no types.
 */
import { ResultError } from "./errors.js";
import { wire } from "./json.js";
/** The JSON of a value, which must not be larger than a journal takes. */
export function written(value, limit, what) {
  const made = wire(value);
  const size = Buffer.byteLength(made.text);
  if (size > limit) {
    const bytes = String(size);
    throw new ResultError(
      `the ${what} has ${bytes} bytes as JSON, the limit is ${String(limit)}`,
    );
  }
  return made;
}

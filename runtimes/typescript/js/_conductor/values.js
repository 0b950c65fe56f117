/**
 * Values as they are written down: JSON of a bounded size.
 *
 * It deliberately knows no types.
 */
import { ResultError } from "./errors.js";
import { dumps } from "./json.js";
/** The JSON of a value, which must not be larger than a journal takes. */
export function written(value, limit, what) {
  const text = dumps(value);
  const size = Buffer.byteLength(text);
  if (size > limit) {
    const bytes = String(size);
    throw new ResultError(
      `the ${what} has ${bytes} bytes as JSON, the limit is ${String(limit)}`,
    );
  }
  return text;
}

/**
 * Values as they are written down: JSON of a bounded size.
 *
 * It deliberately knows no types.
 */

import { ResultError } from "./errors.js";
import { dumps, type Json } from "./json.js";

/** The JSON of a value, which must not be larger than a journal takes. */
export function written(value: Json, limit: number, what: string): string {
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

/**
 * The error for a value that is not of its type, with the value in bounded length.
 *
 * It deliberately knows no types.
 */
import { ResultError } from "./errors.js";
/** So many characters of a value are shown. */
const SHOWN = 80;
export function mismatch(expected, value) {
  return new ResultError(`expected ${expected}, got ${shown(value)}`);
}
/** A value for whoever reads a message: its kind, and what it is as far as there is room. */
export function shown(value) {
  const kind = kindOf(value);
  if (value === null || value === undefined) {
    return kind;
  }
  let text;
  try {
    text = typeof value === "object" ? JSON.stringify(value) : `${value}`;
  } catch {
    return kind;
  }
  const cut = text.length <= SHOWN ? text : `${text.slice(0, SHOWN - 3)}...`;
  return `${kind} ${cut}`;
}
/** The name of a value's class, or of its type. */
export function kindOf(value) {
  if (value === null) {
    return "null";
  }
  if (typeof value !== "object") {
    return typeof value;
  }
  const prototype = Object.getPrototypeOf(value);
  const constructor =
    prototype instanceof Object ? prototype.constructor.name : "";
  return constructor === "" ? "object" : constructor;
}

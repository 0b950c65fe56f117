/**
 * Keeps the values of secret inputs out of what this process logs.
 *
 * It deliberately knows no run: what is hidden is counted, and found in any text.
 */
import { inspect } from "node:util";
const STARS = "***";
/** Shorter texts are not looked for inside of others. */
const SHORT = 4;
const hidden = new Map();
/** Hides the values of these inputs until what it returns is called. */
export function hide(names, inputs) {
  const found = new Set();
  for (const name of names) {
    collect(inputs[name], found);
  }
  for (const text of found) {
    hidden.set(text, (hidden.get(text) ?? 0) + 1);
  }
  return () => {
    for (const text of found) {
      const count = (hidden.get(text) ?? 0) - 1;
      if (count > 0) {
        hidden.set(text, count);
      } else {
        hidden.delete(text);
      }
    }
  };
}
/** What is hidden, the longest first; nothing where all may be seen. */
function values() {
  return [...hidden.keys()].sort((one, other) => other.length - one.length);
}
/** The text without what is hidden. */
export function masked(text) {
  return values().reduce(
    (shown, value) => shown.replaceAll(value, STARS),
    text,
  );
}
/** An error as it may be logged: itself, or its text where that holds something hidden. */
export function maskedError(error) {
  if (error === undefined || hidden.size === 0) {
    return error;
  }
  const text = inspect(error);
  const shown = masked(text);
  return shown === text ? error : shown;
}
function collect(value, found) {
  if (typeof value === "string" || typeof value === "number") {
    if (String(value).length >= SHORT) {
      found.add(String(value));
    }
  } else if (Array.isArray(value)) {
    for (const item of value) {
      collect(item, found);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) {
      collect(item, found);
    }
  }
}

/**
 * Durations as the manifest writes them in JSON: seconds with a fraction and an `s`.
 *
 * It deliberately knows no calendar.
 */
import { mismatch } from "./mismatch.js";
const DURATION = /^(-?)([0-9]+)(?:\.([0-9]{1,6}))?s$/;
/** Microseconds of the longest duration that all languages hold: a `timedelta` of 999,999,999 days. */
const LONGEST = 86400000000000000000n;
/** Microseconds of a duration such as `1.5s`. */
export function decodeMicros(value) {
  const match = typeof value === "string" ? DURATION.exec(value) : null;
  if (match === null) {
    throw mismatch("a duration in seconds, such as '1.5s'", value);
  }
  const [, sign, seconds = "", fraction = ""] = match;
  const micros = BigInt(seconds) * 1000000n + BigInt(fraction.padEnd(6, "0"));
  if (micros >= LONGEST) {
    throw mismatch("a duration that every language can hold", value);
  }
  return sign === "-" ? -micros : micros;
}
/** A duration in its usual form: `90s`, `-0.5s`. */
export function microsText(micros) {
  const sign = micros < 0n ? "-" : "";
  const size = micros < 0n ? -micros : micros;
  const rest = size % 1000000n;
  const fraction =
    rest === 0n
      ? ""
      : `.${rest.toString().padStart(6, "0").replace(/0+$/, "")}`;
  return `${sign}${(size / 1000000n).toString()}${fraction}s`;
}
/** Milliseconds of a duration, with a fraction. */
export function decodeMilliseconds(value) {
  return Number(decodeMicros(value)) / 1000;
}

/**
 * CEL's times: how they are read, what a calendar in any zone shows of them, and their arithmetic.
 *
 * It deliberately knows no clock: it reads no current time and no local zone. A date is text, as is a duration.
 */
import { noOverload } from "./cel.js";
import { decodeMicros, microsText } from "./durations.js";
import { ExpressionError, ResultError } from "./errors.js";
import {
  dateText,
  epochMicros,
  isLocal,
  momentOf,
  momentText,
  readDate,
  readMoment,
  readOffset,
} from "./moment.js";
import { fieldsIn } from "./zones.js";
const INT_MAX = 2n ** 63n - 1n;
const DAY_MICROS = 86400000000n;
function outside(what) {
  return new ExpressionError(`this ${what} is outside the years 1 to 9999`);
}
function moment(micros, local = false) {
  const found = momentOf(micros, local);
  if (found === undefined) {
    throw outside("timestamp");
  }
  return found;
}
/** RFC 3339, seconds since 1970, or what is a moment already; in UTC. */
export function timestamp(of) {
  if (of instanceof Date) {
    return of;
  }
  if (typeof of === "bigint" || Number.isSafeInteger(of)) {
    return moment(BigInt(of) * 1000000n);
  }
  if (typeof of !== "string") {
    throw noOverload("timestamp", of);
  }
  const found = of.includes(" ") ? undefined : readMoment(of);
  if (found === undefined || isLocal(found)) {
    throw new ExpressionError(`timestamp: ${JSON.stringify(of)} is none`);
  }
  return found;
}
/** RFC 3339 in UTC, with as many decimals as needed. */
export function timestampText(of) {
  return momentText(of);
}
/** Negative, zero or positive. */
export function compareTimestamps(left, right) {
  if (isLocal(left) !== isLocal(right)) {
    throw noOverload("comparison", left, right);
  }
  return Number(epochMicros(left) - epochMicros(right));
}
/** Negative, zero or positive. */
export function compareDurations(left, right) {
  return Number(spanMicros(left) - spanMicros(right));
}
/** The midnight of a date in UTC. */
export function timestampOfDate(of) {
  return moment(micros(of));
}
function micros(date) {
  const found = readDate(date);
  if (found === undefined) {
    throw new ExpressionError(`date: ${JSON.stringify(date)} is none`);
  }
  return BigInt(found) * 1000n;
}
const UNITS = {
  h: 3600000000000n,
  m: 60000000000n,
  s: 1000000000n,
  ms: 1000000n,
  us: 1000n,
  "\u00b5s": 1000n,
  "\u03bcs": 1000n,
  ns: 1n,
};
const PART = /([0-9]*)(?:\.([0-9]*))?(h|ms|us|\u00b5s|\u03bcs|ns|m|s)/y;
/** `-1h30m2.5s`. */
export function duration(of) {
  if (typeof of !== "string") {
    throw noOverload("duration", of);
  }
  const rest = /^[-+]/.test(of) ? of.slice(1) : of;
  const nanos = rest === "0" ? 0n : readParts(rest);
  if (nanos === undefined) {
    throw new ExpressionError(`duration: ${JSON.stringify(of)} is none`);
  }
  if (nanos > INT_MAX) {
    throw new ExpressionError("this duration is longer than 292 years");
  }
  const size = nanos / 1000n;
  return microsText(of.startsWith("-") ? -size : size);
}
function readParts(text) {
  let nanos = 0n;
  let at = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const match = PART.exec(text);
    const [part = "", whole = "", fraction = "", name = ""] = match ?? [];
    const unit = UNITS[name];
    const isWrong = whole === "" && fraction === "";
    if (unit === undefined || isWrong || whole.length > 20) {
      return undefined;
    }
    nanos += BigInt(whole === "" ? 0 : whole) * unit;
    let place = unit;
    for (const digit of fraction.slice(0, 16)) {
      place /= 10n;
      nanos += BigInt(digit) * place;
    }
    at += part.length;
  }
  return text === "" ? undefined : nanos;
}
/** `2026-01-31`, or the day of a timestamp in UTC. */
export function date(of) {
  if (of instanceof Date) {
    return dateText(of);
  }
  if (typeof of !== "string") {
    throw noOverload("date", of);
  }
  micros(of);
  return of;
}
/** The duration; an error where it does not fit 64 bits of nanoseconds. */
function span(size) {
  const absolute = size < 0n ? -size : size;
  if (absolute > INT_MAX / 1000n) {
    throw new ExpressionError("this duration is longer than 292 years");
  }
  return microsText(size);
}
function spanMicros(of) {
  try {
    return decodeMicros(of);
  } catch (error) {
    if (error instanceof ResultError) {
      throw new ExpressionError(error.message);
    }
    throw error;
  }
}
export function spansAdded(left, right) {
  return span(spanMicros(left) + spanMicros(right));
}
export function spansSubtracted(left, right) {
  return span(spanMicros(left) - spanMicros(right));
}
export function later(at, by) {
  return moment(epochMicros(at) + spanMicros(by), isLocal(at));
}
export function earlier(at, by) {
  return moment(epochMicros(at) - spanMicros(by), isLocal(at));
}
/** The time from `right` to `left`. */
export function since(left, right) {
  if (isLocal(left) !== isLocal(right)) {
    throw new ExpressionError(
      "a timestamp without an offset has no distance from one with an offset",
    );
  }
  return span(epochMicros(left) - epochMicros(right));
}
function daysMoved(day, by) {
  if (by % DAY_MICROS !== 0n) {
    throw new ExpressionError("a date moves by whole days only, such as 24h");
  }
  const moved = momentOf(micros(day) + by);
  if (moved === undefined) {
    throw outside("date");
  }
  return dateText(moved);
}
export function daysLater(day, by) {
  return daysMoved(day, spanMicros(by));
}
export function daysEarlier(day, by) {
  return daysMoved(day, -spanMicros(by));
}
export function daysSince(left, right) {
  return span(micros(left) - micros(right));
}
/** What a calendar shows of a moment in a zone, or of a date. */
function fields(name, of, zone) {
  if (typeof of === "string") {
    return fieldsIn(new Date(Number(micros(of) / 1000n)), 0);
  }
  if (!(of instanceof Date)) {
    throw noOverload(name, of);
  }
  if (isLocal(of) && zone !== undefined) {
    throw new ExpressionError(
      "this timestamp does not say its offset from UTC",
    );
  }
  if (zone === undefined || zone === "" || zone === "UTC") {
    return fieldsIn(of, 0);
  }
  // `Z` is no zone, but the end of a timestamp.
  return fieldsIn(of, /^[zZ]$/.test(zone) ? zone : (readOffset(zone) ?? zone));
}
export function getFullYear(of, zone) {
  return fields("getFullYear", of, zone).year;
}
/** From 0. */
export function getMonth(of, zone) {
  return fields("getMonth", of, zone).month;
}
/** From 1. */
export function getDate(of, zone) {
  return fields("getDate", of, zone).day;
}
/** From 0. */
export function getDayOfMonth(of, zone) {
  return fields("getDayOfMonth", of, zone).day - 1;
}
/** Sunday is 0. */
export function getDayOfWeek(of, zone) {
  return fields("getDayOfWeek", of, zone).weekday;
}
/** From 0. */
export function getDayOfYear(of, zone) {
  return fields("getDayOfYear", of, zone).dayOfYear;
}
/** Of the clock of a moment; all of a duration, which is text. */
export function getHours(of, zone) {
  return typeof of === "string"
    ? whole(of, 3600000000n)
    : fields("getHours", of, zone).hour;
}
export function getMinutes(of, zone) {
  return typeof of === "string"
    ? whole(of, 60000000n)
    : fields("getMinutes", of, zone).minute;
}
export function getSeconds(of, zone) {
  return typeof of === "string"
    ? whole(of, 1000000n)
    : fields("getSeconds", of, zone).second;
}
/** Of the second that has begun. */
export function getMilliseconds(of, zone) {
  return typeof of === "string"
    ? Number((spanMicros(of) % 1000000n) / 1000n)
    : fields("getMilliseconds", of, zone).millisecond;
}
/** Whole units, rounded toward zero. */
function whole(of, unit) {
  return Number(spanMicros(of) / unit);
}

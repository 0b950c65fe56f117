/**
 * CEL's times: how they are read, what a calendar in any zone shows of them, and their arithmetic.
 *
 * It deliberately knows no clock: it reads no current time and no local zone. A date is text, as is a duration.
 */

import { noOverload, type Int } from "./cel.js";
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
  type Moment,
} from "./moment.js";
import { fieldsIn, type Fields } from "./zones.js";

const INT_MAX = 2n ** 63n - 1n;
const DAY_MICROS = 86_400_000_000n;

function outside(what: string): ExpressionError {
  return new ExpressionError(`this ${what} is outside the years 1 to 9999`);
}

function moment(micros: bigint, local = false): Moment {
  const found = momentOf(micros, local);
  if (found === undefined) {
    throw outside("timestamp");
  }
  return found;
}

/** RFC 3339, seconds since 1970, or what is a moment already; in UTC. */
export function timestamp(of: unknown): Date {
  if (of instanceof Date) {
    return of;
  }
  if (typeof of === "bigint" || Number.isSafeInteger(of)) {
    return moment(BigInt(of as number) * 1_000_000n);
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
export function timestampText(of: Date): string {
  return momentText(of);
}

/** Negative, zero or positive. */
export function compareTimestamps(left: Date, right: Date): number {
  if (isLocal(left) !== isLocal(right)) {
    throw noOverload("comparison", left, right);
  }
  return Number(epochMicros(left) - epochMicros(right));
}

/** Negative, zero or positive. */
export function compareDurations(left: string, right: string): number {
  return Number(spanMicros(left) - spanMicros(right));
}

/** The midnight of a date in UTC. */
export function timestampOfDate(of: string): Date {
  return moment(micros(of));
}

function micros(date: string): bigint {
  const found = readDate(date);
  if (found === undefined) {
    throw new ExpressionError(`date: ${JSON.stringify(date)} is none`);
  }
  return BigInt(found) * 1000n;
}

const UNITS: Readonly<Record<string, bigint>> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1000n,
  "\u00b5s": 1000n,
  "\u03bcs": 1000n,
  ns: 1n,
};

const PART = /([0-9]*)(?:\.([0-9]*))?(h|ms|us|\u00b5s|\u03bcs|ns|m|s)/y;

/** `-1h30m2.5s`. */
export function duration(of: unknown): string {
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

function readParts(text: string): bigint | undefined {
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
export function date(of: unknown): string {
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
function span(size: bigint): string {
  const absolute = size < 0n ? -size : size;
  if (absolute > INT_MAX / 1000n) {
    throw new ExpressionError("this duration is longer than 292 years");
  }
  return microsText(size);
}

function spanMicros(of: string): bigint {
  try {
    return decodeMicros(of);
  } catch (error) {
    if (error instanceof ResultError) {
      throw new ExpressionError(error.message);
    }
    throw error;
  }
}

export function spansAdded(left: string, right: string): string {
  return span(spanMicros(left) + spanMicros(right));
}

export function spansSubtracted(left: string, right: string): string {
  return span(spanMicros(left) - spanMicros(right));
}

export function later(at: Date, by: string): Date {
  return moment(epochMicros(at) + spanMicros(by), isLocal(at));
}

export function earlier(at: Date, by: string): Date {
  return moment(epochMicros(at) - spanMicros(by), isLocal(at));
}

/** The time from `right` to `left`. */
export function since(left: Date, right: Date): string {
  if (isLocal(left) !== isLocal(right)) {
    throw new ExpressionError(
      "a timestamp without an offset has no distance from one with an offset",
    );
  }
  return span(epochMicros(left) - epochMicros(right));
}

function daysMoved(day: string, by: bigint): string {
  if (by % DAY_MICROS !== 0n) {
    throw new ExpressionError("a date moves by whole days only, such as 24h");
  }
  const moved = momentOf(micros(day) + by);
  if (moved === undefined) {
    throw outside("date");
  }
  return dateText(moved);
}

export function daysLater(day: string, by: string): string {
  return daysMoved(day, spanMicros(by));
}

export function daysEarlier(day: string, by: string): string {
  return daysMoved(day, -spanMicros(by));
}

export function daysSince(left: string, right: string): string {
  return span(micros(left) - micros(right));
}

/** What a calendar shows of a moment in a zone, or of a date. */
function fields(name: string, of: unknown, zone: string | undefined): Fields {
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

export function getFullYear(of: unknown, zone?: string): number {
  return fields("getFullYear", of, zone).year;
}

/** From 0. */
export function getMonth(of: unknown, zone?: string): number {
  return fields("getMonth", of, zone).month;
}

/** From 1. */
export function getDate(of: unknown, zone?: string): number {
  return fields("getDate", of, zone).day;
}

/** From 0. */
export function getDayOfMonth(of: unknown, zone?: string): number {
  return fields("getDayOfMonth", of, zone).day - 1;
}

/** Sunday is 0. */
export function getDayOfWeek(of: unknown, zone?: string): number {
  return fields("getDayOfWeek", of, zone).weekday;
}

/** From 0. */
export function getDayOfYear(of: unknown, zone?: string): number {
  return fields("getDayOfYear", of, zone).dayOfYear;
}

/** Of the clock of a moment; all of a duration, which is text. */
export function getHours(of: unknown, zone?: string): number {
  return typeof of === "string"
    ? whole(of, 3_600_000_000n)
    : fields("getHours", of, zone).hour;
}

export function getMinutes(of: unknown, zone?: string): number {
  return typeof of === "string"
    ? whole(of, 60_000_000n)
    : fields("getMinutes", of, zone).minute;
}

export function getSeconds(of: unknown, zone?: string): number {
  return typeof of === "string"
    ? whole(of, 1_000_000n)
    : fields("getSeconds", of, zone).second;
}

/** Of the second that has begun. */
export function getMilliseconds(of: unknown, zone?: string): number {
  return typeof of === "string"
    ? Number((spanMicros(of) % 1_000_000n) / 1000n)
    : fields("getMilliseconds", of, zone).millisecond;
}

/** Whole units, rounded toward zero. */
function whole(of: string, unit: bigint): number {
  return Number(spanMicros(of) / unit);
}

export type { Int };

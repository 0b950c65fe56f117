/**
 * CEL's conversions between types: `int(x)`, `double(x)` and their kin.
 *
 * It deliberately knows no texts of values; those are in `cel`.
 */

import { int64, noOverload, type Int } from "./cel.js";
import * as decimals from "./decimal.js";
import { ExpressionError } from "./errors.js";
import { epochMicros, isLocal } from "./moment.js";

/** From a number, cut off towards zero; the seconds of a moment; the digits of a text. */
export function toInt(of: unknown): Int {
  if (typeof of === "bigint") {
    return int64(of);
  }
  if (typeof of === "number") {
    return floatToInt(of);
  }
  if (typeof of === "string") {
    return textToInt(of);
  }
  if (of instanceof Date) {
    if (isLocal(of)) {
      throw new ExpressionError("int: the timestamp does not say its offset");
    }
    const micros = epochMicros(of);
    const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
    return int64((micros - rest) / 1_000_000n);
  }
  throw noOverload("int", of);
}

/** Cut off towards zero. */
export function floatToInt(of: number): Int {
  if (!Number.isFinite(of)) {
    throw new ExpressionError("int: the number is not finite");
  }
  // Near both ends a float may stand for a number outside.
  if (Math.abs(of) >= 2 ** 63) {
    throw new ExpressionError("integer overflow");
  }
  return int64(BigInt(Math.trunc(of)));
}

function textToInt(of: string): Int {
  if (!/^[+-]?[0-9]+$/.test(of)) {
    throw new ExpressionError(`int: ${JSON.stringify(of)} is not an integer`);
  }
  const digits = BigInt(of.replace(/^[+-]/, ""));
  return int64(of.startsWith("-") ? -digits : digits);
}

/** A decimal, which is text, as an int. */
export function decimalToInt(of: string): Int {
  const found = decimals.toWhole(decimals.read(of));
  if (found === undefined) {
    throw new ExpressionError("integer overflow");
  }
  return int64(found);
}

const FLOAT =
  /^[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)$/i;
const DIGITS = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

export function toFloat(of: unknown): number {
  if (typeof of === "number") {
    return of;
  }
  if (typeof of === "bigint") {
    return Number(of);
  }
  if (typeof of !== "string") {
    throw noOverload("double", of);
  }
  if (!FLOAT.test(of)) {
    throw new ExpressionError(`double: ${JSON.stringify(of)} is not a number`);
  }
  if (!DIGITS.test(of)) {
    const isNegative = of.startsWith("-");
    const isNan = of.toLowerCase().endsWith("nan");
    return isNan ? NaN : isNegative ? -Infinity : Infinity;
  }
  const number = Number(of);
  if (!Number.isFinite(number)) {
    throw new ExpressionError("double: the number is too large");
  }
  return number;
}

/** A decimal, which is text, as the nearest float. */
export function decimalToFloat(of: string): number {
  return toFloat(of);
}

export function intToFloat(of: Int): number {
  return Number(of);
}

export function intToDecimal(of: Int): string {
  return of.toString();
}

/** From the digits of a text or an int. */
export function toDecimal(of: unknown): string {
  if (typeof of === "bigint") {
    return of.toString();
  }
  if (typeof of === "number" && Number.isSafeInteger(of)) {
    return String(of + 0);
  }
  if (typeof of === "number") {
    return floatToDecimal(of);
  }
  if (typeof of === "string") {
    const number = decimals.parse(of);
    if (number === undefined) {
      throw new ExpressionError(
        `decimal: ${JSON.stringify(of)} is not a number`,
      );
    }
    return decimals.write(number);
  }
  throw noOverload("decimal", of);
}

/** A float in the digits of its shortest spelling: `1.0` is a decimal with one place. */
export function floatToDecimal(of: number): string {
  const number = decimals.ofFloat(of);
  if (number === undefined) {
    throw new ExpressionError("decimal: the number is not finite");
  }
  return decimals.write(number);
}

const TRUE = ["true", "True", "TRUE", "t", "T", "1"];
const FALSE = ["false", "False", "FALSE", "f", "F", "0"];

export function toBool(of: unknown): boolean {
  if (typeof of === "boolean") {
    return of;
  }
  if (typeof of !== "string") {
    throw noOverload("bool", of);
  }
  if (TRUE.includes(of)) {
    return true;
  }
  if (FALSE.includes(of)) {
    return false;
  }
  throw new ExpressionError(`bool: ${JSON.stringify(of)} is not a bool`);
}

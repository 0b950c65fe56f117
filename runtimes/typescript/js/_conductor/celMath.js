/**
 * CEL's functions on numbers. Those on decimals, which are text, have names of their own.
 *
 * It deliberately knows no arithmetic; that is in `cel`.
 */
import { compareDecimal, int64, noOverload } from "./cel.js";
import * as decimals from "./decimal.js";
import { ExpressionError } from "./errors.js";
export function greatest(numbers) {
  return extreme("greatest", numbers, (one, other) => one > other);
}
export function least(numbers) {
  return extreme("least", numbers, (one, other) => one < other);
}
export function greatestDecimal(numbers) {
  return best("greatest", numbers, (a, b) => compareDecimal(a, b) > 0);
}
export function leastDecimal(numbers) {
  return best("least", numbers, (a, b) => compareDecimal(a, b) < 0);
}
function extreme(name, numbers, isBetter) {
  const checked = function* () {
    for (const number of numbers) {
      if (typeof number !== "number" && typeof number !== "bigint") {
        throw noOverload(name, number);
      }
      yield number;
    }
  };
  return best(name, checked(), isBetter);
}
function best(name, values, isBetter) {
  let found;
  for (const value of values) {
    if (found === undefined || isBetter(value, found.value)) {
      found = { value };
    }
  }
  if (found === undefined) {
    throw new ExpressionError(`${name} needs at least one number`);
  }
  return found.value;
}
export function absolute(number) {
  return Math.abs(number);
}
/** An int of 64 bits may have one more below zero than above. */
export function absoluteInt(number) {
  return typeof number === "bigint"
    ? int64(number < 0n ? -number : number)
    : Math.abs(number);
}
/** -1, 0 or 1; zero and what is no number as they are. */
export function sign(number) {
  return Math.sign(number);
}
export function signInt(number) {
  return number < 0 ? -1 : number > 0 ? 1 : 0;
}
export function ceil(number) {
  return Math.ceil(number);
}
export function floor(number) {
  return Math.floor(number);
}
export function trunc(number) {
  return Math.trunc(number);
}
/** Halves go away from zero. */
export function round(number) {
  const whole = Math.trunc(number);
  return Math.abs(number - whole) < 0.5 || !Number.isFinite(number)
    ? whole
    : whole + Math.sign(number);
}
export function sqrt(number) {
  return Math.sqrt(Number(number));
}
export function isNaN(number) {
  return Number.isNaN(number);
}
export function isInf(number) {
  return number === Infinity || number === -Infinity;
}
export function isFinite(number) {
  return Number.isFinite(number);
}
export function absoluteDecimal(number) {
  return decimals.write(decimals.absolute(decimals.read(number)));
}
export function signDecimal(number) {
  return String(Math.sign(compareDecimal(number, "0")));
}
function wholeDecimal(number, rounding) {
  return decimals.write(decimals.whole(decimals.read(number), rounding));
}
export function ceilDecimal(number) {
  return wholeDecimal(number, "ceiling");
}
export function floorDecimal(number) {
  return wholeDecimal(number, "floor");
}
export function truncDecimal(number) {
  return wholeDecimal(number, "truncate");
}
/** Halves go away from zero. */
export function roundDecimal(number) {
  return wholeDecimal(number, "half");
}
export function bitAnd(left, right) {
  return int64(BigInt(left) & BigInt(right));
}
export function bitOr(left, right) {
  return int64(BigInt(left) | BigInt(right));
}
export function bitXor(left, right) {
  return int64(BigInt(left) ^ BigInt(right));
}
export function bitNot(number) {
  return int64(~BigInt(number));
}
/** Bits that leave are lost. */
export function shiftLeft(number, by) {
  return int64(BigInt.asIntN(64, BigInt(number) << places(by)));
}
/** Zeros come in, for negative numbers too. */
export function shiftRight(number, by) {
  const bits = BigInt.asUintN(64, BigInt(number));
  return int64(BigInt.asIntN(64, bits >> places(by)));
}
function places(by) {
  if (by < 0) {
    throw new ExpressionError(`a shift by ${String(by)} bits is not possible`);
  }
  return by > 64 ? 64n : BigInt(by);
}

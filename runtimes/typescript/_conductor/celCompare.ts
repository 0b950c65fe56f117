/**
 * CEL's equality and order, where JavaScript's own mean something else.
 *
 * It deliberately knows no arithmetic.
 */

import { noOverload, type Int } from "./cel.js";
import * as decimals from "./decimal.js";
import { isRecord } from "./json.js";
import { epochMicros, isLocal } from "./moment.js";

/** Whether it is an int or a float. */
export function isNumber(value: unknown): value is Int {
  return typeof value === "number" || typeof value === "bigint";
}

/** CEL's `==`: numbers by value, everything else only within its own type. */
export function equal(left: unknown, right: unknown): boolean {
  if (isNumber(left) && isNumber(right)) {
    return numbersAlike(left, right);
  }
  if (isNothing(left) || isNothing(right)) {
    return isNothing(left) && isNothing(right);
  }
  if (typeof left !== "object" || typeof right !== "object") {
    return left === right;
  }
  if (left instanceof Date && right instanceof Date) {
    return (
      isLocal(left) === isLocal(right) &&
      epochMicros(left) === epochMicros(right)
    );
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return compareBytes(left, right) === 0;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length &&
      left.every((value, at) => equal(value, right[at]))
    );
  }
  return isMapping(left) && isMapping(right) && fieldsAlike(left, right);
}

/** What the code may write for null, too. */
export function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** An int and a float are compared as floats. */
function numbersAlike(left: Int, right: Int): boolean {
  return typeof left === typeof right
    ? left === right
    : Number(left) === Number(right);
}

function fieldsAlike(
  left: Record<string, unknown>,
  right: Record<string, unknown>,
): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every(
      (name) => Object.hasOwn(right, name) && equal(left[name], right[name]),
    )
  );
}

/** An object with fields: a record, a map, or an object of a class of the user's. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return (
    isRecord(value) ||
    (typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      !(value instanceof Date) &&
      !(value instanceof Uint8Array))
  );
}

/** CEL's `in`: an element of a list, a key of a map. */
export function contained(item: unknown, of: unknown): boolean {
  if (Array.isArray(of)) {
    return of.some((element) => equal(item, element));
  }
  if (isMapping(of)) {
    return typeof item === "string" && Object.hasOwn(of, item);
  }
  throw noOverload("in", of);
}

export function less(left: unknown, right: unknown): boolean {
  return compared(left, right, NaN) < 0;
}

export function lessOrEqual(left: unknown, right: unknown): boolean {
  return compared(left, right, NaN) <= 0;
}

export function greater(left: unknown, right: unknown): boolean {
  return compared(left, right, NaN) > 0;
}

export function greaterOrEqual(left: unknown, right: unknown): boolean {
  return compared(left, right, NaN) >= 0;
}

/** Negative, zero or positive; `unordered` where one side is not a number (NaN). */
function compared(left: unknown, right: unknown, unordered: number): number {
  if (isNumber(left) && isNumber(right)) {
    return compareNumbers(left, right) ?? unordered;
  }
  if (typeof left === "string" && typeof right === "string") {
    return compareText(left, right);
  }
  if (typeof left === "boolean" && typeof right === "boolean") {
    return Number(left) - Number(right);
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return compareBytes(left, right);
  }
  const areMoments = left instanceof Date && right instanceof Date;
  if (areMoments && isLocal(left) === isLocal(right)) {
    return compareBig(epochMicros(left), epochMicros(right));
  }
  throw noOverload("comparison", left, right);
}

function compareNumbers(left: Int, right: Int): number | undefined {
  const areAlike = typeof left === typeof right;
  const one = areAlike ? left : Number(left);
  const other = areAlike ? right : Number(right);
  if (one === other) {
    return 0;
  }
  return one < other ? -1 : one > other ? 1 : undefined;
}

function compareBig(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** By characters, where JavaScript compares halves of them. */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const one = left.charCodeAt(at);
    const other = right.charCodeAt(at);
    if (one !== other) {
      // A half of a pair stands for a character above all that are none.
      const isAbove = isHalf(one) !== isHalf(other);
      return isAbove ? (isHalf(one) ? 1 : -1) : one - other;
    }
  }
  return left.length - right.length;
}

function isHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}

export function compareDecimal(left: string, right: string): number {
  return decimals.compare(decimals.read(left), decimals.read(right));
}

export function equalDecimal(left: string, right: string): boolean {
  return compareDecimal(left, right) === 0;
}

/**
 * CEL's arithmetic on values whose types are known only when it runs.
 *
 * It deliberately knows no rules of its own: it finds out which operation of the others is meant. A whole number counts as an int, since
 * JSON does not say more; beside a number with a fraction it is a float.
 */

import {
  addBytes,
  addInt,
  addLists,
  divideInt,
  moduloInt,
  multiplyInt,
  negateInt,
  noOverload,
  subtractInt,
  type Int,
} from "./cel.js";
import { later, since } from "./celTime.js";

/** CEL's `+` for types that are known only now. */
export function add(left: unknown, right: unknown): unknown {
  if (Array.isArray(left) && Array.isArray(right)) {
    return addLists<unknown>(left, right);
  }
  if (typeof left === "string" && typeof right === "string") {
    return left + right;
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return addBytes(left, right);
  }
  if (left instanceof Date && typeof right === "string") {
    return later(left, right);
  }
  return arithmetic("add", left, right, addInt, (one, other) => one + other);
}

export function subtract(left: unknown, right: unknown): unknown {
  if (left instanceof Date && right instanceof Date) {
    return since(left, right);
  }
  const onFloats = (one: number, other: number) => one - other;
  return arithmetic("subtract", left, right, subtractInt, onFloats);
}

export function multiply(left: unknown, right: unknown): unknown {
  const onFloats = (one: number, other: number) => one * other;
  return arithmetic("multiply", left, right, multiplyInt, onFloats);
}

export function divide(left: unknown, right: unknown): unknown {
  const onFloats = (one: number, other: number) => one / other;
  return arithmetic("divide", left, right, divideInt, onFloats);
}

export function modulo(left: unknown, right: unknown): unknown {
  return arithmetic("modulo", left, right, moduloInt, undefined);
}

export function negate(number: unknown): unknown {
  if (isInt(number)) {
    return negateInt(number);
  }
  if (typeof number === "number") {
    return -number;
  }
  throw noOverload("-", number);
}

function isInt(value: unknown): value is Int {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}

function arithmetic(
  name: string,
  left: unknown,
  right: unknown,
  onInts: (left: Int, right: Int) => Int,
  onFloats: ((left: number, right: number) => number) | undefined,
): Int {
  if (isInt(left) && isInt(right)) {
    return onInts(left, right);
  }
  const areNumbers = typeof left === "number" && typeof right === "number";
  if (areNumbers && onFloats !== undefined) {
    return onFloats(left, right);
  }
  throw noOverload(name, left, right);
}

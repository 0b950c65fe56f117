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
} from "./cel.js";
import { later, since } from "./celTime.js";
/** CEL's `+` for types that are known only now. */
export function add(left, right) {
  if (Array.isArray(left) && Array.isArray(right)) {
    return addLists(left, right);
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
export function subtract(left, right) {
  if (left instanceof Date && right instanceof Date) {
    return since(left, right);
  }
  const onFloats = (one, other) => one - other;
  return arithmetic("subtract", left, right, subtractInt, onFloats);
}
export function multiply(left, right) {
  const onFloats = (one, other) => one * other;
  return arithmetic("multiply", left, right, multiplyInt, onFloats);
}
export function divide(left, right) {
  const onFloats = (one, other) => one / other;
  return arithmetic("divide", left, right, divideInt, onFloats);
}
export function modulo(left, right) {
  return arithmetic("modulo", left, right, moduloInt, undefined);
}
export function negate(number) {
  if (isInt(number)) {
    return negateInt(number);
  }
  if (typeof number === "number") {
    return -number;
  }
  throw noOverload("-", number);
}
function isInt(value) {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}
function arithmetic(name, left, right, onInts, onFloats) {
  if (isInt(left) && isInt(right)) {
    return onInts(left, right);
  }
  const areNumbers = typeof left === "number" && typeof right === "number";
  if (areNumbers && onFloats !== undefined) {
    return onFloats(left, right);
  }
  throw noOverload(name, left, right);
}

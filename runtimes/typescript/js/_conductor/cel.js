/**
 * The rules of CEL where JavaScript's own operators mean something else.
 *
 * It deliberately knows no syntax: expressions are compiled to TypeScript, and call these where they must. An int is a `number`
 * where that is exact, and a `bigint` beyond; decimals, dates, durations and UUIDs are text.
 */
import { isMapping, isNothing, isNumber } from "./celCompare.js";
import * as decimals from "./decimal.js";
import { ExpressionError, StepFailed } from "./errors.js";
import { isRecord } from "./json.js";
import { kindOf, mismatch } from "./mismatch.js";
import { momentText } from "./moment.js";
import { regExpOf } from "./pattern.js";
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
export function noOverload(name, ...operands) {
  const kinds = operands.map(kindOf).join(", ");
  return new ExpressionError(`no such overload: ${name} of ${kinds}`);
}
/** The value of a step's `when`; without one the step fails. */
export function holds(step, test) {
  try {
    return test();
  } catch (error) {
    if (error instanceof ExpressionError) {
      throw new StepFailed(step, 0, error);
    }
    throw error;
  }
}
/** A value that is known not to be null here. */
export function present(value) {
  if (value === null || value === undefined) {
    throw new ExpressionError("no value where one is needed: it is null");
  }
  return value;
}
const KINDS = {
  boolean: (value) => typeof value === "boolean",
  number: (value) => typeof value === "number" || typeof value === "bigint",
  string: (value) => typeof value === "string",
  list: (value) => Array.isArray(value),
  map: isMapping,
  bytes: (value) => value instanceof Uint8Array,
  timestamp: (value) => value instanceof Date,
};
/** A member of a union that is known to be there. */
export function narrowed(value, kind) {
  if (KINDS[kind]?.(value) === false) {
    throw new ExpressionError(`expected ${kind}, got ${kindOf(value)}`);
  }
  return value;
}
/** A value whose type the manifest does not know, as the code asks for it. */
export function given(value) {
  return value;
}
/** CEL's `&&`: false if either side is, whatever the other does. */
export function and(left, right) {
  return decided(false, left, right);
}
/** CEL's `||`: true if either side is, whatever the other does. */
export function or(left, right) {
  return decided(true, left, right);
}
function decided(by, left, right) {
  let failure;
  for (const side of [left, right]) {
    try {
      if (condition(side()) === by) {
        return by;
      }
    } catch (error) {
      if (!(error instanceof ExpressionError)) {
        throw error;
      }
      failure ??= error;
    }
  }
  if (failure !== undefined) {
    throw failure;
  }
  return !by;
}
export function not(value) {
  return !condition(value);
}
/** A condition whose type is known only now. */
export function condition(value) {
  if (typeof value !== "boolean") {
    throw noOverload("condition", value);
  }
  return value;
}
/** An element of a list. */
export function item(of, index) {
  const at = Number(index);
  if (!(at >= 0 && at < of.length)) {
    const length = String(of.length);
    throw new ExpressionError(
      `index ${String(index)} is out of a list of ${length}`,
    );
  }
  return of[at];
}
/** A value of a map. */
export function value(of, key) {
  if (!Object.hasOwn(of, key)) {
    throw new ExpressionError(`no such key: ${JSON.stringify(key)}`);
  }
  return of[key];
}
/** An element of something whose type the code does not say. */
export function index(of, at) {
  if (Array.isArray(of) && isNumber(at)) {
    return item(of, at);
  }
  if (isMapping(of) && typeof at === "string") {
    return value(of, at);
  }
  throw noOverload("[]", of, at);
}
/** A field of a mapping, or of something whose type the code does not say. */
export function field(of, name) {
  if (!isMapping(of)) {
    throw noOverload(`.${name}`, of);
  }
  if (!(name in of) || (isRecord(of) && !Object.hasOwn(of, name))) {
    throw new ExpressionError(`no such field: ${JSON.stringify(name)}`);
  }
  return of[name];
}
/** Whether a field is there and not null. */
export function has(of, name) {
  if (!isMapping(of)) {
    throw noOverload(`.${name}`, of);
  }
  if (isRecord(of) && !Object.hasOwn(of, name)) {
    return false;
  }
  return !isNothing(of[name]);
}
/** An int of at most 64 bits, as a `number` where that is exact. */
export function int64(number) {
  if (number < INT_MIN || number > INT_MAX) {
    throw new ExpressionError("integer overflow");
  }
  const small = Number(number);
  return Number.isSafeInteger(small) ? small : number;
}
/** An int as the `number` that the code asks for. */
export function safe(number) {
  if (typeof number === "bigint") {
    throw new ExpressionError(
      `${number.toString()} is beyond what a number holds exactly; the code can say bigint`,
    );
  }
  return number;
}
/** An int as the `bigint` that the code asks for. */
export function big(number) {
  return BigInt(number);
}
/** A value with the `bigint`s that the code asks for in the place of its whole numbers. */
export function bigs(value) {
  return deep(value, (one) => (typeof one === "number" ? BigInt(one) : one));
}
/** What the code gives with `bigint`s inside, with numbers in their place; one that a number would round is refused. */
export function small(value) {
  return deep(value, (one) => {
    if (typeof one !== "bigint") {
      return one;
    }
    if (!Number.isSafeInteger(Number(one))) {
      throw mismatch("a whole number of at most 53 bits", one);
    }
    return Number(one);
  });
}
function deep(value, change) {
  if (Array.isArray(value)) {
    return value.map((item) => deep(item, change));
  }
  const isPlain =
    typeof value === "object" &&
    value !== null &&
    (Object.getPrototypeOf(value) === Object.prototype ||
      Object.getPrototypeOf(value) === null);
  if (!isPlain) {
    return change(value);
  }
  const pairs = Object.entries(value);
  return Object.fromEntries(
    pairs.map(([name, item]) => [name, deep(item, change)]),
  );
}
/** A `bigint` of the code as an int. */
export function int(number) {
  return typeof number === "bigint" ? int64(number) : number;
}
export function addInt(left, right) {
  if (typeof left === "number" && typeof right === "number") {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) {
      return sum;
    }
  }
  return int64(BigInt(left) + BigInt(right));
}
export function subtractInt(left, right) {
  if (typeof left === "number" && typeof right === "number") {
    const difference = left - right;
    if (Number.isSafeInteger(difference)) {
      return difference;
    }
  }
  return int64(BigInt(left) - BigInt(right));
}
export function multiplyInt(left, right) {
  if (typeof left === "number" && typeof right === "number") {
    const product = left * right;
    if (Number.isSafeInteger(product)) {
      // Minus zero is no int.
      return product + 0;
    }
  }
  return int64(BigInt(left) * BigInt(right));
}
/** Rounds toward zero. */
export function divideInt(left, right) {
  // `==` takes 0 and 0n alike.
  if (right === 0 || right === 0n) {
    throw new ExpressionError("division by zero");
  }
  return int64(BigInt(left) / BigInt(right));
}
/** Has the sign of the dividend. */
export function moduloInt(left, right) {
  if (right === 0 || right === 0n) {
    throw new ExpressionError("modulus by zero");
  }
  if (BigInt(left) === INT_MIN && BigInt(right) === -1n) {
    throw new ExpressionError("integer overflow");
  }
  return int64(BigInt(left) % BigInt(right));
}
export function negateInt(number) {
  return typeof number === "number" ? 0 - number : int64(-number);
}
function inDecimal(operation) {
  return (left, right) =>
    decimals.write(operation(decimals.read(left), decimals.read(right)));
}
export const addDecimal = inDecimal(decimals.sum);
export const subtractDecimal = inDecimal(decimals.difference);
export const multiplyDecimal = inDecimal(decimals.product);
export const divideDecimal = inDecimal(decimals.quotient);
/** CEL has none. */
export function moduloDecimal(left, right) {
  throw noOverload("%", left, right);
}
export function negateDecimal(number) {
  return decimals.write(decimals.negated(decimals.read(number)));
}
export function addFloat(left, right) {
  return left + right;
}
export function subtractFloat(left, right) {
  return left - right;
}
export function multiplyFloat(left, right) {
  return left * right;
}
export function divideFloat(left, right) {
  return left / right;
}
export function addLists(left, right) {
  return [...left, ...right];
}
export function addBytes(left, right) {
  const joined = new Uint8Array(left.length + right.length);
  joined.set(left);
  joined.set(right, left.length);
  return joined;
}
/** Characters of a string, bytes, elements. */
export function size(of) {
  if (typeof of === "string") {
    return characters(of);
  }
  if (Array.isArray(of) || of instanceof Uint8Array) {
    return of.length;
  }
  if (isMapping(of)) {
    return Object.keys(of).length;
  }
  throw noOverload("size", of);
}
/** How many characters a text has, of which some are two units. */
export function characters(of) {
  let count = 0;
  for (let at = 0; at < of.length; count += 1) {
    at += (of.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return count;
}
export function contains(of, part) {
  return of.includes(part);
}
export function startsWith(of, part) {
  return of.startsWith(part);
}
export function endsWith(of, part) {
  return of.endsWith(part);
}
/** Whether the pattern is found in the text. */
export function matches(of, pattern) {
  return regExpOf(pattern).test(of);
}
/** A value as CEL's `string()` writes it. */
export function text(of) {
  switch (typeof of) {
    case "string":
      return of;
    case "boolean":
    case "bigint":
      return String(of);
    case "number":
      return floatText(of);
    default:
      break;
  }
  if (of instanceof Date) {
    return momentText(of);
  }
  if (of instanceof Uint8Array) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        of,
      );
    } catch {
      throw new ExpressionError("string: the bytes are not UTF-8");
    }
  }
  if (isNothing(of)) {
    return "null";
  }
  throw noOverload("string", of);
}
/** The fewest digits that read back the same, with an exponent below 1e-4 and from 1e21 on. */
export function floatText(number) {
  if (!Number.isFinite(number)) {
    return String(number);
  }
  if (Object.is(number, -0)) {
    return "-0";
  }
  const [mantissa = "", power = "0"] = number.toExponential().split("e");
  const exponent = Number(power);
  if (number !== 0 && (exponent < -4 || exponent >= 21)) {
    const digits = String(Math.abs(exponent)).padStart(2, "0");
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
  }
  return String(number);
}
/** A string with values in it. */
export function interpolate(...parts) {
  return parts.map(text).join("");
}
export {
  compareDecimal,
  compareText,
  contained,
  equal,
  equalDecimal,
  greater,
  greaterOrEqual,
  isMapping,
  less,
  lessOrEqual,
} from "./celCompare.js";
export {
  decimalToFloat,
  decimalToInt,
  floatToDecimal,
  floatToInt,
  intToDecimal,
  intToFloat,
  toBool,
  toDecimal,
  toFloat,
  toInt,
} from "./celConvert.js";

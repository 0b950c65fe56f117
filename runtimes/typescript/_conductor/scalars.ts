/**
 * How values are journaled: to JSON and back, each checked to be what its type says.
 *
 * It deliberately knows no composite types of the user's; their codecs are generated, and call these.
 */

import { canonical } from "./decimal.js";
import { decodeMicros, microsText } from "./durations.js";
import { ResultError } from "./errors.js";
import {
  floatJson,
  FloatText,
  isRecord,
  type Json,
  type JsonObject,
} from "./json.js";
import { mismatch } from "./mismatch.js";
import {
  FIRST,
  isLocal,
  LAST,
  microsOf,
  momentJson,
  readDate,
  readMoment,
} from "./moment.js";

export { mismatch };

export const INT_MIN = -(2n ** 63n);
export const INT_MAX = 2n ** 63n - 1n;
/** How deep plain JSON may be nested; parsers of other languages stop at 128. */
const MAX_DEPTH = 100;

export function encodeBool(value: boolean): boolean {
  return decodeBool(value);
}

export function decodeBool(value: unknown): boolean {
  if (typeof value !== "boolean") {
    throw mismatch("a boolean", value);
  }
  return value;
}

/** A whole number that a `number` holds exactly. */
export function encodeInt(value: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw mismatch("a whole number of at most 53 bits", value);
  }
  // Minus zero is no int.
  return value + 0;
}

/** A whole number; one that a `number` would round is refused. */
export function decodeInt(value: unknown): number {
  if (value instanceof FloatText && Object.is(value.value, -0)) {
    return 0;
  }
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    const expected =
      typeof value === "bigint"
        ? "a whole number that a number can hold (the code can say bigint)"
        : "a whole number";
    throw mismatch(expected, value);
  }
  return value + 0;
}

/** A whole number of at most 64 bits. */
export function encodeBigInt(value: bigint): number | bigint {
  if (typeof value !== "bigint" || value < INT_MIN || value > INT_MAX) {
    throw mismatch("a bigint of at most 64 bits", value);
  }
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

export function decodeBigInt(value: unknown): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value)) {
    return BigInt(value);
  }
  if (typeof value !== "bigint" || value < INT_MIN || value > INT_MAX) {
    throw mismatch("a whole number of at most 64 bits", value);
  }
  return value;
}

export function encodeFloat(value: number): number | string | FloatText {
  if (typeof value !== "number") {
    throw mismatch("a number", value);
  }
  return Number.isFinite(value) ? floatJson(value) : String(value);
}

export function decodeFloat(value: unknown): number {
  if (typeof value === "number") {
    return value;
  }
  if (value instanceof FloatText) {
    return value.value;
  }
  if (typeof value === "bigint") {
    return Number(value);
  }
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") {
    return Number(value);
  }
  throw mismatch("a number", value);
}

const LONE_SURROGATE =
  /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Text that can be written as UTF-8: a lone surrogate cannot, and whoever reads the journal refuses it. */
export function encodeString(value: string): string {
  if (typeof value !== "string") {
    throw mismatch("a string", value);
  }
  if (LONE_SURROGATE.test(value)) {
    throw mismatch("text without lone surrogates", value);
  }
  return value;
}

/** Text; of the literal type that the place where it goes asks for, since only such text was written there. */
export function decodeString<T extends string = string>(value: unknown): T {
  if (typeof value !== "string") {
    throw mismatch("a string", value);
  }
  return value as T;
}

const PLAIN_DECIMAL = /^-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?$/;

/** A decimal in its usual form: `1e3` is `1E+3`. */
export function encodeDecimal(value: string): string {
  if (typeof value === "string") {
    const number = PLAIN_DECIMAL.test(value) ? value : canonical(value);
    if (number !== undefined) {
      return number;
    }
  }
  throw mismatch("a decimal as a string", value);
}

export function decodeDecimal(value: unknown): string {
  if (typeof value === "bigint") {
    return value.toString();
  }
  if (typeof value === "number" && Number.isSafeInteger(value)) {
    return String(value + 0);
  }
  return encodeDecimal(value as string);
}

export function encodeBytes(value: Uint8Array): string {
  if (!(value instanceof Uint8Array)) {
    throw mismatch("a Uint8Array", value);
  }
  const { buffer, byteOffset, byteLength } = value;
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

export function decodeBytes(value: unknown): Uint8Array {
  const text = decodeString(value);
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0;
  if (!isBase64) {
    throw mismatch("bytes in base64", value);
  }
  return new Uint8Array(Buffer.from(text, "base64"));
}

export function encodeTimestamp(value: Date): string {
  const time = value instanceof Date ? value.getTime() : NaN;
  if (!(time >= FIRST && time <= LAST)) {
    throw mismatch("a valid Date of the years 1 to 9999", value);
  }
  return momentJson(value);
}

/** A moment as a `Date`, which holds milliseconds: what is finer is refused, and so is a clock without an offset. */
export function decodeTimestamp(value: unknown): Date {
  const at = readMoment(decodeString(value));
  if (at === undefined) {
    throw mismatch("a timestamp as in ISO 8601", value);
  }
  if (isLocal(at)) {
    throw mismatch("a timestamp with an offset, which a Date needs", value);
  }
  if (microsOf(at) !== 0 || /\.[0-9]{3}[0-9]*[1-9]/.test(value as string)) {
    throw mismatch("a timestamp of whole milliseconds, as a Date holds", value);
  }
  return new Date(at.getTime());
}

export function encodeDate(value: string): string {
  if (typeof value !== "string" || readDate(value) === undefined) {
    throw mismatch("a date such as '2026-01-31'", value);
  }
  return value;
}

export function decodeDate(value: unknown): string {
  return encodeDate(value as string);
}

export function encodeDuration(value: string): string {
  return microsText(decodeMicros(value));
}

export function decodeDuration(value: unknown): string {
  return microsText(decodeMicros(value));
}

export function encodeUuid(value: string): string {
  const digits = typeof value === "string" ? value.replaceAll("-", "") : "";
  if (!/^[0-9a-fA-F]{32}$/.test(digits)) {
    throw mismatch("a UUID", value);
  }
  return digits
    .toLowerCase()
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function decodeUuid(value: unknown): string {
  return encodeUuid(value as string);
}

/** A copy of a value without a declared type, which must be plain JSON. */
export function encodeAny(value: unknown, room = MAX_DEPTH): Json {
  if (room === 0) {
    throw new ResultError(
      `lists and objects are nested more than ${String(MAX_DEPTH)} deep`,
    );
  }
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      return encodeString(value);
    case "number":
      if (Number.isFinite(value)) {
        return floatJson(value);
      }
      break;
    case "bigint":
      // A small one would come back as a number.
      if (!Number.isSafeInteger(Number(value))) {
        return encodeBigInt(value);
      }
      break;
    case "undefined":
      return null;
    case "object":
      if (value === null) {
        return null;
      }
      if (Array.isArray(value)) {
        return value.map((item) => encodeAny(item, room - 1));
      }
      if (isRecord(value)) {
        return encodeFields(value, room - 1);
      }
      break;
    case "symbol":
    case "function":
      break;
  }
  const plain = "plain JSON (null, boolean, number, string, array, object)";
  throw mismatch(plain, value);
}

function encodeFields(value: Record<string, unknown>, room: number): Json {
  const fields = Object.entries(value)
    // As `JSON.stringify` does.
    .filter(([, field]) => field !== undefined)
    .map(([name, field]) => [encodeString(name), encodeAny(field, room)]);
  return Object.fromEntries(fields) as JsonObject;
}

/** The result of a function that does not say what it returns. */
export function encodeUnannotated(value: unknown, name: string): Json {
  try {
    return encodeAny(value);
  } catch (error) {
    if (error instanceof ResultError) {
      throw new ResultError(
        `the result of ${name} cannot be journaled: ${error.message}. ` +
          `Annotate what ${name} returns, or return plain JSON`,
      );
    }
    throw error;
  }
}

/** A copy of plain JSON. */
export function decodeAny(value: unknown): unknown {
  if (value instanceof FloatText) {
    return value.value;
  }
  if (Array.isArray(value)) {
    return value.map(decodeAny);
  }
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value);
    return Object.fromEntries(
      fields.map(([name, field]) => [name, decodeAny(field)]),
    );
  }
  return value;
}

/** Whether there is no value: the code may write `undefined` where the manifest has null. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** An object of a class of the user's with these fields; its constructor is not called. */
export function restored<T extends object>(
  kind: abstract new (...args: never[]) => T,
  fields: T,
): T {
  const made = Object.create(kind.prototype as object) as T;
  return Object.assign(made, fields);
}

export function encodeOptional<T, E>(
  value: T | null | undefined,
  encode: (value: T) => E,
): E | null {
  return value === null || value === undefined ? null : encode(value);
}

export function decodeOptional<T>(
  value: unknown,
  decode: (value: unknown) => T,
): T | null {
  return value === null || value === undefined ? null : decode(value);
}

export function encodeList<T, E>(
  value: Iterable<T>,
  encode: (item: T) => E,
): E[] {
  if (
    typeof value !== "object" ||
    value === null ||
    !(Symbol.iterator in value)
  ) {
    throw mismatch("a list", value);
  }
  // The codec of any value takes a depth behind it, where this gives an index.
  return Array.from(value, (item) => encode(item));
}

export function decodeList<T>(
  value: unknown,
  decode: (item: unknown) => T,
): T[] {
  if (!Array.isArray(value)) {
    throw mismatch("a list", value);
  }
  return value.map((item) => decode(item));
}

export function encodeMap<T, E>(
  value: Readonly<Record<string, T>>,
  encode: (item: T) => E,
): Record<string, E> {
  checkObject(value, "a map");
  const fields = Object.entries(value).map(
    ([name, item]) => [encodeString(name), encode(item)] as const,
  );
  return Object.fromEntries(fields);
}

export function decodeMap<T>(
  value: unknown,
  decode: (item: unknown) => T,
): Record<string, T> {
  const fields = Object.entries(checkObject(value, "an object")).map(
    ([name, item]) => [name, decode(item)] as const,
  );
  return Object.fromEntries(fields);
}

/** The value as an object; an error where it is none. */
export function checkObject(
  value: unknown,
  expected: string,
): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw mismatch(expected, value);
  }
  return value as Record<string, unknown>;
}

/** An object that has the `required` fields, and may have the others. */
export function decodeObject<R extends string, O extends string = never>(
  value: unknown,
  required: readonly R[],
  optional: readonly O[] = [],
): Record<R, unknown> & Partial<Record<O, unknown>> {
  const object = checkObject(value, "an object");
  const fields: Record<string, unknown> = {};
  for (const name of required) {
    if (!Object.hasOwn(object, name)) {
      const known = Object.keys(object).sort().join(", ");
      throw new ResultError(`the field ${name} is missing in {${known}}`);
    }
    fields[name] = object[name];
  }
  for (const name of optional) {
    if (Object.hasOwn(object, name)) {
      fields[name] = object[name];
    }
  }
  return fields as Record<R, unknown> & Partial<Record<O, unknown>>;
}

/** One of the values of an enum. */
export function oneOf<T extends string | number>(
  value: unknown,
  members: readonly T[],
  name: string,
): T {
  const found = members.find((member) => member === value);
  if (found === undefined) {
    throw mismatch(`one of ${name} (${members.join(", ")})`, value);
  }
  return found;
}

/**
 * How values are journaled: to JSON and back, each checked to be what its type says.
 *
 * It deliberately knows no composite types of the user's; their codecs are generated, and call these.
 */
import { FloatText, type Json } from "./json.js";
import { mismatch } from "./mismatch.js";
export { mismatch };
export declare const INT_MIN: bigint;
export declare const INT_MAX: bigint;
export declare function encodeBool(value: boolean): boolean;
export declare function decodeBool(value: unknown): boolean;
/** A whole number that a `number` holds exactly. */
export declare function encodeInt(value: number): number;
/** A whole number; one that a `number` would round is refused. */
export declare function decodeInt(value: unknown): number;
/** A whole number of at most 64 bits. */
export declare function encodeBigInt(value: bigint): number | bigint;
export declare function decodeBigInt(value: unknown): bigint;
export declare function encodeFloat(value: number): number | string | FloatText;
export declare function decodeFloat(value: unknown): number;
/** Text that can be written as UTF-8: a lone surrogate cannot, and whoever reads the journal refuses it. */
export declare function encodeString(value: string): string;
/** Text; of the literal type that the place where it goes asks for, since only such text was written there. */
export declare function decodeString<T extends string = string>(
  value: unknown,
): T;
/** A decimal in its usual form: `1e3` is `1E+3`. */
export declare function encodeDecimal(value: string): string;
export declare function decodeDecimal(value: unknown): string;
export declare function encodeBytes(value: Uint8Array): string;
export declare function decodeBytes(value: unknown): Uint8Array;
export declare function encodeTimestamp(value: Date): string;
/** A moment as a `Date`, which holds milliseconds: what is finer is refused, and so is a clock without an offset. */
export declare function decodeTimestamp(value: unknown): Date;
export declare function encodeDate(value: string): string;
export declare function decodeDate(value: unknown): string;
export declare function encodeDuration(value: string): string;
export declare function decodeDuration(value: unknown): string;
export declare function encodeUuid(value: string): string;
export declare function decodeUuid(value: unknown): string;
/** A copy of a value without a declared type, which must be plain JSON. */
export declare function encodeAny(value: unknown, room?: number): Json;
/** The result of a function that does not say what it returns. */
export declare function encodeUnannotated(value: unknown, name: string): Json;
/** A copy of plain JSON. */
export declare function decodeAny(value: unknown): unknown;
/** Whether there is no value: the code may write `undefined` where the manifest has null. */
export declare function isAbsent(value: unknown): value is null | undefined;
/** An object of a class of the user's with these fields; its constructor is not called. */
export declare function restored<T extends object>(
  kind: abstract new (...args: never[]) => T,
  fields: T,
): T;
export declare function encodeOptional<T, E>(
  value: T | null | undefined,
  encode: (value: T) => E,
): E | null;
export declare function decodeOptional<T>(
  value: unknown,
  decode: (value: unknown) => T,
): T | null;
export declare function encodeList<T, E>(
  value: Iterable<T>,
  encode: (item: T) => E,
): E[];
export declare function decodeList<T>(
  value: unknown,
  decode: (item: unknown) => T,
): T[];
export declare function encodeMap<T, E>(
  value: Readonly<Record<string, T>>,
  encode: (item: T) => E,
): Record<string, E>;
export declare function decodeMap<T>(
  value: unknown,
  decode: (item: unknown) => T,
): Record<string, T>;
/** The value as an object; an error where it is none. */
export declare function checkObject(
  value: unknown,
  expected: string,
): Record<string, unknown>;
/** An object that has the `required` fields, and may have the others. */
export declare function decodeObject<
  R extends string,
  O extends string = never,
>(
  value: unknown,
  required: readonly R[],
  optional?: readonly O[],
): Record<R, unknown> & Partial<Record<O, unknown>>;
/** One of the values of an enum. */
export declare function oneOf<T extends string | number>(
  value: unknown,
  members: readonly T[],
  name: string,
): T;

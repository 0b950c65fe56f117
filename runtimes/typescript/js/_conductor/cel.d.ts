/**
 * The rules of CEL where JavaScript's own operators mean something else.
 *
 * It deliberately knows no syntax: expressions are compiled to TypeScript, and call these where they must. An int is a `number`
 * where that is exact, and a `bigint` beyond; decimals, dates, durations and UUIDs are text.
 */
import { ExpressionError } from "./errors.js";
/** A `bigint` only where a `number` would not be exact. */
export type Int = number | bigint;
export declare function noOverload(
  name: string,
  ...operands: unknown[]
): ExpressionError;
/** The value of a step's `when`; without one the step fails. */
export declare function holds(step: string, test: () => boolean): boolean;
/** A value that is known not to be null here. */
export declare function present<T>(value: T | null | undefined): T;
/** A member of a union that is known to be there. */
export declare function narrowed<T>(value: unknown, kind: string): T;
/** A value whose type the manifest does not know, as the code asks for it. */
export declare function given<T>(value: unknown): T;
/** CEL's `&&`: false if either side is, whatever the other does. */
export declare function and(left: () => unknown, right: () => unknown): boolean;
/** CEL's `||`: true if either side is, whatever the other does. */
export declare function or(left: () => unknown, right: () => unknown): boolean;
export declare function not(value: unknown): boolean;
/** A condition whose type is known only now. */
export declare function condition(value: unknown): boolean;
/** An element of a list. */
export declare function item<T>(of: readonly T[], index: Int): T;
/** A value of a map. */
export declare function value<T>(
  of: Readonly<Record<string, T>>,
  key: string,
): T;
/** An element of something whose type the code does not say. */
export declare function index(of: unknown, at: unknown): unknown;
/** A field of a mapping, or of something whose type the code does not say. */
export declare function field(of: unknown, name: string): unknown;
/** Whether a field is there and not null. */
export declare function has(of: unknown, name: string): boolean;
/** An int of at most 64 bits, as a `number` where that is exact. */
export declare function int64(number: bigint): Int;
/** An int as the `number` that the code asks for. */
export declare function safe(number: Int): number;
/** An int as the `bigint` that the code asks for. */
export declare function big(number: Int): bigint;
/** A value with the `bigint`s that the code asks for in the place of its whole numbers. */
export declare function bigs<T>(value: unknown): T;
/** What the code gives with `bigint`s inside, with numbers in their place; one that a number would round is refused. */
export declare function small<T>(value: unknown): T;
/** A `bigint` of the code as an int. */
export declare function int(number: Int): Int;
export declare function addInt(left: Int, right: Int): Int;
export declare function subtractInt(left: Int, right: Int): Int;
export declare function multiplyInt(left: Int, right: Int): Int;
/** Rounds toward zero. */
export declare function divideInt(left: Int, right: Int): Int;
/** Has the sign of the dividend. */
export declare function moduloInt(left: Int, right: Int): Int;
export declare function negateInt(number: Int): Int;
export declare const addDecimal: (left: string, right: string) => string;
export declare const subtractDecimal: (left: string, right: string) => string;
export declare const multiplyDecimal: (left: string, right: string) => string;
export declare const divideDecimal: (left: string, right: string) => string;
/** CEL has none. */
export declare function moduloDecimal(left: string, right: string): string;
export declare function negateDecimal(number: string): string;
export declare function addFloat(left: number, right: number): number;
export declare function subtractFloat(left: number, right: number): number;
export declare function multiplyFloat(left: number, right: number): number;
export declare function divideFloat(left: number, right: number): number;
export declare function addLists<T>(
  left: readonly T[],
  right: readonly T[],
): T[];
export declare function addBytes(
  left: Uint8Array,
  right: Uint8Array,
): Uint8Array;
/** Characters of a string, bytes, elements. */
export declare function size(of: unknown): number;
/** How many characters a text has, of which some are two units. */
export declare function characters(of: string): number;
export declare function contains(of: string, part: string): boolean;
export declare function startsWith(of: string, part: string): boolean;
export declare function endsWith(of: string, part: string): boolean;
/** Whether the pattern is found in the text. */
export declare function matches(of: string, pattern: string): boolean;
/** A value as CEL's `string()` writes it. */
export declare function text(of: unknown): string;
/** The fewest digits that read back the same, with an exponent below 1e-4 and from 1e21 on. */
export declare function floatText(number: number): string;
/** A string with values in it. */
export declare function interpolate(...parts: readonly unknown[]): string;
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

/**
 * Decimals as strings of exact digits, rounded half to even to 34 of them where an operation makes more.
 *
 * It deliberately knows only the arithmetic of the General Decimal Arithmetic specification, as `compiler/cel/src/eval/decimal.rs` has it.
 */
export interface Decimal {
  readonly negative: boolean;
  /** Without a sign. */
  readonly digits: bigint;
  readonly exponent: number;
}
export type Rounding = "ceiling" | "floor" | "half" | "halfEven" | "truncate";
/** The decimal in its usual form; nothing where the text is none. */
export declare function canonical(text: string): string | undefined;
/** Digits with an optional point and exponent: `-1.50e3`. */
export declare function parse(text: string): Decimal | undefined;
/** The number that a text is known to be. */
export declare function read(text: string): Decimal;
/** The exponent of the first digit. */
export declare function adjusted(of: Decimal): number;
/** As the specification has it: without an exponent where the number is neither large nor tiny. */
export declare function write(of: Decimal): string;
/** The number without a fraction. */
export declare function whole(of: Decimal, rounding: Rounding): Decimal;
/** The number with so many digits after the point; nothing where its exponent is far off. */
export declare function withPlaces(
  of: Decimal,
  places: number,
): string | undefined;
export declare function negated(of: Decimal): Decimal;
export declare function absolute(of: Decimal): Decimal;
export declare function sum(left: Decimal, right: Decimal): Decimal;
export declare function difference(left: Decimal, right: Decimal): Decimal;
export declare function product(left: Decimal, right: Decimal): Decimal;
export declare function quotient(left: Decimal, right: Decimal): Decimal;
/** Negative, zero or positive. */
export declare function compare(left: Decimal, right: Decimal): number;
/** The number that the shortest spelling of a double stands for. */
export declare function ofFloat(number: number): Decimal | undefined;
/** A whole number of at most 64 bits, cut off after the point; nothing where it does not fit. */
export declare function toWhole(of: Decimal): bigint | undefined;

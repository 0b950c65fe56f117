/**
 * CEL's conversions between types: `int(x)`, `double(x)` and their kin.
 *
 * It deliberately knows no texts of values; those are in `cel`.
 */
import { type Int } from "./cel.js";
/** From a number, cut off towards zero; the seconds of a moment; the digits of a text. */
export declare function toInt(of: unknown): Int;
/** Cut off towards zero. */
export declare function floatToInt(of: number): Int;
/** A decimal, which is text, as an int. */
export declare function decimalToInt(of: string): Int;
export declare function toFloat(of: unknown): number;
/** A decimal, which is text, as the nearest float. */
export declare function decimalToFloat(of: string): number;
export declare function intToFloat(of: Int): number;
export declare function intToDecimal(of: Int): string;
/** From the digits of a text or an int. */
export declare function toDecimal(of: unknown): string;
/** A float in the digits of its shortest spelling: `1.0` is a decimal with one place. */
export declare function floatToDecimal(of: number): string;
export declare function toBool(of: unknown): boolean;

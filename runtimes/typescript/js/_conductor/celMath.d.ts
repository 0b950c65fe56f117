/**
 * CEL's functions on numbers. Those on decimals, which are text, have names of their own.
 *
 * It deliberately knows no arithmetic; that is in `cel`.
 */
import { type Int } from "./cel.js";
export declare function greatest<N extends Int>(numbers: Iterable<N>): N;
export declare function least<N extends Int>(numbers: Iterable<N>): N;
export declare function greatestDecimal(numbers: Iterable<string>): string;
export declare function leastDecimal(numbers: Iterable<string>): string;
export declare function absolute(number: number): number;
/** An int of 64 bits may have one more below zero than above. */
export declare function absoluteInt(number: Int): Int;
/** -1, 0 or 1; zero and what is no number as they are. */
export declare function sign(number: number): number;
export declare function signInt(number: Int): number;
export declare function ceil(number: number): number;
export declare function floor(number: number): number;
export declare function trunc(number: number): number;
/** Halves go away from zero. */
export declare function round(number: number): number;
export declare function sqrt(number: Int): number;
export declare function isNaN(number: number): boolean;
export declare function isInf(number: number): boolean;
export declare function isFinite(number: number): boolean;
export declare function absoluteDecimal(number: string): string;
export declare function signDecimal(number: string): string;
export declare function ceilDecimal(number: string): string;
export declare function floorDecimal(number: string): string;
export declare function truncDecimal(number: string): string;
/** Halves go away from zero. */
export declare function roundDecimal(number: string): string;
export declare function bitAnd(left: Int, right: Int): Int;
export declare function bitOr(left: Int, right: Int): Int;
export declare function bitXor(left: Int, right: Int): Int;
export declare function bitNot(number: Int): Int;
/** Bits that leave are lost. */
export declare function shiftLeft(number: Int, by: Int): Int;
/** Zeros come in, for negative numbers too. */
export declare function shiftRight(number: Int, by: Int): Int;

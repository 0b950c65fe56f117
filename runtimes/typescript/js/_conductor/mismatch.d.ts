/**
 * The error for a value that is not of its type, with the value in bounded length.
 *
 * It deliberately knows no types.
 */
import { ResultError } from "./errors.js";
export declare function mismatch(expected: string, value: unknown): ResultError;
/** A value for whoever reads a message: its kind, and what it is as far as there is room. */
export declare function shown(value: unknown): string;
/** The name of a value's class, or of its type. */
export declare function kindOf(value: unknown): string;

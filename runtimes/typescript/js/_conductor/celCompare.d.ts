/**
 * CEL's equality and order, where JavaScript's own mean something else.
 *
 * It deliberately knows no arithmetic.
 */
import { type Int } from "./cel.js";
/** Whether it is an int or a float. */
export declare function isNumber(value: unknown): value is Int;
/** CEL's `==`: numbers by value, everything else only within its own type. */
export declare function equal(left: unknown, right: unknown): boolean;
/** What the code may write for null, too. */
export declare function isNothing(value: unknown): value is null | undefined;
/** An object with fields: a record, a map, or an object of a class of the user's. */
export declare function isMapping(
  value: unknown,
): value is Record<string, unknown>;
/** CEL's `in`: an element of a list, a key of a map. */
export declare function contained(item: unknown, of: unknown): boolean;
export declare function less(left: unknown, right: unknown): boolean;
export declare function lessOrEqual(left: unknown, right: unknown): boolean;
export declare function greater(left: unknown, right: unknown): boolean;
export declare function greaterOrEqual(left: unknown, right: unknown): boolean;
/** By characters, where JavaScript compares halves of them. */
export declare function compareText(left: string, right: string): number;
export declare function compareDecimal(left: string, right: string): number;
export declare function equalDecimal(left: string, right: string): boolean;

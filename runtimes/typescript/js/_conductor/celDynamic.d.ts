/**
 * CEL's arithmetic on values whose types are known only when it runs.
 *
 * It deliberately knows no rules of its own: it finds out which operation of the others is meant. A whole number counts as an int, since
 * JSON does not say more; beside a number with a fraction it is a float.
 */
/** CEL's `+` for types that are known only now. */
export declare function add(left: unknown, right: unknown): unknown;
export declare function subtract(left: unknown, right: unknown): unknown;
export declare function multiply(left: unknown, right: unknown): unknown;
export declare function divide(left: unknown, right: unknown): unknown;
export declare function modulo(left: unknown, right: unknown): unknown;
export declare function negate(number: unknown): unknown;

/**
 * Errors as the journal, the API and other languages know them.
 *
 * It deliberately knows no policies: those match the error itself, by the same names.
 */
import { type ErrorForm } from "./errors.js";
/** The user's own error inside one of a workflow that was called as a step. */
export declare function causeOf(error: unknown): unknown;
/** The error as `{types, code, message, fields, stack}`. */
export declare function errorForm(error: unknown): ErrorForm;

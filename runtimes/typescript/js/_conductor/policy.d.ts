/**
 * Which errors are tried again, and how long a workflow waits before it does.
 *
 * It deliberately knows neither clocks nor journals: errors and numbers in, a decision out.
 */
export type Jitter = "none" | "full" | "equal";
export interface Patterns {
  readonly retryOn?: readonly string[] | undefined;
  readonly abortOn?: readonly string[] | undefined;
}
/** Whether another attempt may help. */
export declare function isRetryable(
  error: unknown,
  patterns?: Patterns,
): boolean;
/** Whether it is an answer of the one who was called, by what the policy says of it, and no failure of his. */
export declare function isOfDomain(
  error: unknown,
  patterns?: Patterns,
): boolean;
/** The names of the error's classes, most specific first, without `Object`. */
export declare function typeNames(error: unknown): string[];
/** The status or code that the error carries, as text. */
export declare function errorCode(error: unknown): string | undefined;
/** Whether one of the patterns names the error: a class, whole or by its last part, a code, or a class of statuses. */
export declare function matches(
  error: unknown,
  patterns: readonly string[],
): boolean;
export interface Pauses {
  readonly initial: number;
  readonly maxDelay: number;
  readonly jitter: Jitter;
}
/** Milliseconds before the next attempt: always the same. */
export declare function constant(pauses: Pauses): number;
/** Milliseconds before the next attempt after `failures`, growing by the same step. */
export declare function linear(failures: number, pauses: Pauses): number;
/** Milliseconds before the next attempt after `failures`, growing by the same factor. */
export declare function exponential(
  failures: number,
  pauses: Pauses & {
    readonly multiplier: number;
  },
): number;

/**
 * Which errors are tried again, and how long a workflow waits before it does.
 *
 * It deliberately knows neither clocks nor journals: errors and numbers in, a decision out.
 */

import { isOverTime } from "./attempt.js";
import { Control } from "./control.js";
import {
  CircuitOpen,
  DeadlineExceeded,
  ExpressionError,
  MissingVariable,
  NamedError,
  OutcomeUnknown,
  ResultError,
  StepFailed,
  WorkflowCancelled,
} from "./errors.js";

export type Jitter = "none" | "full" | "equal";

export interface Patterns {
  readonly retryOn?: readonly string[] | undefined;
  readonly abortOn?: readonly string[] | undefined;
}

/** Errors that another attempt would only repeat. */
const PROGRAMMING_ERRORS = [
  TypeError,
  ReferenceError,
  SyntaxError,
  RangeError,
  EvalError,
];
/** What `node:assert` says of its errors; it is not loaded to be told apart. */
const ASSERTION = "ERR_ASSERTION";

const NEVER_AGAIN = [
  Control,
  DeadlineExceeded,
  ExpressionError,
  MissingVariable,
  OutcomeUnknown,
  ResultError,
  StepFailed,
  WorkflowCancelled,
];

/** Status codes of gRPC that say that the call itself is wrong. */
const REFUSED_BY_GRPC = [
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "UNAUTHENTICATED",
  "FAILED_PRECONDITION",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
];

/** Those status codes of HTTP from 400 to 499 that do not. */
const MENDED_BY_WAITING = ["408", "425", "429"];

/** Whether another attempt may help. */
export function isRetryable(error: unknown, patterns: Patterns = {}): boolean {
  const { retryOn = [], abortOn = [] } = patterns;
  if (isOneOf(error, NEVER_AGAIN)) {
    return false;
  }
  if (abortOn.length > 0 && matches(error, abortOn)) {
    return false;
  }
  if (retryOn.length > 0) {
    return matches(error, retryOn);
  }
  // An open breaker is an answer in itself: it leads straight to the fallback.
  if (error instanceof CircuitOpen || isProgramming(error)) {
    return false;
  }
  return !isRefused(typeNames(error), errorCode(error));
}

/** Whether it is an answer of the one who was called, by what the policy says of it, and no failure of his. */
export function isOfDomain(error: unknown, patterns: Patterns = {}): boolean {
  if (isOneOf(error, NEVER_AGAIN) || isOverTime(error)) {
    return false;
  }
  return !isRetryable(error, patterns);
}

function isProgramming(error: unknown): boolean {
  const isAssertion =
    error instanceof Error &&
    !(error instanceof NamedError) &&
    errorCode(error) === ASSERTION;
  return isAssertion || isOneOf(error, PROGRAMMING_ERRORS);
}

function isOneOf(
  error: unknown,
  kinds: readonly (abstract new (...args: never[]) => unknown)[],
): boolean {
  return kinds.some((kind) => error instanceof kind);
}

/** The names of the error's classes, most specific first, without `Object`. */
export function typeNames(error: unknown): string[] {
  if (error instanceof NamedError) {
    return [...error.types];
  }
  if (!(error instanceof Error)) {
    return [error === null ? "null" : typeof error];
  }
  const names: string[] = [];
  let prototype: unknown = Object.getPrototypeOf(error);
  while (prototype instanceof Object && prototype !== Object.prototype) {
    const { name } = prototype.constructor;
    if (name !== "" && !names.includes(name)) {
      names.push(name);
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  const given = ownName(error);
  return given === undefined || names.includes(given)
    ? names
    : [given, ...names];
}

/** A name that was set by hand, such as that of a `DOMException`. */
function ownName(error: Error): string | undefined {
  try {
    return typeof error.name === "string" && error.name !== ""
      ? error.name
      : undefined;
  } catch {
    return undefined; // a property of the user's
  }
}

/** The status or code that the error carries, as text. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) {
    return undefined;
  }
  for (const name of ["code", "status", "statusCode"]) {
    try {
      const code = (error as Record<string, unknown>)[name];
      if (typeof code === "string" || typeof code === "number") {
        return String(code);
      }
    } catch {
      // a property of the user's
    }
  }
  return undefined;
}

/** Whether one of the patterns names the error: a class, whole or by its last part, a code, or a class of statuses. */
export function matches(error: unknown, patterns: readonly string[]): boolean {
  const names = typeNames(error);
  const code = errorCode(error);
  return patterns.some(
    (pattern) =>
      (code !== undefined && (pattern === code || isOfClass(pattern, code))) ||
      names.some(
        (name) =>
          pattern === name ||
          pattern === lastPart(name) ||
          pattern === name.slice(name.lastIndexOf("/") + 1),
      ),
  );
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** Whether a service says that the call itself is wrong, so that another attempt would only repeat it. */
function isRefused(names: string[], code: string | undefined): boolean {
  if (code === undefined) {
    return false;
  }
  const last = names.map(lastPart);
  if (last.includes("GrpcError") && REFUSED_BY_GRPC.includes(code)) {
    return true;
  }
  const isClientError = last.includes("HttpError") && isOfClass("4xx", code);
  return isClientError && !MENDED_BY_WAITING.includes(code);
}

/** Whether `5xx` means `503`. */
function isOfClass(pattern: string, code: string): boolean {
  return /^[0-9]{3}$/.test(code) && pattern === `${code.charAt(0)}xx`;
}

export interface Pauses {
  readonly initial: number;
  readonly maxDelay: number;
  readonly jitter: Jitter;
}

/** Milliseconds before the next attempt: always the same. */
export function constant(pauses: Pauses): number {
  return spread(Math.min(pauses.initial, pauses.maxDelay), pauses.jitter);
}

/** Milliseconds before the next attempt after `failures`, growing by the same step. */
export function linear(failures: number, pauses: Pauses): number {
  const delay = pauses.initial * failures;
  return spread(Math.min(delay, pauses.maxDelay), pauses.jitter);
}

/** Milliseconds before the next attempt after `failures`, growing by the same factor. */
export function exponential(
  failures: number,
  pauses: Pauses & { readonly multiplier: number },
): number {
  const delay = pauses.initial * pauses.multiplier ** (failures - 1);
  // Not a number where nothing is multiplied by infinity.
  const capped = delay < pauses.maxDelay ? delay : pauses.maxDelay;
  return spread(capped, pauses.jitter);
}

function spread(delay: number, jitter: Jitter): number {
  switch (jitter) {
    case "full":
      return Math.random() * delay;
    case "equal":
      return delay / 2 + (Math.random() * delay) / 2;
    case "none":
      return delay;
  }
}

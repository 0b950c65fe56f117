/**
 * What a workflow throws, and what its steps tell their blocks by throwing.
 *
 * It deliberately knows nothing of journals, sockets and policies.
 */
import type { JsonObject } from "./json.js";
export interface Place {
  readonly workflow: string;
  readonly run: string;
  readonly step?: string | undefined;
  readonly attempts?: number | undefined;
  readonly cause?: unknown;
}
/** A workflow failed. `cause` is the error of the user's own code. */
export declare class WorkflowError extends Error {
  readonly workflow: string;
  readonly run: string;
  readonly step: string | undefined;
  readonly attempts: number;
  constructor(message: string, place: Place);
}
/** Somebody cancelled the run. */
export declare class WorkflowCancelled extends WorkflowError {}
/** The run waits for a person: `conductor show RUN` says why. */
export declare class RunPaused extends WorkflowError {}
/** A durable workflow found no sidecar to keep its journal. */
export declare class SidecarUnavailable extends WorkflowError {}
/** The sidecar does not let this call start, continue or keep the run. */
export declare class RunRefused extends WorkflowError {}
/** An error as the journal has it. */
export interface ErrorForm {
  types: string[];
  message: string;
  code?: string;
  fields?: JsonObject;
  stack?: string;
}
/** An error whose names are not those of its classes. */
export declare abstract class NamedError extends Error {
  /** Its names in policies and in the journal, most specific first. */
  abstract readonly types: readonly string[];
}
/** An error that only the journal still knows: the attempt ran in another process. */
export declare class RecordedError extends NamedError {
  readonly types: readonly string[];
  readonly code: string | undefined;
  readonly fields: JsonObject;
  readonly recordedStack: string | undefined;
  /** As it is recorded. */
  readonly form: ErrorForm;
  /** What the original said, without its name. */
  readonly text: string;
  constructor(form: Partial<ErrorForm>);
}
/** What `fail` throws: an error of the name that the manifest gives it. */
export declare class Failure extends NamedError {
  readonly types: readonly string[];
  constructor(type: string, message: string);
}
/** A service answered with an error, or did not answer. `fields` says more, as plain JSON. */
export declare abstract class RemoteError extends NamedError {
  readonly code: string | undefined;
  readonly text: string;
  readonly fields: JsonObject;
  constructor(
    code: string | undefined,
    text: string,
    fields: JsonObject,
    cause?: unknown,
  );
}
/** A gRPC call failed: `code` is the name of its status, such as `UNAVAILABLE`. */
export declare class GrpcError extends RemoteError {
  readonly types: readonly string[];
}
/** An HTTP API answered with an error: `code` is its status as text, such as `503`; none where it did not answer. */
export declare class HttpError extends RemoteError {
  readonly types: readonly string[];
  constructor(
    code: string | undefined,
    text: string,
    fields: JsonObject,
    name?: string,
    cause?: unknown,
  );
}
/** An error of Conductor's own: its name is that of its class. */
declare class OwnError extends Error {
  constructor(message: string, options?: ErrorOptions);
}
/** An attempt took too long. */
export declare class TimeoutError extends OwnError {}
/** The time allowed for a step, a block or a whole workflow is over. */
export declare class DeadlineExceeded extends TimeoutError {}
/** A signal did not come in time. */
export declare class SignalTimeout extends TimeoutError {}
/** A signal was sent to a run that is not there or has ended. */
export declare class SignalRefused extends OwnError {}
/** The circuit breaker of a task is open: no call was made. */
export declare class CircuitOpen extends OwnError {}
/** A loop reached its bound, and would go on. */
export declare class LoopExhausted extends OwnError {}
/** A sub-workflow was cancelled by somebody else. */
export declare class RunCancelled extends OwnError {}
/** A write was started and nobody can tell whether it happened. */
export declare class OutcomeUnknown extends OwnError {}
/** A value is not of the type that the code declares for it. Never retried. */
export declare class ResultError extends TypeError {
  constructor(message: string);
}
/** The client of a resource cannot be opened. The next attempt tries again. */
export declare class ResourceUnavailable extends OwnError {}
/** The address of a resource is read from an environment variable that is not set. Never retried. */
export declare class MissingVariable extends ResourceUnavailable {}
/** An expression of the manifest has no value, as CEL defines it. Never retried. */
export declare class ExpressionError extends OwnError {}
/** Carries the failure of a step up to its workflow. Users see `WorkflowError`. */
export declare class StepFailed extends Error {
  readonly step: string | undefined;
  readonly attempts: number;
  readonly error: unknown;
  constructor(step: string | undefined, attempts: number, error: unknown);
  /** The failure as the workflow's caller sees it. */
  of(workflow: string, run: string | undefined): WorkflowError;
}
/** What the error says of itself, where it can. */
export declare function textOf(error: unknown): string;
/** The error for a failed run, from the error of the user's own code. */
export declare function workflowError(
  workflow: string,
  run: string | undefined,
  step: string | undefined,
  attempts: number,
  error: unknown,
): WorkflowError;
/** `{type, message, step, attempts, status?}`: a failure as the steps of a `catch` see it. */
export type Described = {
  type: string;
  message: string;
  step: string;
  attempts: number;
  status: number | null;
};
/** What was thrown, as what promises are rejected with: code may throw anything. */
export declare function thrown(error: unknown): Error;
export {};

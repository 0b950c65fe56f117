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
export class WorkflowError extends Error {
  readonly workflow: string;
  readonly run: string;
  readonly step: string | undefined;
  readonly attempts: number;

  constructor(message: string, place: Place) {
    super(message, place.cause === undefined ? {} : { cause: place.cause });
    this.name = new.target.name;
    this.workflow = place.workflow;
    this.run = place.run;
    this.step = place.step;
    this.attempts = place.attempts ?? 0;
  }
}

/** Somebody cancelled the run. */
export class WorkflowCancelled extends WorkflowError {}

/** The run waits for a person: `conductor show RUN` says why. */
export class RunPaused extends WorkflowError {}

/** A durable workflow found no sidecar to keep its journal. */
export class SidecarUnavailable extends WorkflowError {}

/** The sidecar does not let this call start, continue or keep the run. */
export class RunRefused extends WorkflowError {}

/** An error as the journal has it. */
export interface ErrorForm {
  types: string[];
  message: string;
  code?: string;
  fields?: JsonObject;
  stack?: string;
}

/** An error whose names are not those of its classes. */
export abstract class NamedError extends Error {
  /** Its names in policies and in the journal, most specific first. */
  abstract readonly types: readonly string[];
}

/** An error that only the journal still knows: the attempt ran in another process. */
export class RecordedError extends NamedError {
  readonly types: readonly string[];
  readonly code: string | undefined;
  readonly fields: JsonObject;
  readonly recordedStack: string | undefined;
  /** As it is recorded. */
  readonly form: ErrorForm;
  /** What the original said, without its name. */
  readonly text: string;

  constructor(form: Partial<ErrorForm>) {
    const types = Array.isArray(form.types) ? form.types.map(String) : [];
    const text = form.message ?? "";
    super(types[0] === undefined ? text : `${types[0]}: ${text}`);
    this.name = "RecordedError";
    this.types = types;
    this.text = text;
    this.code = form.code;
    this.fields = form.fields ?? {};
    this.recordedStack = form.stack;
    this.form = { ...form, types, message: text };
  }
}

/** What `fail` throws: an error of the name that the manifest gives it. */
export class Failure extends NamedError {
  readonly types: readonly string[];

  constructor(type: string, message: string) {
    super(message);
    this.name = type;
    this.types = [type];
  }
}

/** A service answered with an error, or did not answer. `fields` says more, as plain JSON. */
export abstract class RemoteError extends NamedError {
  readonly code: string | undefined;
  readonly text: string;
  readonly fields: JsonObject;

  constructor(
    code: string | undefined,
    text: string,
    fields: JsonObject,
    cause?: unknown,
  ) {
    const message = code === undefined ? text : `${code}: ${text}`;
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.code = code;
    this.text = text;
    this.fields = fields;
  }
}

/** A gRPC call failed: `code` is the name of its status, such as `UNAVAILABLE`. */
export class GrpcError extends RemoteError {
  readonly types: readonly string[] = ["GrpcError"];
}

/** An HTTP API answered with an error: `code` is its status as text, such as `503`; none where it did not answer. */
export class HttpError extends RemoteError {
  readonly types: readonly string[];

  constructor(
    code: string | undefined,
    text: string,
    fields: JsonObject,
    name?: string,
    cause?: unknown,
  ) {
    super(code, text, fields, cause);
    this.types = name === undefined ? ["HttpError"] : [name, "HttpError"];
  }
}

/** An error of Conductor's own: its name is that of its class. */
class OwnError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An attempt took too long. */
export class TimeoutError extends OwnError {}

/** The time allowed for a step, a block or a whole workflow is over. */
export class DeadlineExceeded extends TimeoutError {}

/** A signal did not come in time. */
export class SignalTimeout extends TimeoutError {}

/** A signal was sent to a run that is not there or has ended. */
export class SignalRefused extends OwnError {}

/** The circuit breaker of a task is open: no call was made. */
export class CircuitOpen extends OwnError {}

/** A loop reached its bound, and would go on. */
export class LoopExhausted extends OwnError {}

/** A sub-workflow was cancelled by somebody else. */
export class RunCancelled extends OwnError {}

/** A write was started and nobody can tell whether it happened. */
export class OutcomeUnknown extends OwnError {}

/** A value is not of the type that the code declares for it. Never retried. */
export class ResultError extends TypeError {
  constructor(message: string) {
    super(message);
    this.name = "ResultError";
  }
}

/** The client of a resource cannot be opened. The next attempt tries again. */
export class ResourceUnavailable extends OwnError {}

/** The address of a resource is read from an environment variable that is not set. Never retried. */
export class MissingVariable extends ResourceUnavailable {}

/** An expression of the manifest has no value, as CEL defines it. Never retried. */
export class ExpressionError extends OwnError {}

/** Carries the failure of a step up to its workflow. Users see `WorkflowError`. */
export class StepFailed extends Error {
  readonly step: string | undefined;
  readonly attempts: number;
  readonly error: unknown;

  constructor(step: string | undefined, attempts: number, error: unknown) {
    super(`step ${step ?? ""} failed`, { cause: error });
    this.name = "StepFailed";
    this.step = step;
    this.attempts = attempts;
    this.error = error;
  }

  /** The failure as the workflow's caller sees it. */
  of(workflow: string, run: string | undefined): WorkflowError {
    return workflowError(workflow, run, this.step, this.attempts, this.error);
  }
}

/** What the error says of itself, where it can. */
export function textOf(error: unknown): string {
  if (error instanceof RecordedError || error instanceof RemoteError) {
    return error.text;
  }
  try {
    return error instanceof Error ? String(error.message) : String(error);
  } catch {
    return "it has no text";
  }
}

/** The error for a failed run, from the error of the user's own code. */
export function workflowError(
  workflow: string,
  run: string | undefined,
  step: string | undefined,
  attempts: number,
  error: unknown,
): WorkflowError {
  let where = `workflow ${workflow} failed`;
  if (step !== undefined) {
    const tries = attempts === 1 ? "1 attempt" : `${String(attempts)} attempts`;
    where += ` at step ${step} after ${tries}`;
  }
  if (run !== undefined) {
    where += ` (run ${run})`;
  }
  const place = { workflow, run: run ?? "", step, attempts, cause: error };
  return new WorkflowError(`${where}: ${named(error)}`, place);
}

function named(error: unknown): string {
  if (error instanceof RecordedError) {
    return error.message;
  }
  const text = textOf(error);
  if (!(error instanceof Error)) {
    return text;
  }
  const own = error instanceof NamedError ? error.types[0] : undefined;
  return `${own ?? error.constructor.name}: ${text}`;
}

/** `{type, message, step, attempts, status?}`: a failure as the steps of a `catch` see it. */
export type Described = {
  type: string;
  message: string;
  step: string;
  attempts: number;
  status: number | null;
};

/** What was thrown, as what promises are rejected with: code may throw anything. */
export function thrown(error: unknown): Error {
  return error as Error;
}

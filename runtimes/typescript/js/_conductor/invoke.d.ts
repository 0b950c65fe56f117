/**
 * Calls of tasks that other processes serve, through the sidecar's broker.
 *
 * It deliberately knows not who serves them, nor in which language.
 */
import type { Json } from "./json.js";
import type { Session } from "./session.js";
import type { Step } from "./step.js";
export interface Invocation {
  /** Such as `go:example.com/shop.Charge`. */
  readonly name: string;
  readonly signature: string;
  readonly args: Record<string, unknown>;
  readonly signal: AbortSignal;
}
/** Where an invocation stands, for the one who serves it. */
export interface InvocationPlace {
  readonly key: string;
  readonly run: string;
  readonly workflow: string;
  readonly step: string;
  readonly attempt: number;
  readonly timeout: number | undefined;
  /** `traceparent` of the attempt. */
  readonly trace: string;
}
/** The output of the task, as JSON. */
export declare function invoked(
  step: Step,
  invocation: Invocation,
): Promise<Json>;
/** One request; the signal cancels it. */
export declare function invokeOnce(
  session: Session,
  invocation: Invocation,
  place: InvocationPlace,
): Promise<Json>;

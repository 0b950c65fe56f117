/**
 * Steps that wait or tell: `sleep`, `wait_for` and `emit` of a durable run.
 *
 * It deliberately knows not how signals travel.
 */
import type { Past } from "./history.js";
import { type Json, type Wire } from "./json.js";
import type { Run } from "./run.js";
export declare const NULL: Wire;
export interface WaitOptions {
  readonly signal: string;
  /** In milliseconds. */
  readonly timeout?: number | undefined;
  readonly onTimeout?: "fail" | "null" | undefined;
  readonly critical?: boolean | undefined;
}
export interface EmitOptions {
  readonly signal: string;
  /** As JSON. */
  readonly data?: unknown;
  /** The run that gets it; without one this run. */
  readonly run?: string | undefined;
  readonly barrier?: boolean | undefined;
  readonly critical?: boolean | undefined;
}
/** Whether the step has ended in an earlier life of the run; what it failed with is thrown. */
export declare function hasEnded(run: Run, key: string, past: Past): boolean;
/** Lets time pass, counted from the first life of the run that came here. */
export declare function sleep(
  run: Run,
  key: string,
  time: number | string,
): Promise<void>;
/** The data of the oldest signal of the name that nobody has taken, or of the next. */
export declare function waitFor(
  run: Run,
  id: string,
  options: WaitOptions,
): Promise<Json>;
/** A write of its own: the signal carries the step's key as its id, so that sending it twice counts once. */
export declare function emit(
  run: Run,
  id: string,
  options: EmitOptions,
): Promise<void>;

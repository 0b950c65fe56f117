/**
 * Cancellation as a tree: whoever cancels a block cancels all that runs in it. An `AbortSignal` is made where somebody wants one.
 *
 * It deliberately knows neither steps nor journals.
 */
import { Cancelled } from "./control.js";
type Listener = (reason: Cancelled) => void;
/** What is cancelled with a scope: a scope inside of it, or a wait. */
interface Cancellable {
  cancel(reason: Cancelled): void;
}
/** What runs together and is cancelled together. */
export declare class Scope {
  /** Why it is cancelled; nothing while it is not. */
  reason: Cancelled | undefined;
  /** When the nearest time limit around it is over, by the monotonic clock: what a remote call may tell the service. */
  endsAt: number | undefined;
  private readonly outer;
  /** What reaches even where cancellation does not: the end of the work in this process. */
  private readonly base;
  private listeners;
  private controller;
  private unlisten;
  constructor(outer?: Scope, base?: Scope | undefined);
  /** The scope of a call that is given its caller's signal. [`end`] must be called at its end. */
  static from(signal: AbortSignal | undefined): Scope;
  /** A scope that is cancelled with this one. [`end`] must be called at its end. */
  inner(): Scope;
  /** A scope that is cancelled with this one, and to which only this one's cancellation gets through a shield. */
  root(): Scope;
  /** A scope that neither cancellation nor time limits of this one reach. */
  shielded(): Scope;
  private follow;
  /** Lets go of what is around it: nothing cancels it any more. */
  end(): void;
  /** For functions of the user: aborted when the scope is cancelled. */
  get signal(): AbortSignal;
  /** Cancels all that runs in it; the first reason stays. */
  cancel(reason: Cancelled): void;
  /** Throws where it is cancelled. */
  check(): void;
  /** Tells it when this is cancelled, which it is not yet, until it is removed. */
  add(listener: Listener | Cancellable): void;
  remove(listener: Listener | Cancellable): void;
  /** Calls `listener` when it is cancelled, at once where it is. Says how to take that back. */
  onCancel(listener: Listener): () => void;
  /** Lets time pass; throws when it is cancelled. */
  pause(milliseconds: number): Promise<void>;
  /** What `work` comes to; throws when it is cancelled before. `work` is left to its end then. */
  unlessCancelled<T>(work: Promise<T>): Promise<T>;
  /** Tells what runs in it that its time is over in so many milliseconds, unless it is before. It ends nothing. */
  limit(milliseconds: number | undefined): void;
  /** Milliseconds until the nearest time limit, that of what begins now included; nothing where there is none. */
  timeLeft(limit?: number): number | undefined;
  /** The failure of a workflow that keeps no journal, as its caller sees it. */
  workflowError(workflow: string, error: unknown, run?: string): unknown;
}
/** A scope that nothing is around: for work that must not be cancelled. */
export declare function unbounded(): Scope;
export {};

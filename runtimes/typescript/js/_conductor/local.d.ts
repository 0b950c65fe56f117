/**
 * A run that keeps no journal: what the generated code of a workflow with `durable: false` is given.
 *
 * It deliberately knows no journal, and makes nothing that nobody asks for: neither id nor signal nor timer.
 */
import {
  Block,
  type Branch,
  type Decision,
  type ParallelOptions,
} from "./block.js";
import { StepFailed } from "./errors.js";
import type { RunOptions } from "./execute.js";
import { type Hedge } from "./hedge.js";
import type { Json } from "./json.js";
import * as calls from "./localCalls.js";
import { LocalMail } from "./localSignals.js";
import { type Taker } from "./permits.js";
import { Scope } from "./scope.js";
import { type Turn } from "./turns.js";
import type { EmitOptions, WaitOptions } from "./waits.js";
import { type UndoArguments } from "./stepOptions.js";
import type { Workflow } from "./workflow.js";
/** What few runs need: made when somebody asks. */
interface Extras {
  id: string | undefined;
  /** What undoes what was done, in the order in which it was. */
  undo: (() => Promise<void>)[];
  mail: LocalMail | undefined;
  /** Of a block that is one step to the journal: what undoes its steps, by their keys. */
  later: (readonly [string, Json])[] | undefined;
}
export declare class LocalRun extends Block<LocalRun> {
  readonly workflow: string;
  private readonly options;
  private outer;
  private ownScope;
  /** Why it is cancelled, where nobody has asked for its scope yet. */
  private reason;
  /** The step that is executed, where no function of its own does it. */
  private current;
  /** Of the whole run. */
  private ownExtras;
  /** Resources whose clients blocks around hold. */
  private held;
  /** Calls of which one may have failed before others have ended. */
  private underway;
  constructor(
    workflow: string,
    options?: RunOptions,
    prefix?: string,
    branch?: string,
  );
  /** A part of a durable run of which nothing is recorded. */
  static inside(
    run: {
      readonly id: string;
      readonly workflow: string;
      readonly scope: Scope;
    },
    prefix: string,
    later: (readonly [string, Json])[],
  ): LocalRun;
  get extras(): Extras;
  protected get self(): LocalRun;
  protected decision(): Decision;
  protected derived(
    scope: Scope | undefined,
    prefix: string,
    branch?: string,
  ): LocalRun;
  /** What is cancelled together with it, made when somebody asks. */
  get scope(): Scope;
  private cancel;
  /** Whether anything can cancel it. */
  private get canBeCancelled();
  /** Notes the step that is executed from here on, and throws where the run is cancelled. */
  at(id: string): void;
  protected failureOf(error: unknown, attempts?: number): StepFailed;
  /** Throws where it is cancelled: between two steps of a branch. */
  check(): void;
  /** Why it is cancelled; nothing while it is not. */
  private get cancelled();
  /** Made when somebody asks. */
  get id(): string;
  /** The idempotency key of a step. */
  key(id: string): string;
  /** The results of calls that nothing can stop; all have ended before the run's failure is told. */
  all<T extends readonly unknown[] | []>(
    started: T,
  ): Promise<{
    -readonly [P in keyof T]: Awaited<T[P]>;
  }>;
  /** All branches at once; their results by name. */
  parallel<B extends Record<string, Branch<LocalRun>>>(
    id: string,
    branches: B,
    options?: ParallelOptions,
  ): Promise<{
    [K in keyof B]: Awaited<ReturnType<B[K]>>;
  }>;
  /** The results of what was started in it. The first failure cancels the others, and all are awaited. */
  private together;
  /** The result of an attempt with a time limit. A function that takes the signal is told by it to stop. */
  within<T>(
    milliseconds: number,
    work: (signal: AbortSignal) => T | PromiseLike<T>,
  ): Promise<T>;
  /** The result of a write that must not run twice: its real end is awaited when its time is over or it is cancelled. */
  settled<T>(
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    options: calls.SettleOptions<T>,
  ): Promise<T>;
  /** Waits before the next attempt; throws when it is cancelled. */
  backOff(milliseconds: number): Promise<void>;
  /** Calls `work` with permits of all takers, in the given order. */
  using<T>(
    takers: readonly Taker[],
    work: () => T | PromiseLike<T>,
  ): Promise<T>;
  /** The first result of several calls: one more for each `after` in which none has ended. */
  hedge<T>(
    hedge: Hedge & {
      readonly timeout?: number | undefined;
    },
    work: (signal: AbortSignal) => T | PromiseLike<T>,
  ): Promise<T>;
  /** The result of a task that another process serves, as JSON. */
  invoke(
    name: string,
    signature: string,
    args: Record<string, unknown>,
    id: string,
    options?: calls.InvokeOptions,
  ): Promise<unknown>;
  /** The failure of a step, to be thrown. What is no failure is given back as it is; a call that was told to stop has not failed. */
  failed(id: string, attempts: number, error: unknown): Error;
  /** Says that something stands in for a step that has failed. What is no failure is thrown on. */
  fallBack(id: string, error: unknown): void;
  /** Lets go of the caller's signal: at the end of the workflow, however it ends. What it did, its parent may have to undo. */
  close(): void;
  /** For a workflow that keeps no journal and runs as a step. */
  childOptions(id: string): RunOptions;
  /** What undoes a step that has been done, should the run fail. */
  undoWith(_id: string, undo: (run: LocalRun) => unknown): void;
  /** The arguments of what undoes a step, which the journal has with the end of the block around. */
  undoLater(id: string, make: () => UndoArguments): void;
  /** The failure of the workflow as its caller sees it, after what it did is undone. `at` is the step that failed, where nothing else says so. */
  error(error: unknown, at?: string, attempts?: number): Promise<unknown>;
  /** What the workflow returns from within a block; its failure is thrown. */
  end<T>(error: unknown): Promise<T>;
  /** Ends a block when its time is over. */
  deadline<T>(
    id: string | null,
    milliseconds: number,
    work: (run: LocalRun) => T | PromiseLike<T>,
  ): Promise<T>;
  /** Calls a function of a step inside of an atomic block, which can ask for its step as others of a durable run can. */
  calling<T>(id: string, task: string, attempt: number, work: () => T): T;
  /** The whole of a run whose workflow has only so many at a time. */
  turn<T>(turn: Turn, work: (run: LocalRun) => T | PromiseLike<T>): Promise<T>;
  sleep(_id: string, time: number | string): Promise<void>;
  pause(_id: string, _index: number, milliseconds: number): Promise<void>;
  /** The data of the next signal of a name that this run sends itself, as JSON. */
  waitFor(id: string, options: WaitOptions): Promise<Json>;
  emit(id: string, options: EmitOptions): Promise<void>;
  /** The output of a durable workflow that runs as this step, as JSON. */
  child(
    id: string,
    workflow: Workflow,
    inputs: Record<string, unknown>,
    options?: {
      readonly critical?: boolean | undefined;
    },
  ): Promise<Json>;
  /** Starts a durable workflow that is left to itself. */
  detach(
    id: string,
    workflow: Workflow,
    inputs: Record<string, unknown>,
  ): Promise<void>;
  /** Keeps a permit, and the client of a resource, over several steps. */
  hold<T>(
    _id: string,
    taker: Taker,
    work: (run: LocalRun) => T | PromiseLike<T>,
  ): Promise<T>;
}
export {};

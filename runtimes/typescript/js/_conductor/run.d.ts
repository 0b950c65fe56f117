/**
 * A durable run while it is executed here: what its generated code is given.
 *
 * It deliberately knows neither how the run began nor what its end means to callers.
 */
import { Block, type Decision } from "./block.js";
import { type ChildOptions } from "./child.js";
import { type ErrorForm } from "./errors.js";
import type { RunOptions } from "./execute.js";
import type { History } from "./history.js";
import type { Journal } from "./journal.js";
import { type Json, type JsonObject, type Wire } from "./json.js";
import type { LocalRun } from "./local.js";
import type { Mailbox } from "./mailbox.js";
import { type Taker } from "./permits.js";
import type { Scope } from "./scope.js";
import type { Session } from "./session.js";
import { Step } from "./step.js";
import type { StepOptions } from "./stepOptions.js";
import { type EmitOptions, type WaitOptions } from "./waits.js";
import type { Work } from "./work.js";
import type { Workflow } from "./workflow.js";
/** What all parts of one run have in common. */
export interface RunParts {
  readonly id: string;
  readonly workflow: Workflow;
  readonly session: Session;
  readonly journal: Journal;
  readonly history: History;
  readonly mailbox: Mailbox;
  /** Idempotent writes that were given up and may still be running. */
  readonly unsettled: Set<Work<unknown>>;
  /** Starts another workflow's run, and gives its output. */
  readonly callChild: (
    workflow: Workflow,
    inputs: JsonObject,
    child: {
      run: string;
      key: string;
      scope: Scope;
      trace: string;
    },
  ) => Promise<Json>;
  /** Starts another workflow's run that is left to itself; returns when its start is on the disk. */
  readonly detachChild: (
    workflow: Workflow,
    inputs: JsonObject,
    run: string,
    trace: string,
  ) => Promise<void>;
}
interface Success {
  readonly attempt: number;
  readonly undo?: Json | undefined;
  /** Id of the signal that was taken. */
  readonly signal?: string | undefined;
}
interface Failed {
  readonly error: ErrorForm;
  readonly attempt: number;
  readonly tolerated: boolean;
  readonly undo?: Json | undefined;
}
/** What an atomic block leaves: its result, and those of its steps by their ids. */
export interface Atomic {
  readonly last: unknown;
  readonly results: Readonly<Record<string, unknown>>;
}
export declare class Run extends Block<Run> {
  readonly parts: RunParts;
  readonly scope: Scope;
  private readonly held;
  constructor(
    parts: RunParts,
    scope: Scope,
    prefix?: string,
    branch?: string,
    held?: readonly Taker[],
  );
  protected get self(): Run;
  protected derived(scope: Scope, prefix: string, branch?: string): Run;
  /** A run for what undoes a step: neither cancellation nor deadlines reach it. */
  shielded(prefix: string): Run;
  get id(): string;
  get workflow(): string;
  get session(): Session;
  get history(): History;
  /** The `traceparent` of an attempt. */
  traceOf(key: string, attempt: number): string;
  /** The idempotency key of a step. */
  keyOf(key: string): string;
  /** An input as it is recorded, or its default. */
  input(name: string, otherwise?: unknown): unknown;
  step(id: string, options: StepOptions): Step;
  /** A step whose `when` does not hold. */
  skip(id: string): void;
  /** A block that has no id of its own and is not critical has failed: nothing is recorded. */
  overlook(id: string, error: unknown): void;
  /** A block that is not critical has failed. */
  tolerate(id: string, error: unknown): void;
  protected decision(
    id: string,
    names: (index: number) => string,
    count: number,
  ): Decision;
  /** Records a decision that was not computed from recorded values. */
  choose(key: string, value: Json): void;
  /** Ends a block when its time is over, counted from when it began in whatever process. */
  deadline<T>(
    id: string | null,
    milliseconds: number,
    work: (run: Run) => T | PromiseLike<T>,
  ): Promise<T>;
  /** A durable timer. */
  sleep(id: string, time: number | string): Promise<void>;
  /** The pause between two iterations of a loop. */
  pause(id: string, index: number, milliseconds: number): Promise<void>;
  /** The data of the next signal of a name, as JSON. */
  waitFor(id: string, options: WaitOptions): Promise<Json>;
  /** Sends a signal. */
  emit(id: string, options: EmitOptions): Promise<void>;
  /** The output of a workflow that runs as this step, as JSON. */
  child(
    id: string,
    workflow: Workflow,
    inputs: Record<string, unknown>,
    options?: ChildOptions,
  ): Promise<Json>;
  /** For a workflow that keeps no journal and runs as this step. */
  childOptions(id: string, signal: AbortSignal): RunOptions;
  /** Starts a workflow that is left to itself. */
  detach(
    id: string,
    workflow: Workflow,
    inputs: Record<string, unknown>,
  ): Promise<void>;
  /** Keeps a permit, and the client of a resource, over several steps. */
  hold<T>(
    _id: string,
    taker: Taker,
    work: (run: Run) => T | PromiseLike<T>,
  ): Promise<T>;
  /** A hold that is one step to the journal: after a crash all of it is done again. */
  atomic(
    id: string,
    taker: Taker,
    work: (run: LocalRun) => Atomic | PromiseLike<Atomic>,
    options?: {
      readonly critical?: boolean;
    },
  ): Promise<Atomic>;
  /** What of it a block around does not hold already. */
  withoutHeld(uses: readonly Taker[]): readonly Taker[];
  /** Adds an entry to the journal. */
  record(kind: string, fields: object): void;
  /** Waits until this process may begin attempts; throws when it is cancelled before. */
  untilLeased(): Promise<void>;
  /** Whether it may begin them now. */
  get isLeased(): boolean;
  /**
   * Waits until everything so far is on the disk and this process may begin attempts; throws where the run is no longer this
   * process's.
   */
  barrier(): Promise<void>;
  /** Whether something has come between that [`untilOwned`] must see to. */
  get mustWait(): boolean;
  /** Waits until this process may begin attempts; throws where the run is no longer this process's. */
  untilOwned(): Promise<void>;
  stepStarted(
    key: string,
    task: string,
    attempt: number,
    deadlineAt?: number,
  ): void;
  stepSucceeded(key: string, output: Wire, success: Success): void;
  stepFailed(key: string, failed: Failed): void;
  stepCancelled(key: string, unknown: boolean, undo?: Json): void;
  /** Lets work that was given up go on; the run does not end before it has. */
  outwait(work: Work<unknown>): void;
  /** The failure of a step that is no task; nothing where it is tolerated. */
  failStep(
    id: string,
    error: unknown,
    attempt: number,
    critical: boolean | undefined,
  ): void;
}
export {};

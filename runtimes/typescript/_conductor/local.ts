/**
 * A run that keeps no journal: what the generated code of a workflow with `durable: false` is given.
 *
 * It deliberately knows no journal, and makes nothing that nobody asks for: neither id nor signal nor timer.
 */

import {
  asFailure,
  Block,
  NO_DECISION,
  type Branch,
  type Decision,
  type ParallelOptions,
} from "./block.js";
import {
  Cancelled,
  Control,
  decided,
  passControl,
  Returned,
} from "./control.js";
import { StepFailed, workflowError } from "./errors.js";
import type { RunOptions } from "./execute.js";
import { causeOf } from "./form.js";
import { hedged, type Hedge } from "./hedge.js";
import { newRunId } from "./ids.js";
import type { Json, JsonObject } from "./json.js";
import * as calls from "./localCalls.js";
import { emitLocally, LocalMail, waitLocally } from "./localSignals.js";
import { logger } from "./log.js";
import { take, type Taker } from "./permits.js";
import { PlainChildOptions } from "./plainChild.js";
import { callerTrace } from "./remote.js";
import { Scope } from "./scope.js";
import { decodeMilliseconds } from "./durations.js";
import { inTurn, type Turn } from "./turns.js";
import type { EmitOptions, WaitOptions } from "./waits.js";
import { undoArguments, type UndoArguments } from "./stepOptions.js";
import { undoAll } from "./undoable.js";
import type { Workflow } from "./workflow.js";
import { CHILDREN } from "./execute.js";

/** What few runs need: made when somebody asks. */
interface Extras {
  id: string | undefined;
  /** What undoes what was done, in the order in which it was. */
  undo: (() => Promise<void>)[];
  mail: LocalMail | undefined;
  /** Of a block that is one step to the journal: what undoes its steps, by their keys. */
  later: (readonly [string, Json])[] | undefined;
}

export class LocalRun extends Block<LocalRun> {
  declare readonly workflow: string;
  declare private readonly options: RunOptions;
  declare private outer: LocalRun | undefined;
  declare private ownScope: Scope | undefined;
  /** Why it is cancelled, where nobody has asked for its scope yet. */
  declare private reason: Cancelled | undefined;
  /** The step that is executed, where no function of its own does it. */
  declare private current: string | undefined;
  /** Of the whole run. */
  declare private ownExtras: Extras | undefined;
  /** Resources whose clients blocks around hold. */
  declare private held: readonly Taker[];
  /** Calls of which one may have failed before others have ended. */
  declare private underway: readonly unknown[];

  static {
    // What most runs never set stands here once, so that one costs next to nothing to make.
    Object.assign(this.prototype, {
      outer: undefined,
      ownScope: undefined,
      reason: undefined,
      ownExtras: undefined,
      held: [],
      underway: [],
    });
  }

  constructor(
    workflow: string,
    options: RunOptions = NO_OPTIONS,
    prefix?: string,
    branch?: string,
  ) {
    super(prefix, branch);
    this.workflow = workflow;
    this.options = options;
    this.current = undefined;
    if (options.signal !== undefined) {
      this.ownScope = Scope.from(options.signal);
    }
  }

  /** A part of a durable run of which nothing is recorded. */
  static inside(
    run: {
      readonly id: string;
      readonly workflow: string;
      readonly scope: Scope;
    },
    prefix: string,
    later: (readonly [string, Json])[],
  ): LocalRun {
    const { id, workflow, scope } = run;
    const inside = new LocalRun(workflow, { runId: id }, prefix);
    inside.ownScope = scope;
    inside.ownExtras = { id, undo: [], mail: undefined, later };
    return inside;
  }

  get extras(): Extras {
    if (this.outer !== undefined) {
      return this.outer.extras;
    }
    this.ownExtras ??= {
      id: this.options.runId,
      undo: [],
      mail: undefined,
      later: undefined,
    };
    return this.ownExtras;
  }

  protected get self(): LocalRun {
    return this;
  }

  protected override decision(): Decision {
    return NO_DECISION;
  }

  protected derived(
    scope: Scope | undefined,
    prefix: string,
    branch?: string,
  ): LocalRun {
    const inside = new LocalRun(this.workflow, NO_OPTIONS, prefix, branch);
    inside.outer = this;
    inside.ownScope = scope;
    if (this.held.length > 0) {
      inside.held = this.held;
    }
    return inside;
  }

  /** What is cancelled together with it, made when somebody asks. */
  get scope(): Scope {
    if (this.ownScope === undefined) {
      this.ownScope = this.outer?.scope.inner() ?? new Scope();
      if (this.reason !== undefined) {
        this.ownScope.cancel(this.reason);
      }
    }
    return this.ownScope;
  }

  private cancel(reason: Cancelled): void {
    this.reason ??= reason;
    this.ownScope?.cancel(reason);
  }

  /** Whether anything can cancel it. */
  private get canBeCancelled(): boolean {
    return this.ownScope !== undefined || this.outer !== undefined;
  }

  /** Notes the step that is executed from here on, and throws where the run is cancelled. */
  at(id: string): void {
    this.current = id;
    if (this.canBeCancelled) {
      this.check();
    }
  }

  protected override failureOf(error: unknown, attempts = 1): StepFailed {
    return error instanceof StepFailed || this.current === undefined
      ? asFailure(error)
      : new StepFailed(this.path(this.current), attempts, causeOf(error));
  }

  /** Throws where it is cancelled: between two steps of a branch. */
  check(): void {
    const { cancelled } = this;
    if (cancelled !== undefined) {
      throw cancelled;
    }
  }

  /** Why it is cancelled; nothing while it is not. */
  private get cancelled(): Cancelled | undefined {
    return this.ownScope === undefined
      ? (this.reason ?? this.outer?.cancelled)
      : this.ownScope.reason;
  }

  /** Made when somebody asks. */
  get id(): string {
    const { extras } = this;
    extras.id ??= newRunId();
    return extras.id;
  }

  /** The idempotency key of a step. */
  key(id: string): string {
    return `${this.id}/${this.path(id)}`;
  }

  /** The results of calls that nothing can stop; all have ended before the run's failure is told. */
  all<T extends readonly unknown[] | []>(
    started: T,
  ): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
    this.underway = started;
    return Promise.all(started);
  }

  /** All branches at once; their results by name. */
  override async parallel<B extends Record<string, Branch<LocalRun>>>(
    id: string,
    branches: B,
    options: ParallelOptions = {},
  ): Promise<{ [K in keyof B]: Awaited<ReturnType<B[K]>> }> {
    if (options.maxConcurrency !== undefined || options.onFailure === "wait") {
      return super.parallel(id, branches, options);
    }
    const run = this.derived(undefined, this.prefix);
    const names = Object.keys(branches);
    const started = names.map((name) => calls.begun(branches[name], run));
    const values = await run.together(started, this);
    const results: Record<string, unknown> = {};
    names.forEach((name, index) => {
      results[name] = values[index];
    });
    return results as { [K in keyof B]: Awaited<ReturnType<B[K]>> };
  }

  /** The results of what was started in it. The first failure cancels the others, and all are awaited. */
  private async together(
    started: readonly unknown[],
    outer: LocalRun,
  ): Promise<unknown[]> {
    try {
      return await Promise.all(started);
    } catch (error) {
      this.cancel(decided());
      await Promise.allSettled(started);
      outer.check();
      throw error;
    } finally {
      this.ownScope?.end();
    }
  }

  // --- Attempts ---

  /** The result of an attempt with a time limit. A function that takes the signal is told by it to stop. */
  within<T>(
    milliseconds: number,
    work: (signal: AbortSignal) => T | PromiseLike<T>,
  ): Promise<T> {
    const scope = this.canBeCancelled ? this.scope : undefined;
    return calls.within(milliseconds, work, scope);
  }

  /** The result of a write that must not run twice: its real end is awaited when its time is over or it is cancelled. */
  settled<T>(
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    options: calls.SettleOptions<T>,
  ): Promise<T> {
    return calls.settled(work, options, this.scope);
  }

  /** Waits before the next attempt; throws when it is cancelled. */
  backOff(milliseconds: number): Promise<void> {
    if (this.canBeCancelled) {
      return this.scope.pause(milliseconds);
    }
    return calls.plainPause(milliseconds);
  }

  /** Calls `work` with permits of all takers, in the given order. */
  async using<T>(
    takers: readonly Taker[],
    work: () => T | PromiseLike<T>,
  ): Promise<T> {
    const { held } = this;
    const wanted =
      held.length === 0 ? takers : takers.filter((one) => !held.includes(one));
    const taken = await take(wanted, { scope: this.scope });
    try {
      return await work();
    } finally {
      taken?.over();
    }
  }

  /** The first result of several calls: one more for each `after` in which none has ended. */
  hedge<T>(
    hedge: Hedge & { readonly timeout?: number | undefined },
    work: (signal: AbortSignal) => T | PromiseLike<T>,
  ): Promise<T> {
    const race = (signal: AbortSignal) => hedged(hedge, work, { signal });
    return hedge.timeout === undefined
      ? race(this.scope.signal)
      : this.within(hedge.timeout, race);
  }

  /** The result of a task that another process serves, as JSON. */
  invoke(
    name: string,
    signature: string,
    args: Record<string, unknown>,
    id: string,
    options: calls.InvokeOptions = {},
  ): Promise<unknown> {
    return calls.invoked(this, { name, signature, args }, id, options);
  }

  /** The failure of a step, to be thrown. What is no failure is given back as it is; a call that was told to stop has not failed. */
  failed(id: string, attempts: number, error: unknown): Error {
    return error instanceof Control || error instanceof StepFailed
      ? error
      : (this.cancelled ??
          new StepFailed(this.path(id), attempts, causeOf(error)));
  }

  /** Says that something stands in for a step that has failed. What is no failure is thrown on. */
  fallBack(id: string, error: unknown): void {
    passControl(error);
    logger().warn(`step ${this.path(id)} falls back`, error);
  }

  // --- The end ---

  /** Lets go of the caller's signal: at the end of the workflow, however it ends. What it did, its parent may have to undo. */
  close(): void {
    this.ownScope?.end();
    const { options, ownExtras } = this;
    if (ownExtras !== undefined && options instanceof PlainChildOptions) {
      options.adopt(ownExtras.undo.splice(0));
    }
  }

  /** For a workflow that keeps no journal and runs as a step. */
  childOptions(id: string): RunOptions {
    const key = () => this.key(id);
    return new PlainChildOptions(key, this.signal, (undo) => {
      this.extras.undo.push(...undo);
    });
  }

  /** What undoes a step that has been done, should the run fail. */
  undoWith(_id: string, undo: (run: LocalRun) => unknown): void {
    const shielded = this.derived(new Scope(), this.prefix);
    this.extras.undo.push(async () => {
      await undo(shielded);
    });
  }

  /** The arguments of what undoes a step, which the journal has with the end of the block around. */
  undoLater(id: string, make: () => UndoArguments): void {
    const args = undoArguments(make);
    this.extras.later?.push([this.path(id), args as Json]);
  }

  /** The failure of the workflow as its caller sees it, after what it did is undone. `at` is the step that failed, where nothing else says so. */
  async error(error: unknown, at?: string, attempts = 1): Promise<unknown> {
    this.current ??= at;
    await Promise.allSettled(this.underway);
    const { ownExtras, options, workflow } = this;
    await undoAll(workflow, ownExtras?.undo ?? []);
    this.close();
    const { signal } = options;
    const isStopped = error instanceof Control || error === signal?.reason;
    if (signal?.aborted === true && isStopped) {
      return signal.reason;
    }
    if (error instanceof Control) {
      return error;
    }
    const failure = this.failureOf(error, attempts);
    const { step, error: cause } = failure;
    const id = ownExtras?.id ?? options.runId;
    return workflowError(workflow, id, step, failure.attempts, cause);
  }

  /** What the workflow returns from within a block; its failure is thrown. */
  async end<T>(error: unknown): Promise<T> {
    if (error instanceof Returned) {
      return error.output as T;
    }
    throw await this.error(error);
  }

  // --- Blocks and waits ---

  /** Ends a block when its time is over. */
  deadline<T>(
    id: string | null,
    milliseconds: number,
    work: (run: LocalRun) => T | PromiseLike<T>,
  ): Promise<T> {
    const key = id === null ? undefined : this.path(id);
    const nothing = () => undefined;
    return this.limited(key, milliseconds, milliseconds, false, nothing, work);
  }

  /** Calls a function of a step inside of an atomic block, which can ask for its step as others of a durable run can. */
  calling<T>(id: string, task: string, attempt: number, work: () => T): T {
    return calls.calling(this, { id, task, attempt }, work);
  }

  /** The whole of a run whose workflow has only so many at a time. */
  turn<T>(turn: Turn, work: (run: LocalRun) => T | PromiseLike<T>): Promise<T> {
    return inTurn(this.workflow, turn, this.scope, () => work(this));
  }

  async sleep(_id: string, time: number | string): Promise<void> {
    const milliseconds =
      typeof time === "number" ? time : decodeMilliseconds(time);
    await this.backOff(Math.max(0, milliseconds));
  }

  async pause(
    _id: string,
    _index: number,
    milliseconds: number,
  ): Promise<void> {
    await this.backOff(milliseconds);
  }

  /** The data of the next signal of a name that this run sends itself, as JSON. */
  waitFor(id: string, options: WaitOptions): Promise<Json> {
    const mail = (this.extras.mail ??= new LocalMail());
    return waitLocally(this, mail, id, options);
  }

  emit(id: string, options: EmitOptions): Promise<void> {
    const mail = (this.extras.mail ??= new LocalMail());
    return emitLocally(this, mail, id, options);
  }

  /** The output of a durable workflow that runs as this step, as JSON. */
  child(
    id: string,
    workflow: Workflow,
    inputs: Record<string, unknown>,
    options: { readonly critical?: boolean | undefined } = {},
  ): Promise<Json> {
    const call = async () => {
      const { scope } = this;
      const trace = callerTrace(this.id, this.path(id), 1);
      const place = { run: this.key(id), key: this.path(id), scope, trace };
      return CHILDREN.callChild(workflow, inputs as JsonObject, place);
    };
    return calls.childOf(this, id, call, options.critical);
  }

  /** Starts a durable workflow that is left to itself. */
  detach(
    id: string,
    workflow: Workflow,
    inputs: Record<string, unknown>,
  ): Promise<void> {
    const run = this.key(id);
    const trace = callerTrace(this.id, this.path(id), 1);
    return CHILDREN.detachChild(workflow, inputs as JsonObject, run, trace);
  }

  /** Keeps a permit, and the client of a resource, over several steps. */
  async hold<T>(
    _id: string,
    taker: Taker,
    work: (run: LocalRun) => T | PromiseLike<T>,
  ): Promise<T> {
    const held = this.derived(this.scope, this.prefix);
    held.held = taker.hasClient ? [...this.held, taker] : this.held;
    const done = () => work(held);
    return this.using([taker], () => taker.holding?.(done) ?? done());
  }
}

const NO_OPTIONS: RunOptions = {};

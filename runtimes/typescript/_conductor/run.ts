/**
 * A durable run while it is executed here: what its generated code is given.
 *
 * It deliberately knows neither how the run began nor what its end means to callers.
 */

import { asFailure, Block, logTolerated, type Decision } from "./block.js";
import { child, detach, type ChildOptions } from "./child.js";
import { Control } from "./control.js";
import {
  RecordedError,
  ResultError,
  StepFailed,
  type ErrorForm,
} from "./errors.js";
import type { RunOptions } from "./execute.js";
import { errorForm } from "./form.js";
import type { History } from "./history.js";
import type { Journal } from "./journal.js";
import { dumps, type Json, type JsonObject, type Wire } from "./json.js";
import type { LocalRun } from "./local.js";
import type { Mailbox } from "./mailbox.js";
import { take, type Taker } from "./permits.js";
import { PlainChildOptions } from "./plainChild.js";
import type { Scope } from "./scope.js";
import type { Session } from "./session.js";
import { Step } from "./step.js";
import type { StepOptions } from "./stepOptions.js";
import { nowMs } from "./timer.js";
import { traceOfAttempt, traceOfRun } from "./trace.js";
import {
  emit,
  sleep,
  waitFor,
  type EmitOptions,
  type WaitOptions,
} from "./waits.js";
import { written } from "./values.js";
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
    child: { run: string; key: string; scope: Scope; trace: string },
  ) => Promise<Json>;
  /** Starts another workflow's run that is left to itself; returns when its start is on the disk. */
  readonly detachChild: (
    workflow: Workflow,
    inputs: JsonObject,
    run: string,
    trace: string,
  ) => Promise<void>;
}

/** Of what a workflow without a journal did, to another process. */
const LOST =
  "what it did has no journal, and the process that knew how it is undone is gone";

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

export class Run extends Block<Run> {
  readonly parts: RunParts;
  readonly scope: Scope;
  private readonly held: readonly Taker[];

  constructor(
    parts: RunParts,
    scope: Scope,
    prefix = "",
    branch?: string,
    held: readonly Taker[] = [],
  ) {
    super(prefix, branch);
    this.parts = parts;
    this.scope = scope;
    this.held = held;
  }

  protected get self(): Run {
    return this;
  }

  protected derived(scope: Scope, prefix: string, branch?: string): Run {
    return new Run(this.parts, scope, prefix, branch, this.held);
  }

  /** A run for what undoes a step: neither cancellation nor deadlines reach it. */
  shielded(prefix: string): Run {
    return new Run(this.parts, this.scope.shielded(), prefix);
  }

  get id(): string {
    return this.parts.id;
  }

  get workflow(): string {
    return this.parts.workflow.name;
  }

  get session(): Session {
    return this.parts.session;
  }

  get history(): History {
    return this.parts.history;
  }

  /** The `traceparent` of an attempt. */
  traceOf(key: string, attempt: number): string {
    const trace = this.history.trace ?? traceOfRun(this.id);
    return traceOfAttempt(trace, this.keyOf(key), attempt);
  }

  /** The idempotency key of a step. */
  keyOf(key: string): string {
    return this.history.keyOf(this.id, key);
  }

  /** An input as it is recorded, or its default. */
  input(name: string, otherwise?: unknown): unknown {
    const { input } = this.history;
    if (Object.hasOwn(input, name)) {
      return input[name];
    }
    if (otherwise === undefined) {
      throw new ResultError(`the input ${name} is missing`);
    }
    return otherwise;
  }

  step(id: string, options: StepOptions): Step {
    return new Step(this, id, options);
  }

  /** A step whose `when` does not hold. */
  override skip(id: string): void {
    super.skip(id);
    const key = this.path(id);
    const past = this.history.past(key);
    if (past.outcome === undefined) {
      past.outcome = "skipped";
      this.record("step_skipped", { key, at: nowMs() });
    }
  }

  /** A block that has no id of its own and is not critical has failed: nothing is recorded. */
  overlook(id: string, error: unknown): void {
    super.tolerate(id, error);
  }

  /** A block that is not critical has failed. */
  override tolerate(id: string, error: unknown): void {
    super.tolerate(id, error);
    const failure = asFailure(error);
    const key = this.path(id);
    if (this.history.past(key).outcome === undefined) {
      this.stepFailed(key, {
        error: errorForm(failure.error),
        attempt: failure.attempts,
        tolerated: true,
      });
    }
  }

  protected override decision(
    id: string,
    names: (index: number) => string,
    count: number,
  ): Decision {
    const key = this.path(id);
    const chosen = this.history.chosen.get(key);
    let recorded: number | undefined;
    if (typeof chosen === "string") {
      for (let index = 0; index < count; index += 1) {
        if (names(index) === chosen) {
          recorded = index;
          break;
        }
      }
    }
    const choose = (index: number) => {
      this.choose(key, names(index));
    };
    return { recorded, choose };
  }

  /** Records a decision that was not computed from recorded values. */
  choose(key: string, value: Json): void {
    this.history.chosen.set(key, value);
    this.record("chosen", { key, value, at: nowMs() });
  }

  /** Ends a block when its time is over, counted from when it began in whatever process. */
  async deadline<T>(
    id: string | null,
    milliseconds: number,
    work: (run: Run) => T | PromiseLike<T>,
  ): Promise<T> {
    const key = id === null ? "run" : this.path(id);
    const { chosen } = this.history;
    let endsAt = chosen.get(`${key}.deadline`);
    if (typeof endsAt !== "number") {
      endsAt = nowMs() + Math.round(milliseconds);
      this.choose(`${key}.deadline`, endsAt);
    }
    const expired = `${key}.expired`;
    return this.limited(
      id === null ? undefined : key,
      milliseconds,
      endsAt - nowMs(),
      chosen.has(expired),
      () => {
        this.choose(expired, true);
      },
      work,
    );
  }

  /** A durable timer. */
  async sleep(id: string, time: number | string): Promise<void> {
    await sleep(this, this.path(id), time);
  }

  /** The pause between two iterations of a loop. */
  async pause(id: string, index: number, milliseconds: number): Promise<void> {
    await sleep(this, `${this.path(id)}[${String(index)}]`, milliseconds);
  }

  /** The data of the next signal of a name, as JSON. */
  waitFor(id: string, options: WaitOptions): Promise<Json> {
    return waitFor(this, id, options);
  }

  /** Sends a signal. */
  emit(id: string, options: EmitOptions): Promise<void> {
    return emit(this, id, options);
  }

  /** The output of a workflow that runs as this step, as JSON. */
  child(
    id: string,
    workflow: Workflow,
    inputs: Record<string, unknown>,
    options: ChildOptions = {},
  ): Promise<Json> {
    return child(this, id, workflow, inputs as JsonObject, options);
  }

  /** For a workflow that keeps no journal and runs as this step. */
  childOptions(id: string, signal: AbortSignal): RunOptions {
    const key = this.path(id);
    const runId = () => this.keyOf(key);
    return new PlainChildOptions(runId, signal, (undo) => {
      this.history.inside.set(key, undo);
    });
  }

  /** Starts a workflow that is left to itself. */
  detach(
    id: string,
    workflow: Workflow,
    inputs: Record<string, unknown>,
  ): Promise<void> {
    return detach(this, id, workflow, inputs as JsonObject);
  }

  /** Keeps a permit, and the client of a resource, over several steps. */
  async hold<T>(
    _id: string,
    taker: Taker,
    work: (run: Run) => T | PromiseLike<T>,
  ): Promise<T> {
    if (this.scope.reason !== undefined) {
      // Only what is recorded is gone through.
      return work(this);
    }
    const { scope, session } = this;
    const taken = await take([taker], { scope, session });
    try {
      const held = taker.hasClient ? [...this.held, taker] : this.held;
      const inside = new Run(this.parts, scope, this.prefix, undefined, held);
      const done = () => work(inside);
      return await (taker.holding?.(done) ?? done());
    } finally {
      taken?.over();
    }
  }

  /** A hold that is one step to the journal: after a crash all of it is done again. */
  async atomic(
    id: string,
    taker: Taker,
    work: (run: LocalRun) => Atomic | PromiseLike<Atomic>,
    options: { readonly critical?: boolean } = {},
  ): Promise<Atomic> {
    const key = this.path(id);
    const past = this.history.past(key);
    if (past.outcome === "succeeded") {
      return past.output as { last: Json; results: JsonObject };
    }
    if (past.outcome === "failed" || past.outcome === "tolerated") {
      // In an earlier life of the run; it is not done again to see whether it works now.
      throw new StepFailed(key, 1, new RecordedError(past.error ?? {}));
    }
    this.scope.check();
    const { LocalRun } = await import("./local.js");
    return this.hold(id, taker, async () => {
      this.stepStarted(key, id, 1);
      await this.barrier();
      this.scope.check();
      const undone: [string, Json][] = [];
      const inside = LocalRun.inside(this, this.prefix, undone);
      const { valueBytes } = this.session;
      let made: Wire;
      try {
        const output = (await work(inside)) as unknown as Json;
        made = written(output, valueBytes, "result");
      } catch (error) {
        if (error instanceof Control) {
          // Nothing of it is recorded: after a crash all of it would be done again.
          this.history.ended(key, undone, false);
          throw error;
        }
        const failure = asFailure(error);
        this.stepFailed(key, {
          error: errorForm(failure.error),
          attempt: 1,
          tolerated: options.critical === false,
          undo: undone.length === 0 ? undefined : undone,
        });
        throw new StepFailed(key, 1, failure.error);
      }
      const undo = undone.length === 0 ? undefined : undone;
      this.stepSucceeded(key, made, { attempt: 1, undo });
      this.scope.check();
      return made.json as { last: Json; results: JsonObject };
    });
  }

  /** What of it a block around does not hold already. */
  withoutHeld(uses: readonly Taker[]): readonly Taker[] {
    return this.held.length === 0
      ? uses
      : uses.filter((one) => !this.held.includes(one));
  }

  /** Adds an entry to the journal. */
  record(kind: string, fields: object): void {
    this.parts.journal.record(kind, fields);
  }

  /** Waits until this process may begin attempts; throws when it is cancelled before. */
  untilLeased(): Promise<void> {
    return this.scope.unlessCancelled(this.session.lease.held());
  }

  /** Whether it may begin them now. */
  get isLeased(): boolean {
    return this.session.lease.isHeld;
  }

  /**
   * Waits until everything so far is on the disk and this process may begin attempts; throws where the run is no longer this
   * process's.
   */
  async barrier(): Promise<void> {
    await this.parts.journal.barrier();
    await this.untilOwned();
  }

  /** Whether something has come between that [`untilOwned`] must see to. */
  get mustWait(): boolean {
    return this.parts.journal.ended !== undefined || !this.isLeased;
  }

  /** Waits until this process may begin attempts; throws where the run is no longer this process's. */
  async untilOwned(): Promise<void> {
    if (this.parts.journal.ended !== undefined) {
      this.scope.check();
    }
    if (!this.isLeased) {
      await this.untilLeased();
    }
  }

  stepStarted(
    key: string,
    task: string,
    attempt: number,
    deadlineAt?: number,
  ): void {
    const deadline =
      deadlineAt === undefined ? "" : `,"deadline_at":${String(deadlineAt)}`;
    this.parts.journal.recordText(
      `{"step_started":{"key":${JSON.stringify(key)},"task":${JSON.stringify(task)},` +
        `"attempt":${String(attempt)}${deadline},"at":${String(nowMs())}}}`,
    );
  }

  stepSucceeded(key: string, output: Wire, success: Success): void {
    const { attempt, signal } = success;
    const lost = this.history.inside.has(key) ? LOST : undefined;
    const { undo = lost } = success;
    const past = this.history.past(key);
    past.outcome = "succeeded";
    past.output = output.json;
    this.history.ended(key, undo, true);
    const more =
      (signal === undefined ? "" : `,"signal":${JSON.stringify(signal)}`) +
      (undo === undefined ? "" : `,"undo":${dumps(undo)}`);
    this.parts.journal.recordText(
      `{"step_succeeded":{"key":${JSON.stringify(key)},"attempt":${String(attempt)},` +
        `"output":${output.text},"at":${String(nowMs())}${more}}}`,
    );
  }

  stepFailed(key: string, failed: Failed): void {
    const past = this.history.past(key);
    past.outcome = failed.tolerated ? "tolerated" : "failed";
    past.error = failed.error;
    this.history.ended(key, failed.undo, false);
    this.record("step_failed", { key, ...failed, at: nowMs() });
  }

  stepCancelled(key: string, unknown: boolean, undo?: Json): void {
    this.history.past(key).outcome = "cancelled";
    this.history.ended(key, undo, false);
    this.record("step_cancelled", { key, unknown, undo, at: nowMs() });
  }

  /** Lets work that was given up go on; the run does not end before it has. */
  outwait(work: Work<unknown>): void {
    const { unsettled } = this.parts;
    unsettled.add(work);
    work.onEnd(() => unsettled.delete(work));
  }

  /** The failure of a step that is no task; nothing where it is tolerated. */
  failStep(
    id: string,
    error: unknown,
    attempt: number,
    critical: boolean | undefined,
  ): void {
    const key = this.path(id);
    const tolerated = critical === false;
    this.stepFailed(key, { error: errorForm(error), attempt, tolerated });
    if (!tolerated) {
      throw new StepFailed(key, attempt, error);
    }
    this.lose(id);
    logTolerated(key, error);
    this.scope.check();
  }
}

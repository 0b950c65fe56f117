/**
 * A run that this process owns, from its history to its recorded end.
 *
 * It deliberately knows no callers: whoever waits is told how it ended.
 */

import { undoAll } from "./compensate.js";
import { Cancelled, Control, Halt, Returned, stopped } from "./control.js";
import {
  RunPaused,
  RunRefused,
  StepFailed,
  WorkflowCancelled,
  workflowError,
  type WorkflowError,
} from "./errors.js";
import { errorForm } from "./form.js";
import { History } from "./history.js";
import { takeOfHost } from "./host.js";
import { Journal } from "./journal.js";
import { dumps, wire, type Json, type JsonObject, type Wire } from "./json.js";
import { logger } from "./log.js";
import { Mailbox } from "./mailbox.js";
import { Run, type RunParts } from "./run.js";
import { Scope } from "./scope.js";
import { hide } from "./secrets.js";
import { Refused, type Page } from "./messages.js";
import type { Session } from "./session.js";
import { nowMs } from "./timer.js";
import { written } from "./values.js";
import { allEnded, Work } from "./work.js";
import type { Concurrency, Workflow } from "./workflow.js";

/** No step can have this id. */
const DEADLINE_KEY = "run.deadline";

/** How a run ended, as far as this process is concerned. */
export interface Outcome {
  readonly state: "succeeded" | "failed" | "cancelled" | "paused" | "gone";
  readonly output?: Json;
  readonly error?: WorkflowError;
}

/** What the sidecar says of a run that this process owns from now on. */
export interface Owned {
  readonly epoch: number;
  readonly next_seq: number;
  readonly started_at: number;
  readonly cancelling: boolean;
  /** The caller's, where the run is new. */
  readonly traceparent?: string;
  /** What was asked for. */
  readonly start?: object;
}

export type Children = Pick<RunParts, "callChild" | "detachChild">;

export class Execution {
  readonly workflow: Workflow;
  readonly run: string;
  readonly journal: Journal;
  readonly work: Work<Outcome>;
  /** Whether it goes on when nobody waits for it. */
  isKept: boolean;
  private waiters = 0;
  private readonly session: Session;
  private readonly owned: Owned;
  private readonly inputs: JsonObject | undefined;
  private readonly children: Children;
  /** Cancelled when the work in this process ends. */
  private readonly process = new Scope();
  private readonly scope = this.process.root();
  private reason: string | undefined = undefined;
  private isOver = false;
  private giveBackTurn: (() => void) | undefined = undefined;
  private showSecrets: (() => void) | undefined = undefined;

  constructor(
    session: Session,
    workflow: Workflow,
    run: string,
    owned: Owned,
    inputs: JsonObject | undefined,
    children: Children,
    firstPage?: Page,
  ) {
    this.session = session;
    this.workflow = workflow;
    this.run = run;
    this.owned = owned;
    this.inputs = inputs;
    this.children = children;
    this.isKept = inputs === undefined;
    this.journal = new Journal(
      run,
      owned.epoch,
      owned.next_seq,
      (line) => session.send(line),
      session.hurry,
      session.ahead,
      owned.next_seq === 1 ? owned.start : undefined,
    );
    this.journal.onLost = () => {
      this.process.cancel(stopped());
    };
    this.journal.onCancelling = (reason) => {
      this.cancel(reason);
    };
    session.own(this.journal);
    executionsOf(session).set(run, this);
    if (owned.cancelling) {
      this.cancel("cancelled while nobody executed it");
    }
    const history = this.newHistory() ?? readHistory(session, run, firstPage);
    this.work = Work.start(() => this.drive(history));
    this.work.onEnd(() => {
      this.forget();
    });
  }

  private forget(): void {
    this.showSecrets?.();
    const executions = executionsOf(this.session);
    if (executions.get(this.run) === this) {
      executions.delete(this.run);
    }
    if (this.session.owned.get(this.run) === this.journal) {
      this.session.release(this.journal);
    }
  }

  private cancel(reason: string): void {
    if (this.reason === undefined && !this.isOver) {
      this.reason = reason;
      this.scope.cancel(new Cancelled(reason, true));
    }
  }

  /** Stops executing here; the run goes on elsewhere. */
  detach(): void {
    this.process.cancel(stopped());
  }

  /** The outcome. When the last waiter is cancelled the run is given back. */
  async wait(scope: Scope): Promise<Outcome> {
    this.waiters += 1;
    try {
      await this.work.ended(undefined, scope);
    } finally {
      this.waiters -= 1;
      if (!this.work.hasEnded && this.waiters === 0 && !this.isKept) {
        this.detach();
      }
    }
    if (!this.work.hasEnded) {
      scope.check();
    }
    return this.work.result();
  }

  private async drive(past: History | Promise<History>): Promise<Outcome> {
    let history: History;
    try {
      // Nothing of it is executed before whoever begins it knows of it.
      history = await past;
    } catch (error) {
      if (error instanceof Refused) {
        return this.refused(error.message);
      }
      throw error;
    }
    const run = new Run(this.parts(history), this.scope);
    try {
      const outcome = await this.perform(run);
      if (this.process.reason !== undefined) {
        return this.gone();
      }
      return await this.end(outcome);
    } catch (error) {
      if (error instanceof Control) {
        return this.gone();
      }
      throw error;
    } finally {
      this.giveBackTurn?.();
    }
  }

  private parts(history: History): RunParts {
    const { secret } = this.workflow.options;
    if (secret !== undefined) {
      this.showSecrets = hide(secret, history.input);
    }
    const { session, journal, run } = this;
    // A run that was handed over may have been sent signals before.
    const isNew = this.owned.next_seq === 1 && this.inputs !== undefined;
    const mailbox = new Mailbox(history.signals, isNew, () => {
      return listSignals(session, run);
    });
    journal.onSignal = (signal) => {
      mailbox.deliver(signal);
    };
    journal.onReclaimed = () => {
      mailbox.missed();
    };
    return {
      id: run,
      workflow: this.workflow,
      session,
      journal,
      history,
      mailbox,
      unsettled: new Set(),
      ...this.children,
    };
  }

  /** That of a run that begins here. */
  private newHistory(): History | undefined {
    if (this.inputs === undefined || this.owned.next_seq !== 1) {
      return undefined;
    }
    const { traceparent } = this.owned;
    return new History(wire(this.inputs).json as JsonObject, traceparent);
  }

  /** What the run comes to: where it failed or was cancelled, everything that it did is undone first. */
  private async perform(run: Run): Promise<() => Outcome> {
    let end: () => Outcome;
    try {
      const output = await this.withinDeadline(run);
      end = () => this.succeeded(output);
    } catch (error) {
      if (error instanceof Returned) {
        const output = error.output as Json;
        end = () => this.succeeded(output);
      } else if (error instanceof Halt) {
        return () => this.paused(error);
      } else if (error instanceof Cancelled) {
        if (!error.decided || this.reason === undefined) {
          throw error;
        }
        end = () => this.cancelled();
        return await this.undone(run, end);
      } else {
        end = this.failure(error);
        return await this.undone(run, end);
      }
    }
    this.isOver = true;
    await allEnded(run.parts.unsettled);
    return end;
  }

  private async undone(run: Run, end: () => Outcome): Promise<() => Outcome> {
    this.isOver = true;
    await allEnded(run.parts.unsettled);
    try {
      await undoAll(run);
      return end;
    } catch (error) {
      if (error instanceof Halt) {
        return () => this.paused(error);
      }
      throw error;
    }
  }

  /** The deadline counts from the start of the run, or of its last generation, wherever that was; the wait for its turn is part of it. */
  private withinDeadline(run: Run): Promise<Json> {
    const { deadline, body, concurrency } = this.workflow.options;
    const perform = async (inside: Run) => {
      if (concurrency !== undefined) {
        await this.turn(inside, concurrency);
      }
      return (await body(inside)) as Json;
    };
    if (deadline === undefined) {
      return perform(run);
    }
    const startedAt = run.history.restartedAt ?? this.owned.started_at;
    const endsAt = startedAt + Math.round(deadline);
    run.history.chosen.set(DEADLINE_KEY, endsAt);
    return run.deadline(null, deadline, perform);
  }

  /** Waits until the workflow's `concurrency` lets the run in. */
  private async turn(run: Run, concurrency: Concurrency): Promise<void> {
    const key = concurrency.key?.(run.history.input);
    const suffix = key === undefined ? "" : `:${dumps(key)}`;
    const wanted = {
      id: `workflow:${this.workflow.name}${suffix}`,
      limit: concurrency.limit,
      rate: undefined,
    };
    this.giveBackTurn = await takeOfHost(wanted, run.scope, this.session);
  }

  private succeeded(output: Json): Outcome {
    let made: Wire;
    try {
      made = written(output, this.session.valueBytes, "output");
    } catch (error) {
      return this.failure(error)();
    }
    const at = String(nowMs());
    this.journal.recordText(
      `{"run_succeeded":{"output":${made.text},"at":${at}}}`,
    );
    return { state: "succeeded", output: made.json };
  }

  private failure(error: unknown): () => Outcome {
    const isStep = error instanceof StepFailed;
    if (!isStep) {
      logger().error(`run ${this.run} failed outside of a step`, error);
    }
    const failure = isStep ? error : new StepFailed(undefined, 0, error);
    const { step, attempts, error: cause } = failure;
    return () => {
      this.journal.record("run_failed", {
        error: errorForm(cause),
        step: step ?? null,
        attempts,
        at: nowMs(),
      });
      const { name } = this.workflow;
      const told = workflowError(name, this.run, step, attempts, cause);
      return { state: "failed", error: told };
    };
  }

  private cancelled(): Outcome {
    const reason = this.reason ?? "";
    this.journal.record("run_cancelled", { reason, at: nowMs() });
    const error = cancelledError(this.workflow, this.run, reason);
    return { state: "cancelled", error };
  }

  private paused({ reason, step }: Halt): Outcome {
    this.journal.record("run_paused", { reason, step, at: nowMs() });
    const error = pausedError(this.workflow, this.run, reason);
    return { state: "paused", error };
  }

  /** Somebody else has the run, unless the sidecar refused what was recorded: that would happen again. */
  private gone(): Outcome {
    const { refusal, epoch } = this.journal;
    if (refusal === undefined) {
      return { state: "gone" };
    }
    if (this.inputs === undefined) {
      // It is kept: whoever it is handed to next would end here too.
      logger().error(
        `run ${this.run} is stuck, the sidecar refused: ${refusal}`,
      );
    } else {
      this.session.notify("run.release", { run: this.run, epoch });
    }
    return this.refused(refusal);
  }

  private refused(reason: string): Outcome {
    const place = { workflow: this.workflow.name, run: this.run };
    const error = new RunRefused(`run ${this.run}: ${reason}`, place);
    return { state: "failed", error };
  }

  /** Nobody is shown an end before it is on the disk. */
  private async end(conclude: () => Outcome): Promise<Outcome> {
    const outcome = conclude();
    await this.journal.concluded();
    if (this.journal.ended === "lost") {
      return this.gone();
    }
    logger().debug(
      `run ${this.run}: ${String(this.journal.waits)} waits for the disk`,
    );
    this.journal.end("finished");
    this.session.disown(this.journal);
    return outcome;
  }
}

/** Everything that is committed of a run, of which the first page may be here already. */
export async function readHistory(
  session: Session,
  run: string,
  firstPage?: Page,
): Promise<History> {
  const history = new History();
  let from = 0;
  let page = firstPage;
  for (;;) {
    if (page === undefined) {
      const answer = await session.request("run.read", { run, from });
      page = answer as unknown as Page;
    }
    for (const record of page.records) {
      history.add(record.entries);
      from = record.seq + 1;
    }
    if (!page.more) {
      history.isRead();
      return history;
    }
    page = undefined;
  }
}

/** Every signal that was sent to a run, page by page. */
async function listSignals(session: Session, run: string): Promise<Json[]> {
  const all: Json[] = [];
  for (;;) {
    const last = all.at(-1) as JsonObject | undefined;
    const from =
      last === undefined ? {} : { from: Number(last["ordinal"]) + 1 };
    const page = await session.request("signal.list", { run, ...from });
    all.push(...((page["signals"] ?? []) as Json[]));
    if (page["more"] !== true) {
      return all;
    }
  }
}

const bySession = new WeakMap<Session, Map<string, Execution>>();

/** The runs that are executed for `session`, by id. */
export function executionsOf(session: Session): Map<string, Execution> {
  let executions = bySession.get(session);
  if (executions === undefined) {
    executions = new Map();
    bySession.set(session, executions);
  }
  return executions;
}

export function cancelledError(
  workflow: Workflow,
  run: string,
  reason: string,
): WorkflowCancelled {
  return new WorkflowCancelled(
    `workflow ${workflow.name} (run ${run}) was cancelled: ${reason}`,
    { workflow: workflow.name, run },
  );
}

export function pausedError(
  workflow: Workflow,
  run: string,
  reason: string,
): RunPaused {
  return new RunPaused(
    `workflow ${workflow.name} (run ${run}) is paused: ${reason}`,
    { workflow: workflow.name, run },
  );
}

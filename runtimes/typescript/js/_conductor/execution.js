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
} from "./errors.js";
import { errorForm } from "./form.js";
import { History } from "./history.js";
import { takeOfHost } from "./host.js";
import { Journal } from "./journal.js";
import { dumps, wire } from "./json.js";
import { logger } from "./log.js";
import { Mailbox } from "./mailbox.js";
import { Run } from "./run.js";
import { Scope } from "./scope.js";
import { hide } from "./secrets.js";
import { Refused } from "./messages.js";
import { nowMs } from "./timer.js";
import { written } from "./values.js";
import { allEnded, Work } from "./work.js";
/** No step can have this id. */
const DEADLINE_KEY = "run.deadline";
export class Execution {
  constructor(session, workflow, run, owned, inputs, children, firstPage) {
    this.waiters = 0;
    /** Cancelled when the work in this process ends. */
    this.process = new Scope();
    this.scope = this.process.root();
    this.reason = undefined;
    this.isOver = false;
    this.giveBackTurn = undefined;
    this.showSecrets = undefined;
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
  forget() {
    this.showSecrets?.();
    const executions = executionsOf(this.session);
    if (executions.get(this.run) === this) {
      executions.delete(this.run);
    }
    if (this.session.owned.get(this.run) === this.journal) {
      this.session.release(this.journal);
    }
  }
  cancel(reason) {
    if (this.reason === undefined && !this.isOver) {
      this.reason = reason;
      this.scope.cancel(new Cancelled(reason, true));
    }
  }
  /** Stops executing here; the run goes on elsewhere. */
  detach() {
    this.process.cancel(stopped());
  }
  /** The outcome. When the last waiter is cancelled the run is given back. */
  async wait(scope) {
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
  async drive(past) {
    let history;
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
  parts(history) {
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
  newHistory() {
    if (this.inputs === undefined || this.owned.next_seq !== 1) {
      return undefined;
    }
    const { traceparent } = this.owned;
    return new History(wire(this.inputs).json, traceparent);
  }
  /** What the run comes to: where it failed or was cancelled, everything that it did is undone first. */
  async perform(run) {
    let end;
    try {
      const output = await this.withinDeadline(run);
      end = () => this.succeeded(output);
    } catch (error) {
      if (error instanceof Returned) {
        const output = error.output;
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
  async undone(run, end) {
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
  withinDeadline(run) {
    const { deadline, body, concurrency } = this.workflow.options;
    const perform = async (inside) => {
      if (concurrency !== undefined) {
        await this.turn(inside, concurrency);
      }
      return await body(inside);
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
  async turn(run, concurrency) {
    const key = concurrency.key?.(run.history.input);
    const suffix = key === undefined ? "" : `:${dumps(key)}`;
    const wanted = {
      id: `workflow:${this.workflow.name}${suffix}`,
      limit: concurrency.limit,
      rate: undefined,
    };
    this.giveBackTurn = await takeOfHost(wanted, run.scope, this.session);
  }
  succeeded(output) {
    let made;
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
  failure(error) {
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
  cancelled() {
    const reason = this.reason ?? "";
    this.journal.record("run_cancelled", { reason, at: nowMs() });
    const error = cancelledError(this.workflow, this.run, reason);
    return { state: "cancelled", error };
  }
  paused({ reason, step }) {
    this.journal.record("run_paused", { reason, step, at: nowMs() });
    const error = pausedError(this.workflow, this.run, reason);
    return { state: "paused", error };
  }
  /** Somebody else has the run, unless the sidecar refused what was recorded: that would happen again. */
  gone() {
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
  refused(reason) {
    const place = { workflow: this.workflow.name, run: this.run };
    const error = new RunRefused(`run ${this.run}: ${reason}`, place);
    return { state: "failed", error };
  }
  /** Nobody is shown an end before it is on the disk. */
  async end(conclude) {
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
export async function readHistory(session, run, firstPage) {
  const history = new History();
  let from = 0;
  let page = firstPage;
  for (;;) {
    if (page === undefined) {
      const answer = await session.request("run.read", { run, from });
      page = answer;
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
async function listSignals(session, run) {
  const all = [];
  for (;;) {
    const last = all.at(-1);
    const from =
      last === undefined ? {} : { from: Number(last["ordinal"]) + 1 };
    const page = await session.request("signal.list", { run, ...from });
    all.push(...(page["signals"] ?? []));
    if (page["more"] !== true) {
      return all;
    }
  }
}
const bySession = new WeakMap();
/** The runs that are executed for `session`, by id. */
export function executionsOf(session) {
  let executions = bySession.get(session);
  if (executions === undefined) {
    executions = new Map();
    bySession.set(session, executions);
  }
  return executions;
}
export function cancelledError(workflow, run, reason) {
  return new WorkflowCancelled(
    `workflow ${workflow.name} (run ${run}) was cancelled: ${reason}`,
    { workflow: workflow.name, run },
  );
}
export function pausedError(workflow, run, reason) {
  return new RunPaused(
    `workflow ${workflow.name} (run ${run}) is paused: ${reason}`,
    { workflow: workflow.name, run },
  );
}

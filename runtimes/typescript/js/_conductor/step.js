/**
 * One step of a durable run: its attempts, each between its entries in the journal.
 *
 * It deliberately decides neither whether to try again nor how long to wait: that stands in the generated loop.
 */
import { perform } from "./attempt.js";
import { logTolerated, notDoneWithin } from "./block.js";
import { Cancelled, Control, Halt, passControl } from "./control.js";
import {
  DeadlineExceeded,
  ExpressionError,
  OutcomeUnknown,
  RecordedError,
  StepFailed,
  textOf,
} from "./errors.js";
import { causeOf, errorForm } from "./form.js";
import { stepCalls } from "./hedge.js";
import { invoked } from "./invoke.js";
import { logger } from "./log.js";
import { take } from "./permits.js";
import { undoArguments } from "./stepOptions.js";
import { nowMs } from "./timer.js";
import { written } from "./values.js";
/** A step that is being executed, or was in an earlier life of the run. */
export class Step {
  constructor(run, id, options) {
    /** The permits of the attempt. */
    this.taken = undefined;
    this.failure = undefined;
    /** Why no call is made: the breaker is open. */
    this.refusal = undefined;
    this.asked = undefined;
    /** The block was cancelled while the call ran to its real end, which is recorded first. */
    this.cancelled = undefined;
    this.run = run;
    this.id = id;
    this.key = run.path(id);
    this.options = options;
    this.hasFallback = options.fallback === true;
    this.past = run.history.past(this.key);
    if (this.past.outcome === "tolerated") {
      run.lose(id);
    }
  }
  get isWrite() {
    return this.options.effect === "write";
  }
  get mayRepeat() {
    return this.options.idempotent === true || !this.isWrite;
  }
  get inDoubt() {
    return this.options.inDoubt ?? "retry";
  }
  get task() {
    return this.options.task ?? this.id;
  }
  /** The same at every attempt, here and after a crash. */
  get idempotencyKey() {
    return this.run.keyOf(this.key);
  }
  /** Of the attempt. */
  get traceparent() {
    return this.run.traceOf(this.key, this.past.attempt);
  }
  /** Attempts that failed before this one, in whatever process. */
  get failures() {
    return this.past.failures;
  }
  /** Whether all attempts have failed, in whatever process, and the fallback is still to be asked. */
  get isExhausted() {
    return this.past.exhausted !== undefined && this.past.outcome === undefined;
  }
  /** The result as JSON; null where the failure is tolerated. */
  get output() {
    this.raiseFailure();
    return this.past.output;
  }
  /** Throws what a recorded failure was, or that the step was cancelled. */
  raiseFailure() {
    const { outcome, error, attempt } = this.past;
    if (outcome === "failed") {
      const cause = this.failure ?? new RecordedError(error ?? {});
      throw new StepFailed(this.key, attempt, cause);
    }
    if (outcome === "cancelled") {
      throw this.run.scope.reason ?? new Cancelled("it was cancelled", true);
    }
  }
  /** The value of an argument that may have none: the step fails then, and no attempt is begun. */
  evaluate(expression) {
    try {
      return expression();
    } catch (error) {
      if (!(error instanceof ExpressionError)) {
        throw error;
      }
      if (this.past.outcome === undefined) {
        this.hasFallback = false;
        this.giveUp(error);
      }
      // No attempt follows, so that nobody reads it.
      return undefined;
    }
  }
  /** Begins an attempt where one is needed: waits out the backoff, for permits, for the disk before a write. */
  nextAttempt() {
    const { past } = this;
    if (this.isExhausted && !this.hasFallback) {
      // Only a person can have said so.
      this.giveUp(new RecordedError(past.exhausted ?? {}));
    }
    if (past.outcome !== undefined || past.exhausted !== undefined) {
      return false;
    }
    if (!past.isOpen) {
      this.run.scope.check();
    }
    return !this.takeCached() && this.begin();
  }
  /** One function does all that may wait: what each more would cost is a good part of a step. */
  async begin() {
    const { run, past, options } = this;
    let hasBegun = false;
    try {
      if (past.isOpen) {
        this.cutOffByACrash();
      }
      run.scope.check();
      if (past.retryAt !== undefined) {
        await this.backOff(past.retryAt);
      }
      if (options.breaker === undefined || !(await this.isRefused())) {
        const left = this.left();
        if (left !== undefined && left <= 0) {
          throw this.overDeadline();
        }
        if (options.uses !== undefined) {
          await this.takePermits(options.uses, left);
        }
        if (!run.isLeased) {
          await run.untilLeased();
        }
        run.scope.check();
        past.attempt += 1;
        past.hasBegun = true;
        run.stepStarted(this.key, this.task, past.attempt, past.deadlineAt);
        if (options.barrier ?? this.isWrite) {
          await run.parts.journal.barrier();
          if (run.mustWait) {
            await run.untilOwned();
          }
        }
        run.scope.check();
      }
      hasBegun = true;
    } catch (error) {
      if (error instanceof Cancelled) {
        this.stoppedBy(error);
      }
      passControl(error);
      this.giveUp(error);
    } finally {
      if (!hasBegun) {
        this.asked?.abandoned();
        this.over();
      }
    }
    return hasBegun;
  }
  takeCached() {
    const cached = this.options.cache?.get();
    if (cached === undefined) {
      return false;
    }
    this.record(cached.value, undefined);
    return true;
  }
  giveUp(error) {
    if (this.hasFallback) {
      this.exhaust(error);
    } else if (this.options.critical === false) {
      this.tolerate(error);
    } else {
      throw this.failed(error);
    }
  }
  /** The last attempt has no outcome, and this process did not make it. Only a write's matters. */
  cutOffByACrash() {
    const { past } = this;
    past.isOpen = false;
    past.isUnknown ||= this.isWrite;
    if (!this.isWrite || this.inDoubt === "retry") {
      return;
    }
    const error = new OutcomeUnknown(
      `attempt ${String(past.attempt)} was cut off; nobody knows whether it happened`,
    );
    throw this.inDoubt === "pause" ? this.paused(error) : error;
  }
  async backOff(endsAt) {
    const { past } = this;
    // A pause that would outlast the deadline is not begun.
    if (past.deadlineAt !== undefined && past.deadlineAt < endsAt) {
      throw this.overDeadline();
    }
    // A clock that was set back since must not make the wait longer than it was meant to be.
    const milliseconds = Math.min(endsAt - nowMs(), past.delayMs);
    if (milliseconds > 0) {
      await this.run.scope.pause(milliseconds);
    }
    past.retryAt = undefined;
  }
  /** An open breaker is asked before anything is waited for; the generated code is told by the call. */
  async isRefused() {
    this.asked = this.options.breaker?.attempt();
    this.refusal = await this.asked?.refusal();
    return this.refusal !== undefined;
  }
  /** Waiting counts against the deadline, not against the time of the attempt. */
  async takePermits(uses, milliseconds) {
    const { scope, session } = this.run;
    const wanted = this.run.withoutHeld(uses);
    const taken = await take(wanted, { scope, session, milliseconds });
    if (taken === undefined) {
      throw this.overDeadline();
    }
    this.taken = taken;
  }
  /** Milliseconds until the deadline, which begins with the first attempt. */
  left() {
    const { past } = this;
    const { deadline } = this.options;
    if (past.deadlineAt === undefined && deadline !== undefined) {
      past.deadlineAt = nowMs() + Math.round(deadline);
    }
    return past.deadlineAt === undefined
      ? undefined
      : past.deadlineAt - nowMs();
  }
  overDeadline() {
    return new DeadlineExceeded(notDoneWithin(this.options.deadline ?? 0));
  }
  /** The result of the attempt's call. A function that takes the signal is told by it to stop. */
  call(work) {
    return this.perform(work, work.length > 0);
  }
  /** The first result of several calls: one more for each `after` in which none has ended. */
  hedge(hedge, work) {
    const calls = stepCalls(this.run, this.options, hedge, work);
    return this.perform(calls, true);
  }
  /** The result of a task that another process serves, as JSON. */
  invoke(name, signature, args) {
    const call = (signal) => invoked(this, { name, signature, args, signal });
    return this.perform(call, true, true);
  }
  perform(work, listens, isRemote = false) {
    if (this.refusal !== undefined) {
      throw this.refusal;
    }
    return perform(this, work, listens, isRemote);
  }
  /** The call is over, whatever it came to. */
  callEnded(call) {
    if (call === undefined) {
      this.asked?.succeeded();
    } else {
      this.asked?.failed(call.error);
    }
    this.over();
  }
  over() {
    this.asked = undefined;
    this.taken?.over();
  }
  /** Throws the cancellation on, after it is recorded where the workflow itself cancels. */
  stoppedBy(reason) {
    const needsAPerson =
      this.past.isUnknown &&
      this.inDoubt === "pause" &&
      this.options.undo === undefined;
    if (needsAPerson && this.isWrite && reason.decided) {
      const text = `nobody knows whether it happened: ${reason.message}`;
      throw this.paused(new OutcomeUnknown(text));
    }
    if (reason.decided) {
      const unknown = this.past.isUnknown && this.isWrite;
      this.past.outcome = "cancelled";
      this.run.stepCancelled(
        this.key,
        unknown,
        unknown ? this.undoOfUnknown() : undefined,
      );
    }
    throw reason;
  }
  /** A person must say what became of the write. */
  paused(error) {
    const { past } = this;
    this.run.record("step_in_doubt", {
      key: this.key,
      attempt: past.attempt,
      error: errorForm(error),
      at: nowMs(),
    });
    const reason = `the outcome of ${this.key} is unknown: ${textOf(error)}`;
    return new Halt(reason, this.key);
  }
  undoOfUnknown() {
    return this.past.isUnknown ? this.undoArguments() : undefined;
  }
  undoArguments() {
    const { undo } = this.options;
    return undo === undefined ? undefined : this.undo(undo);
  }
  /** The arguments of what undoes the step. Why they have no value is told when they are needed. */
  undo(make) {
    return undoArguments(make);
  }
  /** Records the result, and the arguments of what undoes it. */
  succeed(output, undo) {
    this.record(output, undo ?? this.undoOfUnknown());
    this.options.cache?.set(output);
    this.goOnCancelling();
  }
  record(output, undo) {
    const made = written(output, this.run.session.valueBytes, "result");
    this.run.stepSucceeded(this.key, made, {
      attempt: this.past.attempt,
      undo,
    });
  }
  /** What is recorded is recorded; but a block that was cancelled meanwhile does not go on. */
  goOnCancelling() {
    if (this.cancelled !== undefined) {
      throw this.cancelled;
    }
    this.run.scope.check();
  }
  /** Records a failure that another attempt follows, in so many milliseconds. */
  retry(error, delay) {
    passControl(error);
    const { past } = this;
    const at = nowMs();
    past.failures += 1;
    past.delayMs = Math.round(delay);
    past.retryAt = at + past.delayMs;
    this.run.record("attempt_failed", {
      key: this.key,
      attempt: past.attempt,
      error: errorForm(causeOf(error)),
      retry_at: past.retryAt,
      at,
    });
  }
  /** Records a failure that no attempt follows, but the fallback. */
  exhaust(error) {
    passControl(error);
    if (error instanceof ExpressionError) {
      // An argument has no value: there was no call that something could stand in for.
      this.hasFallback = false;
      this.giveUp(error);
      return;
    }
    const cause = causeOf(error);
    logger().warn(`step ${this.key} falls back`, cause);
    this.past.exhausted = errorForm(cause);
    this.run.record("attempt_failed", {
      key: this.key,
      attempt: this.past.attempt,
      error: this.past.exhausted,
      at: nowMs(),
    });
  }
  /** Takes the result of another task as JSON, or its failure, for the step's own. */
  async fallBack(other) {
    let output;
    try {
      output = await other();
    } catch (error) {
      if (error instanceof Cancelled) {
        this.stoppedBy(error);
      }
      passControl(error);
      this.hasFallback = false;
      this.giveUp(error instanceof StepFailed ? error.error : error);
      return;
    }
    this.succeed(output);
  }
  /** Records the step's failure, which is to be thrown. What is no failure is given back as it is. */
  failed(error) {
    if (error instanceof Control) {
      return error;
    }
    const cause = causeOf(error);
    this.recordFailure(cause, false);
    return new StepFailed(this.key, this.past.attempt, cause);
  }
  /** Records the failure of a step that is not critical. */
  tolerate(error) {
    passControl(error);
    const cause = causeOf(error);
    logTolerated(this.key, cause);
    this.recordFailure(cause, true);
    this.run.lose(this.id);
    this.goOnCancelling();
  }
  recordFailure(error, tolerated) {
    this.failure = error;
    this.run.stepFailed(this.key, {
      error: errorForm(error),
      attempt: this.past.attempt,
      tolerated,
      undo: this.undoOfUnknown(),
    });
  }
}

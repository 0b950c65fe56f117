/**
 * A hedge: further calls beside one that takes long; the first success counts.
 *
 * It deliberately knows not whether a call may happen twice: the checker allows a hedge only there.
 */

import { Cancelled } from "./control.js";
import { thrown } from "./errors.js";
import { take, type Taker } from "./permits.js";
import type { Run } from "./run.js";
import { Scope } from "./scope.js";
import type { Session } from "./session.js";
import type { StepOptions } from "./stepOptions.js";
import { after as startTimer } from "./timer.js";
import { Work } from "./work.js";

export interface Hedge {
  /** Milliseconds after which one more call is made, while none has ended. */
  readonly after: number;
  /** So many more at most. */
  readonly max: number;
}

export interface HedgeContext {
  /** Aborted when all calls are to stop. */
  readonly signal: AbortSignal;
  readonly session?: Session | undefined;
  /** What each further call takes for itself. */
  readonly perCall?: readonly Taker[] | undefined;
  /** Waits for calls that lost, before the run ends. */
  readonly unsettled?: { outwait(work: Work<unknown>): void } | undefined;
}

/** The first success of the calls; the last failure where all fail. */
export async function hedged<T>(
  hedge: Hedge,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  context: HedgeContext,
): Promise<T> {
  const scope = Scope.from(context.signal);
  try {
    return await new Calls(hedge, work, context, scope).first();
  } finally {
    scope.cancel(new Cancelled("another call was faster", true));
    scope.end();
  }
}

/** The calls of a hedge of a durable step. */
export function stepCalls<T>(
  run: Run,
  { uses = [], effect }: StepOptions,
  hedge: Hedge,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
): (signal: AbortSignal) => Promise<T> {
  // Limits of the task itself are those of the whole attempt.
  const perCall = run
    .withoutHeld(uses)
    .filter(({ pool }) => !pool.id.startsWith("task:"));
  const unsettled = effect === "write" ? run : undefined;
  const { session } = run;
  return (signal) =>
    hedged(hedge, work, { signal, session, perCall, unsettled });
}

class Calls<T> {
  private readonly hedge: Hedge;
  private readonly work: (signal: AbortSignal) => T | PromiseLike<T>;
  private readonly context: HedgeContext;
  private readonly scope: Scope;
  private started = 0;
  private running = 0;
  private hasFailed = false;
  private stopTimer: () => void = () => undefined;

  constructor(
    hedge: Hedge,
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    context: HedgeContext,
    scope: Scope,
  ) {
    this.hedge = hedge;
    this.work = work;
    this.context = context;
    this.scope = scope;
  }

  first(): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (call: Work<T>) => {
        this.running -= 1;
        if (call.hasSucceeded) {
          this.stopTimer();
          resolve(call.result());
          return;
        }
        // After the first failure no further call is made.
        this.hasFailed = true;
        this.stopTimer();
        if (this.running === 0) {
          reject(thrown(call.failure));
        }
      };
      this.next(finish);
    });
  }

  private next(finish: (call: Work<T>) => void): void {
    const call = Work.start(() => this.one(this.started > 0));
    this.started += 1;
    this.running += 1;
    call.onEnd(() => {
      finish(call);
    });
    if (!call.hasEnded) {
      this.context.unsettled?.outwait(call);
    }
    const goesOn =
      this.started <= this.hedge.max &&
      !this.hasFailed &&
      !call.hasEnded &&
      this.scope.reason === undefined;
    if (goesOn) {
      this.stopTimer = startTimer(this.hedge.after, () => {
        if (this.scope.reason === undefined) {
          this.next(finish);
        }
      });
    }
  }

  /** The first call has what the attempt has taken; each further one takes its own. */
  private async one(isFurther: boolean): Promise<T> {
    const { perCall = [], session } = this.context;
    if (!isFurther || perCall.length === 0) {
      return this.work(this.scope.signal);
    }
    const taken = await take(perCall, { scope: this.scope, session });
    try {
      this.scope.check();
      return await this.work(this.scope.signal);
    } finally {
      taken?.over();
    }
  }
}

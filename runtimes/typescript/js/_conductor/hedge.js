/**
 * A hedge: further calls beside one that takes long; the first success counts.
 *
 * It deliberately knows not whether a call may happen twice: the checker allows a hedge only there.
 */
import { Cancelled } from "./control.js";
import { thrown } from "./errors.js";
import { take } from "./permits.js";
import { Scope } from "./scope.js";
import { after as startTimer } from "./timer.js";
import { Work } from "./work.js";
/** The first success of the calls; the last failure where all fail. */
export async function hedged(hedge, work, context) {
  const scope = Scope.from(context.signal);
  try {
    return await new Calls(hedge, work, context, scope).first();
  } finally {
    scope.cancel(new Cancelled("another call was faster", true));
    scope.end();
  }
}
/** The calls of a hedge of a durable step. */
export function stepCalls(run, { uses = [], effect }, hedge, work) {
  // Limits of the task itself are those of the whole attempt.
  const perCall = run
    .withoutHeld(uses)
    .filter(({ pool }) => !pool.id.startsWith("task:"));
  const unsettled = effect === "write" ? run : undefined;
  const { session } = run;
  return (signal) =>
    hedged(hedge, work, { signal, session, perCall, unsettled });
}
class Calls {
  constructor(hedge, work, context, scope) {
    this.started = 0;
    this.running = 0;
    this.hasFailed = false;
    this.stopTimer = () => undefined;
    this.hedge = hedge;
    this.work = work;
    this.context = context;
    this.scope = scope;
  }
  first() {
    return new Promise((resolve, reject) => {
      const finish = (call) => {
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
  next(finish) {
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
  async one(isFurther) {
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

/**
 * Tasks that this process serves for workflows of other languages.
 *
 * It deliberately knows no functions: generated code decodes the arguments, calls, and encodes the result.
 */

import { Cancelled } from "./control.js";
import { inStep } from "./current.js";
import { causeOf, errorForm } from "./form.js";
import { textAt, type Json, type JsonObject } from "./json.js";
import { inTrace } from "./remote.js";
import { take, type Taker } from "./permits.js";
import { Scope } from "./scope.js";
import type { Session } from "./session.js";
import { givenTrace, traceOfRun } from "./trace.js";

/** The call as the function is told of it. */
export interface TaskCall {
  /** Aborted when the caller gives up. */
  readonly signal: AbortSignal;
  /** The idempotency key. */
  readonly key: string;
  /** Does the work with what it takes of resources: permits, and clients that are open. */
  using<T>(
    takers: readonly Taker[],
    work: () => T | PromiseLike<T>,
  ): Promise<T>;
}

export class Task {
  /** Such as `ts:src/shop.charge`. */
  readonly function: string;
  readonly signature: string;
  readonly call: (
    args: Record<string, unknown>,
    call: TaskCall,
  ) => Promise<unknown>;

  constructor(
    name: string,
    signature: string,
    call: (args: Record<string, unknown>, call: TaskCall) => Promise<unknown>,
  ) {
    this.function = name;
    this.signature = signature;
    this.call = call;
  }
}

/** The calls that are being served. */
export class Calls {
  private readonly tasks: ReadonlyMap<string, Task>;
  private readonly running = new Map<number, Scope>();
  private idle: (() => void)[] = [];

  constructor(tasks: readonly Task[]) {
    this.tasks = new Map(tasks.map((task) => [task.function, task]));
  }

  /** The answer to `task.invoke`: never a failure of its own. */
  async invoke(params: JsonObject, session: Session): Promise<JsonObject> {
    const name = textAt(params, "function");
    const task = this.tasks.get(name);
    if (task === undefined) {
      return refusal(
        "conductor.NoWorker",
        `this worker does not serve ${name}`,
      );
    }
    if (params["signature"] !== task.signature) {
      const message = `the worker and the caller know ${name} with different types: rebuild both`;
      return refusal("conductor.SignatureMismatch", message);
    }
    const call = Number(params["call"]);
    const scope = new Scope();
    if (typeof params["timeout_ms"] === "number") {
      scope.limit(params["timeout_ms"]);
    }
    this.running.set(call, scope);
    try {
      return { output: await called(task, params, scope, session) };
    } catch (error) {
      return { error: errorForm(causeOf(error)) as unknown as Json };
    } finally {
      this.running.delete(call);
      if (this.running.size === 0) {
        for (const tell of this.idle.splice(0)) {
          tell();
        }
      }
    }
  }

  /** The caller gives up. */
  cancel(call: number): void {
    const reason = new Cancelled("the caller has given up", true);
    this.running.get(call)?.cancel(reason);
  }

  /** Returns when no call is served any longer. */
  async drained(): Promise<void> {
    if (this.running.size > 0) {
      await new Promise<void>((tell) => {
        this.idle.push(tell);
      });
    }
  }
}

async function called(
  task: Task,
  params: JsonObject,
  scope: Scope,
  session: Session,
): Promise<Json> {
  const step = {
    key: textAt(params, "step"),
    task: task.function,
    run: textAt(params, "run"),
    workflow: textAt(params, "workflow"),
    attempt: Number(params["attempt"] ?? 1),
    traceparent:
      givenTrace(params["traceparent"]) ?? traceOfRun(textAt(params, "run")),
    timeLeft: () => scope.timeLeft(),
  };
  const args = (params["args"] ?? {}) as Record<string, unknown>;
  const output = await inStep(step, () =>
    inTrace(step.traceparent, () =>
      task.call(args, {
        get signal() {
          return scope.signal;
        },
        key: textAt(params, "key"),
        using: (takers, work) => using(takers, scope, session, work),
      }),
    ),
  );
  return output as Json;
}

async function using<T>(
  takers: readonly Taker[],
  scope: Scope,
  session: Session,
  work: () => T | PromiseLike<T>,
): Promise<T> {
  const taken = await take(takers, { scope, session });
  try {
    return await work();
  } finally {
    taken?.over();
  }
}

function refusal(type: string, message: string): JsonObject {
  return { error: { types: [type], message } };
}

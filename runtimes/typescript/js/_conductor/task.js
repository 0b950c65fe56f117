/**
 * Tasks that this process serves for workflows of other languages.
 *
 * It deliberately knows no functions: generated code decodes the arguments, calls, and encodes the result.
 */
import { Cancelled } from "./control.js";
import { inStep } from "./current.js";
import { causeOf, errorForm } from "./form.js";
import { textAt } from "./json.js";
import { inTrace } from "./remote.js";
import { take } from "./permits.js";
import { Scope } from "./scope.js";
import { givenTrace, traceOfRun } from "./trace.js";
export class Task {
  constructor(name, signature, call) {
    this.function = name;
    this.signature = signature;
    this.call = call;
  }
}
/** The calls that are being served. */
export class Calls {
  constructor(tasks) {
    this.running = new Map();
    this.idle = [];
    this.tasks = new Map(tasks.map((task) => [task.function, task]));
  }
  /** The answer to `task.invoke`: never a failure of its own. */
  async invoke(params, session) {
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
      return { error: errorForm(causeOf(error)) };
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
  cancel(call) {
    const reason = new Cancelled("the caller has given up", true);
    this.running.get(call)?.cancel(reason);
  }
  /** Returns when no call is served any longer. */
  async drained() {
    if (this.running.size > 0) {
      await new Promise((tell) => {
        this.idle.push(tell);
      });
    }
  }
}
async function called(task, params, scope, session) {
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
  const args = params["args"] ?? {};
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
  return output;
}
async function using(takers, scope, session, work) {
  const taken = await take(takers, { scope, session });
  try {
    return await work();
  } finally {
    taken?.over();
  }
}
function refusal(type, message) {
  return { error: { types: [type], message } };
}

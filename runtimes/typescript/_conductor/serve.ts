/**
 * Takes runs that the sidecar hands out, started elsewhere or left behind by a crash, and calls of tasks for other languages.
 *
 * It deliberately knows nothing of how a run is executed.
 */

import { mayConnect, unavailable } from "./config.js";
import { CHILDREN } from "./execute.js";
import { Execution, executionsOf } from "./execution.js";
import { logger } from "./log.js";
import { closeResources } from "./resources.js";
import type { Dispatch } from "./messages.js";
import { Session } from "./session.js";
import { Calls, type Task } from "./task.js";
import { allEnded, SETTLE_MS, Work } from "./work.js";
import type { Workflow } from "./workflow.js";

/** How many handed-out runs one process holds. */
const AT_A_TIME = 256;

export interface ServeOptions {
  /** Ends the serving. Without one SIGTERM and SIGINT do. */
  readonly signal?: AbortSignal | undefined;
}

/** Serves until it is told to stop; then lets what has begun settle, and gives the runs back. */
export async function serve(
  workflows: readonly Workflow[],
  tasks: readonly Task[] = [],
  options: ServeOptions = {},
): Promise<void> {
  mayConnect("serve", "");
  const server = new Server(workflows, tasks);
  const stop = stopping(options.signal);
  try {
    await server.open();
    await stop.asked;
  } finally {
    stop.forget();
    await server.close();
  }
}

class Server {
  private readonly byName: Map<string, Workflow>;
  private readonly calls: Calls;
  private readonly session: Session;
  private isOpen = true;

  constructor(workflows: readonly Workflow[], tasks: readonly Task[]) {
    this.byName = new Map(workflows.map((one) => [one.name, one]));
    this.calls = new Calls(tasks);
    this.session = new Session({
      serve: workflows.length > 0 ? AT_A_TIME : 0,
      plans: workflows.map((workflow) => workflow.served),
      definition: workflows[0]?.options.plans,
      tasks: tasks.map((task) => ({
        function: task.function,
        signature: task.signature,
      })),
      dispatched: (dispatch) => {
        this.take(dispatch);
      },
      invoked: (params) => this.calls.invoke(params, this.session),
      invocationCancelled: (call) => {
        this.calls.cancel(call);
      },
    });
  }

  private take(dispatch: Dispatch): void {
    const { history, ...owned } = dispatch;
    const { run, epoch } = owned;
    const workflow = this.byName.get(owned.workflow);
    if (workflow === undefined || !this.isOpen) {
      this.session.notify("run.release", { run, epoch });
    } else {
      const { session } = this;
      new Execution(
        session,
        workflow,
        run,
        owned,
        undefined,
        CHILDREN,
        history,
      );
    }
  }

  async open(): Promise<void> {
    const reason = await this.session.open();
    if (reason !== undefined) {
      throw unavailable("serve", "", reason);
    }
    const names = [...this.byName.keys()].join(", ");
    logger().info(`serving ${names === "" ? "no durable workflow" : names}`);
  }

  async close(): Promise<void> {
    this.isOpen = false;
    const executions = [...executionsOf(this.session).values()];
    for (const execution of executions) {
      execution.detach();
    }
    await Promise.all([
      allEnded(executions.map((execution) => execution.work)),
      Work.start(() => this.calls.drained()).ended(SETTLE_MS),
    ]);
    await closeResources();
    await this.session.close();
  }
}

/** When the serving is to stop: at the caller's word, else at the signals that ask a process to end. */
function stopping(signal: AbortSignal | undefined): {
  asked: Promise<void>;
  forget: () => void;
} {
  let stop: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    stop = resolve;
  });
  if (signal !== undefined) {
    if (signal.aborted) {
      stop();
    }
    signal.addEventListener("abort", stop, { once: true });
    return {
      asked,
      forget: () => {
        signal.removeEventListener("abort", stop);
      },
    };
  }
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  return {
    asked,
    forget: () => {
      process.off("SIGTERM", stop);
      process.off("SIGINT", stop);
    },
  };
}

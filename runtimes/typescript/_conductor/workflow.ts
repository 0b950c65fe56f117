/**
 * What the runtime is told of a generated workflow.
 *
 * It deliberately knows no steps: those are plain code in the workflow's module.
 */

import type { JsonObject } from "./json.js";
import type { PlanRef } from "./messages.js";
import type { Run } from "./run.js";

export interface WorkflowOptions {
  /** Digest of its Plan. */
  readonly plan: string;
  /** Its steps, from a run to the output as JSON. */
  readonly body: (run: Run) => Promise<unknown>;
  /** Milliseconds from a run's start. */
  readonly deadline?: number | undefined;
  /** Ids of the steps whose unknown outcome matters. */
  readonly writes?: readonly string[] | undefined;
  /** How many of its runs may be executed at a time, for each value of the key. */
  readonly concurrency?: Concurrency | undefined;
  /** When the sidecar begins runs of it by itself. */
  readonly schedule?: Schedule | undefined;
  /** The Plans of the build, as JSON, for a sidecar that does not have them. */
  readonly plans?: string | undefined;
  /** Names of the inputs that nobody may see. */
  readonly secret?: readonly string[] | undefined;
  /** What undoes a step, by its id; the run has the prefix of the step. */
  readonly compensations?: Readonly<Record<string, Compensation>> | undefined;
  /** The workflows that its steps call and await, by the step's id: a parent that fails undoes what they did. */
  readonly children?: (() => Readonly<Record<string, Workflow>>) | undefined;
}

export interface Concurrency {
  readonly limit: number;
  readonly key?: ((input: JsonObject) => unknown) | undefined;
}

/** When runs begin by themselves. */
export interface Schedule {
  /** Minute, hour, day of the month, month and day of the week. */
  readonly cron: string;
  /** A name of the IANA database. */
  readonly timeZone: string;
  /** What becomes of times at which nobody served. */
  readonly missed: "skip" | "once" | "all";
}

export type Compensation = (
  run: Run,
  undo: Record<string, unknown>,
) => Promise<void>;

/** A durable workflow. */
export class Workflow {
  /** Its id in the manifest. */
  readonly name: string;
  readonly options: WorkflowOptions;
  private readonly children = new Map<string, Workflow>();

  constructor(name: string, options: WorkflowOptions) {
    this.name = name;
    this.options = options;
  }

  /** What the sidecar is told of it by a process that serves it. */
  get served(): PlanRef {
    const { plan, schedule, secret } = this.options;
    return {
      workflow: this.name,
      digest: plan,
      ...(schedule === undefined
        ? {}
        : {
            schedule: {
              cron: schedule.cron,
              time_zone: schedule.timeZone,
              missed: schedule.missed,
            },
          }),
      ...(secret === undefined ? {} : { secret }),
    };
  }

  /** What undoes the step with this key, as far as the workflow says so. */
  compensation(key: string): Compensation | undefined {
    return this.options.compensations?.[idOf(key)];
  }

  /** Notes which workflow the step with this key calls. */
  called(key: string, child: Workflow): void {
    this.children.set(idOf(key), child);
  }

  /** The workflow that the step with this key called. */
  child(key: string): Workflow | undefined {
    const id = idOf(key);
    return this.options.children?.()[id] ?? this.children.get(id);
  }
}

/** The id of the step with this key: without the iterations around it. */
export function idOf(key: string): string {
  return key.slice(prefixOf(key).length);
}

/** What stands before the id. */
export function prefixOf(key: string): string {
  const end = key.lastIndexOf("].");
  return end < 0 ? "" : key.slice(0, end + 2);
}

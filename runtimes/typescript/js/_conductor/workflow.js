/**
 * What the runtime is told of a generated workflow.
 *
 * It deliberately knows no steps: those are plain code in the workflow's module.
 */
/** A durable workflow. */
export class Workflow {
  constructor(name, options) {
    this.children = new Map();
    this.name = name;
    this.options = options;
  }
  /** What the sidecar is told of it by a process that serves it. */
  get served() {
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
  compensation(key) {
    return this.options.compensations?.[idOf(key)];
  }
  /** Notes which workflow the step with this key calls. */
  called(key, child) {
    this.children.set(idOf(key), child);
  }
  /** The workflow that the step with this key called. */
  child(key) {
    const id = idOf(key);
    return this.options.children?.()[id] ?? this.children.get(id);
  }
}
/** The id of the step with this key: without the iterations around it. */
export function idOf(key) {
  return key.slice(prefixOf(key).length);
}
/** What stands before the id. */
export function prefixOf(key) {
  const end = key.lastIndexOf("].");
  return end < 0 ? "" : key.slice(0, end + 2);
}

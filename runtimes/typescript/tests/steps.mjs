/** Steps of durable runs as generated code has them. */

import { isRetryable, constant } from "../js/_conductor/policy.js";
import { Workflow } from "../js/_conductor/workflow.js";

/** A workflow of one body. */
export const flow = (body, options = {}) =>
  new Workflow("w", { plan: "blake3:00", body, ...options });

/** A step as generated code has it. */
export async function task(run, id, work, options = {}) {
  const { retries = 0, ...rest } = options;
  const step = run.step(id, { effect: "read", ...rest });
  while (await step.nextAttempt()) {
    try {
      step.succeed(await step.call(work));
    } catch (error) {
      if (step.failures >= retries || !isRetryable(error)) {
        if (options.critical === false) {
          step.tolerate(error);
        } else {
          throw step.failed(error);
        }
      } else {
        step.retry(
          error,
          constant({ initial: 1, maxDelay: 1, jitter: "none" }),
        );
      }
    }
  }
  return step.output;
}

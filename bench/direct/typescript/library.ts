/** The workflows by the usual libraries: p-limit, p-retry with p-timeout, and cockatiel. */

import {
  ConsecutiveBreaker,
  ExponentialBackoff,
  TimeoutStrategy,
  circuitBreaker,
  handleAll,
  retry,
  timeout,
  wrap,
} from "cockatiel";
import pLimit from "p-limit";
import pRetry from "p-retry";
import pTimeout from "p-timeout";

import { step } from "./tasks.js";

const limit = pLimit(10);

/** Makes ten steps at once. */
export async function parallelOfTen(n: number): Promise<number> {
  const results = await Promise.all(Array.from({ length: 10 }, () => limit(() => step(n))));
  return results[9] ?? 0;
}

const policy = wrap(
  retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }),
  circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
  timeout(1_000, TimeoutStrategy.Aggressive),
);

/** Makes one step under cockatiel's policies. */
export async function guardedByCockatiel(n: number): Promise<number> {
  return policy.execute(() => step(n));
}

/** Makes one step with p-retry and p-timeout; they have no breaker. */
export async function guardedByRetry(n: number): Promise<number> {
  return pRetry(() => pTimeout(step(n), { milliseconds: 1_000 }), { retries: 3 });
}

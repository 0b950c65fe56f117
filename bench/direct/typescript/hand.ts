/**
 * What a careful engineer would write for the three workflows: the caller can cancel them, the failed step is named, siblings
 * are awaited, attempts are limited in time and counted by a breaker.
 */

import { clearTimeout, setTimeout as setTimer } from "node:timers";
import { setTimeout } from "node:timers/promises";

import { step } from "./tasks.js";

export interface Input {
  n: number;
}

export interface Options {
  signal?: AbortSignal;
}

/** Names the step that failed. */
export class StepError extends Error {
  constructor(
    readonly step: string,
    readonly attempts: number,
    cause: unknown,
  ) {
    super(`step ${step} failed after ${attempts} attempts`, { cause });
  }
}

/** Passes a value through ten steps. */
export async function sequenceOfTen({ n }: Input, { signal }: Options = {}): Promise<number> {
  let at = "s0";
  try {
    signal?.throwIfAborted();
    const s0 = await step(n);
    at = "s1";
    signal?.throwIfAborted();
    const s1 = await step(s0);
    at = "s2";
    signal?.throwIfAborted();
    const s2 = await step(s1);
    at = "s3";
    signal?.throwIfAborted();
    const s3 = await step(s2);
    at = "s4";
    signal?.throwIfAborted();
    const s4 = await step(s3);
    at = "s5";
    signal?.throwIfAborted();
    const s5 = await step(s4);
    at = "s6";
    signal?.throwIfAborted();
    const s6 = await step(s5);
    at = "s7";
    signal?.throwIfAborted();
    const s7 = await step(s6);
    at = "s8";
    signal?.throwIfAborted();
    const s8 = await step(s7);
    at = "s9";
    signal?.throwIfAborted();
    return await step(s8);
  } catch (error) {
    signal?.throwIfAborted();
    throw new StepError(at, 1, error);
  }
}

/** Makes ten steps at once; all have ended when it returns. */
export async function parallelOfTen({ n }: Input, { signal }: Options = {}): Promise<number> {
  signal?.throwIfAborted();
  const started = [
    named("p0", step(n)),
    named("p1", step(n)),
    named("p2", step(n)),
    named("p3", step(n)),
    named("p4", step(n)),
    named("p5", step(n)),
    named("p6", step(n)),
    named("p7", step(n)),
    named("p8", step(n)),
    named("p9", step(n)),
  ] as const;
  try {
    const results = await Promise.all(started);
    return results[9];
  } catch (error) {
    await Promise.allSettled(started);
    signal?.throwIfAborted();
    throw error;
  }
}

async function named(name: string, work: Promise<number>): Promise<number> {
  try {
    return await work;
  } catch (error) {
    throw new StepError(name, 1, error);
  }
}

/** Opens after `limit` failures within `window`; after `openFor` it lets one call try. */
class Breaker {
  private failures: number[] = [];
  private openedAt: number | undefined;
  private isTrying = false;

  constructor(
    private readonly limit: number,
    private readonly window: number,
    private readonly openFor: number,
  ) {}

  allow(): void {
    if (this.openedAt === undefined) return;
    if (this.isTrying || performance.now() - this.openedAt < this.openFor) throw new BreakerOpen();
    this.isTrying = true;
  }

  succeeded(): void {
    if (!this.isTrying) return;
    this.isTrying = false;
    this.openedAt = undefined;
    this.failures = [];
  }

  /** The call was cancelled, which says nothing. */
  abandoned(): void {
    this.isTrying = false;
  }

  failed(): void {
    const now = performance.now();
    this.failures = this.failures.filter((at) => now - at < this.window);
    this.failures.push(now);
    if (!this.isTrying && this.failures.length < this.limit) return;
    this.openedAt = now;
    this.isTrying = false;
  }
}

class BreakerOpen extends Error {}

const breaker = new Breaker(5, 30_000, 10_000);

/** Makes one step with three retries, a time-out of a second and a breaker. */
export async function guardedStep({ n }: Input, { signal }: Options = {}): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      breaker.allow();
      const result = await within(1_000, step(n), signal);
      breaker.succeeded();
      return result;
    } catch (error) {
      if (signal?.aborted === true) {
        breaker.abandoned();
        throw signal.reason;
      }
      if (!(error instanceof BreakerOpen)) breaker.failed();
      if (attempt > 3 || error instanceof BreakerOpen || error instanceof TypeError) {
        throw new StepError("guarded", attempt, error);
      }
      const pause = Math.random() * Math.min(100 * 2 ** (attempt - 1), 30_000);
      await setTimeout(pause, undefined, { signal });
    }
  }
}

function within<T>(milliseconds: number, work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = setTimer(() => {
      end();
      reject(new Error(`no answer within ${milliseconds} ms`));
    }, milliseconds);
    const aborted = () => {
      end();
      reject(signal?.reason as Error);
    };
    const end = () => {
      clearTimeout(over);
      signal?.removeEventListener("abort", aborted);
    };
    signal?.addEventListener("abort", aborted);
    work.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error as Error);
      },
    );
  });
}

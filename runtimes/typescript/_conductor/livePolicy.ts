/**
 * Numbers of named policies, which people may change while the process runs: the manifest's until the sidecar says others.
 *
 * It deliberately decides nothing by them; generated code and pools read them where they need them.
 */

import type { JsonObject } from "./json.js";
import type { Pool, Rate } from "./permits.js";
import type { Session } from "./session.js";
import { isSettled, join, notify } from "./sharedBreakers.js";

/** Times in milliseconds. */
export interface Numbers {
  readonly retries: number;
  readonly initial: number;
  readonly maxDelay: number;
  readonly multiplier?: number | undefined;
  readonly timeout?: number | undefined;
  readonly deadline?: number | undefined;
  readonly rateLimit?: Rate | undefined;
  readonly bulkhead?: number | undefined;
}

/** As messages have them. */
interface Sent {
  retries?: number | "forever";
  initial_ms?: number;
  max_delay_ms?: number;
  multiplier?: number;
  timeout_ms?: number;
  deadline_ms?: number;
  rate_limit?: { permits: number; per_ms: number };
  bulkhead?: number;
}

/** The numbers of one policy as they hold now. What a policy does not limit is infinite. */
export class LivePolicy {
  readonly id: string;
  retries: number;
  initial: number;
  maxDelay: number;
  multiplier = 1;
  timeout = Infinity;
  deadline = Infinity;
  private readonly built: Numbers;
  private now: Numbers;
  private readonly pools: Pool[] = [];

  constructor(id: string, built: Numbers) {
    this.id = id;
    this.built = built;
    this.now = built;
    this.retries = built.retries;
    this.initial = built.initial;
    this.maxDelay = built.maxDelay;
    this.apply(built);
    known.set(id, this);
    const sent = standing.get(id);
    if (sent !== undefined) {
      this.told(sent);
    }
    notify("policy.report", { policies: [this.report()] });
  }

  private apply(numbers: Numbers): void {
    this.now = numbers;
    this.retries = numbers.retries;
    this.initial = numbers.initial;
    this.maxDelay = numbers.maxDelay;
    this.multiplier = numbers.multiplier ?? 1;
    this.timeout = numbers.timeout ?? Infinity;
    this.deadline = numbers.deadline ?? Infinity;
    for (const pool of this.pools) {
      this.limit(pool);
    }
  }

  private limit(pool: Pool): void {
    pool.change(this.now.bulkhead, this.now.rateLimit);
  }

  /** The pool, whose limits are the policy's from now on. */
  limiting(pool: Pool): Pool {
    this.pools.push(pool);
    this.limit(pool);
    return pool;
  }

  /** People have set these, and no others. */
  told(sent: JsonObject): void {
    const numbers = read(sent);
    const { built } = this;
    const names = Object.keys(built) as (keyof Numbers)[];
    const entries = names.map((name) => [name, numbers[name] ?? built[name]]);
    this.apply(Object.fromEntries(entries) as Numbers);
  }

  /** What it was built with, as messages have it. */
  report(): object {
    const { built } = this;
    const { retries, rateLimit } = built;
    const numbers = {
      retries: retries === Infinity ? "forever" : retries,
      initial_ms: built.initial,
      max_delay_ms: built.maxDelay,
      multiplier: built.multiplier,
      timeout_ms: built.timeout,
      deadline_ms: built.deadline,
      rate_limit: rateLimit && {
        permits: rateLimit.permits,
        per_ms: rateLimit.perMs,
      },
      bulkhead: built.bulkhead,
    };
    return { policy: this.id, numbers };
  }
}

const known = new Map<string, LivePolicy>();
/** What the sidecar last said. */
let standing = new Map<string, JsonObject>();

/** Numbers of a message, those that are known here. */
function read(sent: Sent): Partial<Numbers> {
  const { retries, rate_limit: rate } = sent;
  return {
    retries: retries === "forever" ? Infinity : optional(retries),
    initial: optional(sent.initial_ms),
    maxDelay: optional(sent.max_delay_ms),
    multiplier: optional(sent.multiplier),
    timeout: optional(sent.timeout_ms),
    deadline: optional(sent.deadline_ms),
    rateLimit: rate && {
      permits: Number(rate.permits),
      perMs: Number(rate.per_ms),
    },
    bulkhead: optional(sent.bulkhead),
  } as Partial<Numbers>;
}

/** Numbers of messages may be of another kind than `number`. */
function optional(value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** Whether a session is worth having for policies alone. */
export function isUsed(): boolean {
  return known.size > 0;
}

/** Whether there is nothing to be looked for before the numbers are read. */
export function isHeard(): boolean {
  return isSettled();
}

/** Looks for the sidecar: a workflow without durability has no session. */
export async function hear(): Promise<void> {
  await join();
}

/** The session is connected: takes over what people have set, and tells what the process has. */
export function attach(session: Session, answer: JsonObject): void {
  const said = (answer["policies"] ?? []) as unknown as Change[];
  standing = new Map(said.map(({ policy, numbers }) => [policy, numbers]));
  for (const policy of known.values()) {
    policy.told(standing.get(policy.id) ?? {});
  }
  if (known.size > 0) {
    const policies = [...known.values()].map((policy) => policy.report());
    session.notify("policy.report", { policies });
  }
}

interface Change {
  readonly policy: string;
  readonly numbers: JsonObject;
}

/** People have set numbers of a policy, or taken them back. */
export function told(params: JsonObject): void {
  const { policy, numbers } = params as unknown as Change;
  standing.set(policy, numbers);
  known.get(policy)?.told(numbers);
}

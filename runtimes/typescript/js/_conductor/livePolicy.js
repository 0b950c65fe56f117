/**
 * Numbers of named policies, which people may change while the process runs: the manifest's until the sidecar says others.
 *
 * It deliberately decides nothing by them; generated code and pools read them where they need them.
 */
import { isSettled, join, notify } from "./sharedBreakers.js";
/** The numbers of one policy as they hold now. What a policy does not limit is infinite. */
export class LivePolicy {
  constructor(id, built) {
    this.multiplier = 1;
    this.timeout = Infinity;
    this.deadline = Infinity;
    this.pools = [];
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
  apply(numbers) {
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
  limit(pool) {
    pool.change(this.now.bulkhead, this.now.rateLimit);
  }
  /** The pool, whose limits are the policy's from now on. */
  limiting(pool) {
    this.pools.push(pool);
    this.limit(pool);
    return pool;
  }
  /** People have set these, and no others. */
  told(sent) {
    const numbers = read(sent);
    const { built } = this;
    const names = Object.keys(built);
    const entries = names.map((name) => [name, numbers[name] ?? built[name]]);
    this.apply(Object.fromEntries(entries));
  }
  /** What it was built with, as messages have it. */
  report() {
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
const known = new Map();
/** What the sidecar last said. */
let standing = new Map();
/** Numbers of a message, those that are known here. */
function read(sent) {
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
  };
}
/** Numbers of messages may be of another kind than `number`. */
function optional(value) {
  return value === undefined ? undefined : Number(value);
}
/** Whether a session is worth having for policies alone. */
export function isUsed() {
  return known.size > 0;
}
/** Whether there is nothing to be looked for before the numbers are read. */
export function isHeard() {
  return isSettled();
}
/** Looks for the sidecar: a workflow without durability has no session. */
export async function hear() {
  await join();
}
/** The session is connected: takes over what people have set, and tells what the process has. */
export function attach(session, answer) {
  const said = answer["policies"] ?? [];
  standing = new Map(said.map(({ policy, numbers }) => [policy, numbers]));
  for (const policy of known.values()) {
    policy.told(standing.get(policy.id) ?? {});
  }
  if (known.size > 0) {
    const policies = [...known.values()].map((policy) => policy.report());
    session.notify("policy.report", { policies });
  }
}
/** People have set numbers of a policy, or taken them back. */
export function told(params) {
  const { policy, numbers } = params;
  standing.set(policy, numbers);
  known.get(policy)?.told(numbers);
}

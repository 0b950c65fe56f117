/** Numbers of policies that people change: what is taken over, and what is not there to be changed. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { LivePolicy, told } from "../js/_conductor/livePolicy.js";
import { Pool, take } from "../js/_conductor/permits.js";
import { Scope } from "../js/_conductor/scope.js";

const built = {
  retries: 3,
  initial: 200,
  maxDelay: 30_000,
  timeout: 2000,
  bulkhead: 1,
  rateLimit: { permits: 50, perMs: 1000 },
};

test("what is set takes the place of what was built until it is taken back", () => {
  const policy = new LivePolicy("provider", built);
  const numbers = { retries: "forever", initial_ms: 500, timeout_ms: 10_000 };
  told({ policy: "provider", numbers });
  assert.deepEqual([policy.retries, policy.initial], [Infinity, 500]);
  assert.deepEqual([policy.timeout, policy.maxDelay], [10_000, 30_000]);
  told({ policy: "provider", numbers: {} });
  assert.deepEqual([policy.retries, policy.timeout], [3, 2000]);
});

test("numbers that it was not built with and unknown ones are left out", () => {
  const policy = new LivePolicy("provider", built);
  policy.told({ deadline_ms: 1, multiplier: 9, patience: 1, retries: 4 });
  assert.deepEqual(
    [policy.deadline, policy.multiplier, policy.retries],
    [Infinity, 1, 4],
  );
});

test("it says what it was built with", () => {
  const policy = new LivePolicy("provider", built);
  policy.told({ retries: 9 });
  assert.deepEqual(JSON.parse(JSON.stringify(policy.report())), {
    policy: "provider",
    numbers: {
      retries: 3,
      initial_ms: 200,
      max_delay_ms: 30_000,
      timeout_ms: 2000,
      rate_limit: { permits: 50, per_ms: 1000 },
      bulkhead: 1,
    },
  });
});

test("a wider bulkhead lets in who waits, and one that comes later is as wide", async () => {
  const policy = new LivePolicy("provider", built);
  const pool = policy.limiting(new Pool("task:pay", { limit: 1 }));
  const scope = new Scope();
  const first = await take([pool], { scope });
  let isIn = false;
  const second = take([pool], { scope }).then((taken) => {
    isIn = true;
    return taken;
  });
  await new Promise((done) => setImmediate(done));
  assert.equal(isIn, false);
  policy.told({ bulkhead: 2 });
  const taken = await second;
  const later = policy.limiting(new Pool("task:ask", { limit: 1 }));
  assert.deepEqual([pool.limit, later.limit], [2, 2]);
  first.over();
  taken.over();
});

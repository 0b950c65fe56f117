/** Workflows that keep no journal: blocks, time limits, cancellation, undoing, and nothing that is left behind. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Breaker, Breakers } from "../js/_conductor/breaker.js";
import { Cache, cacheKey } from "../js/_conductor/cache.js";
import { LocalRun } from "../js/_conductor/local.js";
import { Permits, Pool, Starts, take } from "../js/_conductor/permits.js";
import { isRetryable } from "../js/_conductor/policy.js";
import { Scope } from "../js/_conductor/scope.js";

test("branches end together, and the first failure tells the others to stop", async () => {
  const run = new LocalRun("w");
  const heard = [];
  const failing = run.parallel("p", {
    a: async () => {
      await sleep(5);
      throw new Error("a");
    },
    b: (run) =>
      sleep(10_000, null, { signal: run.signal }).catch((error) => {
        heard.push(error.name);
        throw error;
      }),
    c: async (run) => {
      await sleep(20);
      heard.push("c");
      run.check();
      heard.push("never");
    },
  });
  await assert.rejects(failing, { message: "a" });
  assert.deepEqual(heard, ["AbortError", "c"]);
  assert.deepEqual(await run.parallel("q", { x: () => 1, y: async () => 2 }), {
    x: 1,
    y: 2,
  });
});

test("calls made at once have all ended before the run's failure is told", async () => {
  const run = new LocalRun("w");
  const ended = [];
  const call = async (name, milliseconds, fails) => {
    await sleep(milliseconds);
    ended.push(name);
    if (fails) throw run.failed(name, 1, new Error(`no ${name}`));
    return name;
  };
  assert.deepEqual(await run.all([call("a", 2), call("b", 1)]), ["a", "b"]);
  let told;
  try {
    await run.all([call("c", 1, true), call("d", 20), call("e", 5, true)]);
  } catch (error) {
    told = await run.error(error);
  }
  assert.deepEqual(ended, ["b", "a", "c", "e", "d"]);
  assert.equal(told.step, "c");
});

test("a width is kept, and waiting branches do not start after a failure", async () => {
  const run = new LocalRun("w");
  const started = [];
  const one = (name, fails) => async () => {
    started.push(name);
    await sleep(5);
    if (fails) throw new Error(name);
  };
  const branches = { a: one("a", true), b: one("b"), c: one("c"), d: one("d") };
  await assert.rejects(run.parallel("p", branches, { maxConcurrency: 2 }), {
    message: "a",
  });
  assert.deepEqual(started, ["a", "b"]);
});

test("waiting branches do not start where the block around is cancelled", async () => {
  const run = new LocalRun("w");
  const started = [];
  const won = await run.race("r", {
    slow: (run) =>
      run.parallel(
        "p",
        {
          a: async () => {
            started.push("a");
            await sleep(10);
          },
          b: () => {
            started.push("b");
          },
        },
        { maxConcurrency: 1, onFailure: "wait" },
      ),
    quick: () => sleep(2, "quick"),
  });
  assert.equal(won, "quick");
  assert.deepEqual(started, ["a"]);
});

test("ten thousand items with a width of 16", async () => {
  const run = new LocalRun("w");
  const items = Array.from({ length: 10_000 }, (_, index) => index);
  let running = 0;
  let most = 0;
  const each = async (_run, item) => {
    running += 1;
    most = Math.max(most, running);
    await null;
    running -= 1;
    return item * 2;
  };
  const doubled = await run.map("m", items, each, { maxConcurrency: 16 });
  assert.equal(doubled[9999], 19_998);
  assert.equal(most, 16);
});

test("a race is not won by what was skipped or tolerated", async () => {
  const run = new LocalRun("w");
  const winner = await run.race("r", {
    skipped: (run) => run.skip("skipped"),
    frail: (run) => run.tolerate("frail", 1, new Error("x")),
    slow: () => sleep(10, "slow"),
  });
  assert.equal(winner, "slow");
});

test("a call that was told to stop has not failed: nothing tolerates it", async () => {
  const run = new LocalRun("w");
  const reached = [];
  const winner = await run.race("r", {
    slow: async (run) => {
      try {
        await sleep(10_000, null, { signal: run.signal });
      } catch (error) {
        run.tolerate("slow", run.failed("slow", 1, error));
      }
      reached.push("behind it");
    },
    fast: () => sleep(5, "fast"),
  });
  assert.equal(winner, "fast");
  assert.deepEqual(reached, []);
});

test("the caller's signal cancels the run, and its reason is told", async () => {
  const controller = new AbortController();
  const run = new LocalRun("w", { signal: controller.signal });
  const running = run.backOff(10_000).catch(async (error) => {
    throw await run.error(error);
  });
  controller.abort(new Error("bored"));
  await assert.rejects(running, { message: "bored" });
});

test("a cancelled run begins nothing that has a time limit", async () => {
  const run = new LocalRun("w", {
    signal: AbortSignal.abort(new Error("gone")),
  });
  let begun = false;
  const attempt = run.within(1000, () => {
    begun = true;
  });
  await assert.rejects(attempt, { name: "AbortError" });
  assert.equal(begun, false);
});

test("a time limit ends the waiting, and nothing is left of it", async () => {
  const run = new LocalRun("w");
  await assert.rejects(
    run.within(10, () => new Promise(() => {})),
    { name: "TimeoutError" },
  );
  let heard = false;
  const listening = (signal) =>
    new Promise((resolve) =>
      signal.addEventListener("abort", () => resolve((heard = true))),
    );
  await assert.rejects(run.within(10, listening), { name: "TimeoutError" });
  assert.ok(heard);
  assert.equal(await run.within(1000, () => 5), 5);
});

test("what was done is undone in reverse order, and the error names the step", async () => {
  const run = new LocalRun("w", { runId: "r" });
  const undone = [];
  run.undoWith("a", () => undone.push("a"));
  run.undoWith("b", async () => undone.push("b"));
  run.at("c");
  const error = await run.error(new Error("no"));
  assert.deepEqual(undone, ["b", "a"]);
  assert.equal(
    error.message,
    "workflow w failed at step c after 1 attempt (run r): Error: no",
  );
});

test("a breaker opens, tries, and closes", async () => {
  const breaker = new Breaker("t", {
    failures: 2,
    window: 1000,
    openFor: 20,
    halfOpenCalls: 1,
  });
  const fail = () =>
    breaker
      .call(null, () => Promise.reject(new Error("x")))
      .catch((e) => e.name);
  assert.deepEqual(
    [await fail(), await fail(), await fail()],
    ["Error", "Error", "CircuitOpen"],
  );
  await sleep(30);
  assert.equal(await breaker.call(null, () => 1), 1);
  assert.equal(await fail(), "Error");
  assert.equal(breaker.refusal(), undefined);
  assert.equal(isRetryable(await breakerError()), false);
  assert.equal(
    isRetryable(await breakerError(), { retryOn: ["CircuitOpen"] }),
    true,
  );
});

async function breakerError() {
  const open = new Breaker("t", { failures: 1, window: 1000, openFor: 1000 });
  await open.call(null, () => Promise.reject(new Error("x"))).catch(() => null);
  return open.call(null, () => 1).catch((error) => error);
}

test("breakers by key are told apart, and forgotten where they have nothing to say", () => {
  const breakers = new Breakers("t", {
    failures: 1,
    window: 1000,
    openFor: 1000,
  });
  breakers.of({ a: 1 }).ended("failed");
  assert.ok(breakers.of({ a: 1 }).refusal());
  assert.equal(breakers.of({ a: 2 }).refusal(), undefined);
  for (let key = 0; key < 5000; key += 1) breakers.of(key);
  assert.ok(breakers.of({ a: 1 }).refusal());
});

test("a cache keeps results for their time", async () => {
  const cache = new Cache(20);
  cache.set(cacheKey("a", 1n), 5);
  assert.equal(cache.get(cacheKey("a", 1)).value, 5);
  await sleep(30);
  assert.equal(cache.get(cacheKey("a", 1)), undefined);
});

test("permits are given in turn, and whoever is cancelled loses nothing", async () => {
  const permits = new Permits(1);
  const scope = new Scope();
  await permits.take(scope);
  const served = [];
  const leaving = scope.inner();
  const left = permits.take(leaving).catch((error) => error.name);
  const waiting = [1, 2, 3].map((number) =>
    permits.take(scope).then(() => served.push(number)),
  );
  leaving.cancel(Object.assign(new Error("x"), { name: "AbortError" }));
  assert.equal(await left, "AbortError");
  for (let count = 0; count < 3; count += 1) permits.giveBack();
  await Promise.all(waiting);
  assert.deepEqual(served, [1, 2, 3]);
});

test("a rate lets no span have more starts than permits", () => {
  const starts = new Starts({ permits: 2, perMs: 100 });
  const at = [0, 0, 0, 10, 10, 400].map((now) => starts.reserve(now));
  assert.deepEqual(at, [0, 0, 100, 100, 200, 400]);
});

test("a pool that takes too long is given up", async () => {
  const pool = new Pool("p", { limit: 1 });
  const taken = await take([pool], { scope: new Scope() });
  assert.equal(
    await take([pool], { scope: new Scope(), milliseconds: 10 }),
    undefined,
  );
  taken.over();
  const again = await take([pool], { scope: new Scope(), milliseconds: 10 });
  again.over();
});

test("signals of a run to itself", async () => {
  const run = new LocalRun("w");
  await run.emit("tell", { signal: "go", data: 5 });
  assert.equal(await run.waitFor("wait", { signal: "go", timeout: 100 }), 5);
  assert.equal(
    await run.waitFor("again", { signal: "go", timeout: 5, onTimeout: "null" }),
    null,
  );
  await assert.rejects(run.waitFor("third", { signal: "go", timeout: 5 }), {
    step: "third",
  });
});

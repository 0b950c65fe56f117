/** Blocks of durable runs: what their branches record, and what a second life takes from it. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { call } from "../js/_conductor/execute.js";
import { close } from "../js/_conductor/resources.js";
import { Peer } from "./peer.mjs";
import { flow, task } from "./steps.mjs";

let peer;

before(async () => {
  peer = await new Peer().open();
});

after(async () => {
  await close();
  await peer.close();
});

test("the first failure cancels the others, which is recorded", async () => {
  const body = (run) =>
    run.parallel("both", {
      bad: (run) =>
        task(run, "bad", async () => {
          await sleep(10);
          throw new TypeError("no");
        }),
      slow: (run) =>
        task(run, "slow", (signal) => sleep(10_000, null, { signal })),
    });
  const failure = await call(flow(body), {}, { runId: "parallel" }).catch(
    (e) => e,
  );
  assert.equal(failure.step, "bad");
  assert.deepEqual(peer.kinds("parallel"), [
    "step_started bad",
    "step_started slow",
    "step_failed bad",
    "chosen both",
    "step_cancelled slow",
    "run_failed",
  ]);
});

test("a write that ends while its block is cancelled is recorded as done", async () => {
  const body = (run) =>
    run.parallel("both", {
      bad: (run) =>
        task(run, "bad", async () => {
          await sleep(10);
          throw new TypeError("no");
        }),
      write: (run) =>
        task(run, "write", () => sleep(40, "done"), { effect: "write" }),
    });
  await assert.rejects(call(flow(body), {}, { runId: "settled" }));
  assert.ok(peer.kinds("settled").includes("step_succeeded write"));
});

test("a race is won by the first success, which a second life does not decide again", async () => {
  const body = (slow) => (run) =>
    run.race("first", {
      a: (run) => task(run, "a", (signal) => sleep(slow, "a", { signal })),
      b: (run) => task(run, "b", (signal) => sleep(30, "b", { signal })),
    });
  assert.equal(await call(flow(body(500)), {}, { runId: "race" }), "b");
  peer.records.get("race").at(-1).entries.pop();
  assert.equal(await call(flow(body(1)), {}, { runId: "race" }), "b");
});

test("map keeps the order, its width and its keys", async () => {
  let running = 0;
  let most = 0;
  const body = (run) =>
    run.map(
      "each",
      [3, 1, 2],
      (run, item) =>
        task(run, "one", async () => {
          running += 1;
          most = Math.max(most, running);
          await sleep(item * 5);
          running -= 1;
          return item * 10;
        }),
      { maxConcurrency: 2 },
    );
  assert.deepEqual(await call(flow(body), {}, { runId: "map" }), [30, 10, 20]);
  assert.equal(most, 2);
  assert.ok(peer.kinds("map").includes("step_succeeded each[2].one"));
});

test("a graph starts each step when those it needs have ended", async () => {
  const order = [];
  const step = (name) => (run) =>
    task(run, name, async () => {
      order.push(name);
      await sleep(5);
      return name;
    });
  const body = async (run) => {
    const graph = run.graph("g");
    const c = graph.add("c", ["a", "b"], (run) => step("c")(run));
    const a = graph.add("a", [], step("a"));
    const b = graph.add("b", ["a"], step("b"));
    await graph.done();
    return [a.result(), b.result(), c.result()];
  };
  assert.deepEqual(await call(flow(body), {}, { runId: "graph" }), [
    "a",
    "b",
    "c",
  ]);
  assert.deepEqual(order, ["a", "b", "c"]);
});

test("a deadline of a block is recorded, and cleaned up after", async () => {
  const body = (run) =>
    run.ensure(
      "try",
      (run) =>
        run.deadline("block", 20, (run) =>
          task(run, "slow", (signal) => sleep(10_000, null, { signal })),
        ),
      (run) => task(run, "cleanup", () => null),
    );
  const failure = await call(flow(body), {}, { runId: "deadline" }).catch(
    (e) => e,
  );
  assert.equal(failure.cause.name, "DeadlineExceeded");
  assert.equal(failure.step, "block");
  assert.deepEqual(peer.kinds("deadline"), [
    "chosen block.deadline",
    "step_started slow",
    "chosen block.expired",
    "step_cancelled slow",
    "step_started cleanup",
    "step_succeeded cleanup",
    "run_failed",
  ]);
});

test("a failure is caught by type and described", async () => {
  class CardDeclined extends Error {
    code = 402;
  }
  const body = async (run) => {
    try {
      return await task(run, "pay", () => {
        throw new CardDeclined("no money");
      });
    } catch (error) {
      const caught = run.caught(error, ["CardDeclined"]);
      if (caught === null) throw error;
      return caught;
    }
  };
  assert.deepEqual(await call(flow(body), {}, { runId: "caught" }), {
    type: "CardDeclined",
    message: "no money",
    step: "pay",
    attempts: 1,
    status: 402,
  });
});

test("a return in a branch ends the run with success", async () => {
  const body = (run) =>
    run.parallel("both", {
      a: async (run) => {
        await task(run, "a", () => 1);
        throw run.returned("early");
      },
      b: (run) => task(run, "b", (signal) => sleep(10_000, null, { signal })),
    });
  assert.equal(await call(flow(body), {}, { runId: "return" }), "early");
  assert.equal(peer.kinds("return").at(-1), "run_succeeded");
});

/** Steps of durable runs: what reaches the journal, in which order, and what a second life takes from it. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { call } from "../js/_conductor/execute.js";
import { close } from "../js/_conductor/resources.js";
import { serve } from "../js/_conductor/serve.js";
import { Workflow } from "../js/_conductor/workflow.js";
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

test("a sequence is recorded as it happens", async () => {
  const body = async (run) => {
    const one = await task(run, "one", () => 1);
    return (await task(run, "two", () => one + 1, { effect: "write" })) + 1;
  };
  assert.equal(await call(flow(body), {}, { runId: "sequence" }), 3);
  assert.deepEqual(peer.kinds("sequence"), [
    "step_started one",
    "step_succeeded one",
    "step_started two",
    "step_succeeded two",
    "run_succeeded",
  ]);
  // What happens without a wait in between is one record.
  const records = peer.records.get("sequence");
  assert.deepEqual(
    records.map(({ entries }) => entries.length),
    [3, 2],
  );
});

test("a retry is recorded with its time, and the failure with its error", async () => {
  let calls = 0;
  const body = (run) =>
    task(
      run,
      "ask",
      () => {
        calls += 1;
        throw new Error(`busy ${calls}`);
      },
      { retries: 1 },
    );
  const failure = await call(flow(body), {}, { runId: "retry" }).catch(
    (e) => e,
  );
  assert.equal(failure.name, "WorkflowError");
  assert.match(
    failure.message,
    /workflow w failed at step ask after 2 attempts \(run retry\): Error: busy 2/,
  );
  assert.equal(failure.cause.message, "busy 2");
  assert.deepEqual(peer.kinds("retry"), [
    "step_started ask",
    "attempt_failed ask",
    "step_started ask",
    "step_failed ask",
    "run_failed",
  ]);
});

test("a recorded step is not executed again", async () => {
  peer.runs.set("again", { input: {}, at: 1 });
  peer.records.set("again", [
    {
      seq: 1,
      entries: [
        { step_started: { key: "one", task: "one", attempt: 1, at: 1 } },
      ],
    },
    {
      seq: 2,
      entries: [
        { step_succeeded: { key: "one", attempt: 1, output: 41, at: 1 } },
      ],
    },
  ]);
  const body = async (run) =>
    (await task(run, "one", () => assert.fail("executed again"))) + 1;
  assert.equal(await call(flow(body), {}, { runId: "again" }), 42);
});

test("a write that was cut off is in doubt", async () => {
  const cut = (run) => {
    peer.runs.set(run, { input: {}, at: 1 });
    peer.records.set(run, [
      {
        seq: 1,
        entries: [{ step_started: { key: "w", task: "w", attempt: 1, at: 1 } }],
      },
    ]);
  };
  const body = (inDoubt) => (run) =>
    task(run, "w", () => "done", { effect: "write", inDoubt });
  cut("doubt-retry");
  assert.equal(
    await call(flow(body("retry")), {}, { runId: "doubt-retry" }),
    "done",
  );
  cut("doubt-fail");
  const failure = await call(
    flow(body("fail")),
    {},
    { runId: "doubt-fail" },
  ).catch((e) => e);
  assert.equal(failure.cause.name, "OutcomeUnknown");
  cut("doubt-pause");
  const pause = await call(
    flow(body("pause")),
    {},
    { runId: "doubt-pause" },
  ).catch((e) => e);
  assert.equal(pause.name, "RunPaused");
  assert.deepEqual(peer.kinds("doubt-pause").slice(1), [
    "step_in_doubt w",
    "run_paused",
  ]);
});

test("a signal reaches the function when its time is over, and a read is not waited for", async () => {
  let heard;
  const body = (run) =>
    task(
      run,
      "slow",
      (signal) =>
        new Promise(() => {
          signal.addEventListener("abort", () => (heard = signal.reason));
        }),
      { timeout: 20 },
    );
  const failure = await call(flow(body), {}, { runId: "slow" }).catch((e) => e);
  assert.equal(failure.cause.name, "TimeoutError");
  assert.equal(failure.cause.message, "no answer within 20 ms");
  assert.equal(heard.name, "AbortError");
});

test("the real end of a write that is out of time counts", async () => {
  const body = (run) =>
    task(run, "w", () => sleep(60, "late"), {
      effect: "write",
      timeout: 20,
      inDoubt: "fail",
    });
  assert.equal(await call(flow(body), {}, { runId: "late" }), "late");
});

test("signals are taken once, in order, and those that came before are kept", async () => {
  const body = async (run) => {
    await run.emit("tell", { signal: "go", data: 1 });
    const one = await run.waitFor("first", { signal: "go" });
    const two = await run.waitFor("second", {
      signal: "go",
      timeout: 20,
      onTimeout: "null",
    });
    return [one, two];
  };
  assert.deepEqual(await call(flow(body), {}, { runId: "signals" }), [1, null]);
  const [, taken] = peer
    .entries("signals")
    .find(([kind, { key }]) => kind === "step_succeeded" && key === "first");
  assert.equal(taken.signal, "signals/tell");
});

test("what a failed run did is undone in reverse order", async () => {
  const undone = [];
  const refund = async (run, undo) => {
    await task(
      run,
      "charge.compensate",
      () => void undone.push(undo.id) ?? null,
      { effect: "write" },
    );
  };
  const body = async (run) => {
    for (let index = 0; index < 2; index += 1) {
      const inner = run.iteration("each", index);
      const step = inner.step("charge", {
        effect: "write",
        undo: () => ({ id: null }),
      });
      while (await step.nextAttempt()) {
        step.succeed(await step.call(() => index), { id: index });
      }
    }
    throw run.fail("stop", "Broken", "no");
  };
  const options = { compensations: { charge: refund } };
  const failure = await call(flow(body, options), {}, { runId: "undo" }).catch(
    (e) => e,
  );
  assert.equal(failure.cause.types[0], "Broken");
  assert.deepEqual(undone, [1, 0]);
  assert.deepEqual(peer.kinds("undo").slice(-5), [
    "step_started each[1].charge.compensate",
    "step_succeeded each[1].charge.compensate",
    "step_started each[0].charge.compensate",
    "step_succeeded each[0].charge.compensate",
    "run_failed",
  ]);
});

test("a child is a run of its own, and is undone with its parent", async () => {
  const undone = [];
  const child = new Workflow("child", {
    plan: "blake3:01",
    body: async (run) => {
      const step = run.step("book", { effect: "write" });
      while (await step.nextAttempt()) {
        step.succeed(await step.call(() => "b1"), { id: "b1" });
      }
      return run.input("n");
    },
    compensations: {
      book: async (run, { id }) => {
        undone.push(id);
        await task(run, "book.compensate", () => null, { effect: "write" });
      },
    },
  });
  const body = async (run) => {
    const n = await run.child("trip", child, { n: 7 });
    assert.equal(n, 7);
    throw run.fail("stop", "Broken", "no");
  };
  await assert.rejects(call(flow(body), {}, { runId: "parent" }));
  assert.deepEqual(peer.runs.get("parent/trip").parent, {
    run: "parent",
    key: "trip",
  });
  assert.deepEqual(undone, ["b1"]);
  assert.ok(
    peer.kinds("parent").includes("step_succeeded trip/book.compensate"),
  );
});

test("a run that is cancelled cancels its steps and says so", async () => {
  const body = (run) =>
    task(run, "slow", (signal) => sleep(10_000, null, { signal }));
  const running = call(flow(body), {}, { runId: "cancelled" }).catch((e) => e);
  await sleep(30);
  peer.notify("run.cancelling", {
    run: "cancelled",
    epoch: 1,
    reason: "enough",
  });
  const failure = await running;
  assert.equal(failure.name, "WorkflowCancelled");
  assert.match(failure.message, /enough/);
  assert.deepEqual(peer.kinds("cancelled").slice(-2), [
    "step_cancelled slow",
    "run_cancelled",
  ]);
});

test("whoever stops waiting gives the run back", async () => {
  const controller = new AbortController();
  const body = (run) =>
    task(run, "slow", (signal) => sleep(10_000, null, { signal }));
  const running = call(
    flow(body),
    {},
    { runId: "stopped", signal: controller.signal },
  );
  await sleep(30);
  controller.abort(new Error("bored"));
  await assert.rejects(running, /bored/);
  await sleep(20);
  assert.deepEqual(peer.kinds("stopped"), ["step_started slow"]);
});

test("records survive a lost connection", async () => {
  const body = async (run) => {
    await task(run, "one", () => 1);
    await peer.hangUp();
    const two = task(run, "two", () => 2, { effect: "write" });
    await sleep(30);
    await peer.open();
    return two;
  };
  assert.equal(await call(flow(body), {}, { runId: "lost" }), 2);
  assert.equal(peer.kinds("lost").at(-1), "run_succeeded");
});

test("sleep, pauses and tolerated steps have their entries", async () => {
  const body = async (run) => {
    await run.sleep("nap", 5);
    await run.pause("poll", 0, 5);
    run.skip("never");
    return task(
      run,
      "frail",
      () => {
        throw new Error("x");
      },
      { critical: false },
    );
  };
  assert.equal(await call(flow(body), {}, { runId: "waits" }), null);
  assert.deepEqual(peer.kinds("waits"), [
    "step_started nap",
    "step_succeeded nap",
    "step_started poll[0]",
    "step_succeeded poll[0]",
    "step_skipped never",
    "step_started frail",
    "step_failed frail",
    "run_succeeded",
  ]);
});

/** Serves a workflow; the promise in it is that of its end. */
async function served(body, signal) {
  const { length } = peer.hellos;
  const serving = serve([flow(body)], [], { signal });
  while (peer.hellos.length === length) {
    await sleep(1);
  }
  return [serving];
}

test("what comes with a run is not asked for, and what follows it is", async () => {
  const done = (key, seq) => ({
    seq,
    entries: [
      { step_started: { key, task: key, attempt: 1, at: 0 } },
      { step_succeeded: { key, attempt: 1, output: key, at: 0 } },
    ],
  });
  const started = { seq: 0, entries: [{ run_started: { input: {}, at: 0 } }] };
  const made = [];
  const body = async (run) => {
    for (const key of ["one", "two", "three"]) {
      await task(run, key, () => made.push(`${run.id} ${key}`));
    }
    return null;
  };
  const stop = new AbortController();
  const [serving] = await served(body, stop.signal);
  for (const [run, more] of [
    ["whole", false],
    ["begun", true],
  ]) {
    // Of what the peer would answer only the second step is news.
    peer.records.set(run, [{ seq: 1, entries: [] }, done("two", 2)]);
    const history = { records: [started, done("one", 1)], more };
    peer.notify("run.dispatch", {
      ...{ run, workflow: "w", epoch: 1, next_seq: 3 },
      ...{ started_at: 0, cancelling: false, history },
    });
    while (!peer.kinds(run).includes("run_succeeded")) {
      await sleep(1);
    }
  }
  stop.abort();
  await serving;
  assert.deepEqual(made, ["whole two", "whole three", "begun three"]);
});

test("a run that is handed out again is executed by the last life alone", async () => {
  let lives = 0;
  let open;
  const gate = new Promise((resolve) => (open = resolve));
  const looked = [];
  const body = async (run) => {
    lives += 1;
    const life = lives;
    await gate;
    return task(run, "look", () => looked.push(life));
  };
  const begun = async (count) => {
    while (lives < count) {
      await sleep(1);
    }
  };
  const stop = new AbortController();
  const [serving] = await served(body, stop.signal);
  peer.records.set("again", []);
  // Others had it between the two, and nobody has told this process.
  for (const epoch of [1, 3]) {
    peer.notify("run.dispatch", {
      run: "again",
      workflow: "w",
      epoch,
      next_seq: 1,
      started_at: 0,
      cancelling: false,
    });
    await begun((epoch + 1) / 2);
  }
  open();
  while (!peer.kinds("again").includes("run_succeeded")) {
    await sleep(1);
  }
  stop.abort();
  await serving;
  assert.deepEqual(looked, [2]);
  const epochs = peer.records.get("again").map(({ epoch }) => epoch);
  assert.deepEqual([...new Set(epochs)], [3]);
});

/** Tasks across processes: those that are served here, and those that are called elsewhere. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { currentStep } from "../js/_conductor/current.js";
import { call } from "../js/_conductor/execute.js";
import { LocalRun } from "../js/_conductor/local.js";
import { close } from "../js/_conductor/resources.js";
import { serve } from "../js/_conductor/serve.js";
import { Task } from "../js/_conductor/task.js";
import { Workflow } from "../js/_conductor/workflow.js";
import { Peer } from "./peer.mjs";

let peer;
let answers = [];
const cancelled = [];
const invoked = [];
/** Ids of the requests that were made. */
const waiting = [];

before(async () => {
  peer = new Peer();
  const { answer } = peer;
  peer.answer = (method, params, id) => {
    if (method === "task.invoke") {
      invoked.push(params);
      waiting.push(id);
      const next = answers.shift();
      return next === undefined ? undefined : { result: next };
    }
    if (method === "task.cancel") {
      cancelled.push(params.call);
      return undefined;
    }
    return answer.call(peer, method, params);
  };
  await peer.open();
});

after(async () => {
  await close();
  await peer.close();
});

async function remote(run, options = {}) {
  const step = run.step("charge", { effect: "write", ...options });
  while (await step.nextAttempt()) {
    try {
      step.succeed(
        await step.invoke("go:example.com/shop.Charge", "sig", { amount: "5" }),
      );
    } catch (error) {
      throw step.failed(error);
    }
  }
  return step.output;
}

const flow = (options) =>
  new Workflow("w", { plan: "blake3:00", body: (run) => remote(run, options) });

test("a task of another process is called with all that it must know", async () => {
  answers = [{ output: { id: 9007199254740993n } }];
  const output = await call(flow({ timeout: 5000 }), {}, { runId: "r1" });
  assert.deepEqual(output, { id: 9007199254740993n });
  const { call: id, ...told } = invoked.at(-1);
  assert.equal(typeof id, "number");
  assert.deepEqual(told, {
    function: "go:example.com/shop.Charge",
    signature: "sig",
    args: { amount: "5" },
    key: "r1/charge",
    run: "r1",
    workflow: "w",
    step: "charge",
    attempt: 1,
    timeout_ms: 5000,
    // The other languages' runtimes have the same text in their tests: a run is one trace in whatever process.
    traceparent: "00-82f3e9c695dc6b8d1b11818d5701919e-3247f61bb78213bb-01",
  });
});

test("an error crosses with its types, and policies match them", async () => {
  answers = [
    {
      error: {
        types: ["shop.CardDeclined", "error"],
        message: "no",
        code: "402",
      },
    },
  ];
  const failure = await call(flow(), {}, { runId: "r2" }).catch(
    (error) => error,
  );
  assert.deepEqual(failure.cause.types, ["shop.CardDeclined", "error"]);
  assert.equal(failure.cause.code, "402");
});

test("a worker that died is called again where that may be, else the outcome is unknown", async () => {
  answers = [{ lost: true }, { output: 1 }];
  assert.equal(await call(flow({ idempotent: true }), {}, { runId: "r3" }), 1);
  answers = [{ lost: true }];
  const failure = await call(
    flow({ inDoubt: "fail" }),
    {},
    { runId: "r4" },
  ).catch((error) => error);
  assert.equal(failure.cause.name, "OutcomeUnknown");
  answers = [{ lost: true }];
  const pause = await call(
    flow({ inDoubt: "pause" }),
    {},
    { runId: "r5" },
  ).catch((error) => error);
  assert.equal(pause.name, "RunPaused");
});

test("a call that is out of time is cancelled, and says who is missing", async () => {
  answers = [];
  const running = call(flow({ timeout: 30 }), {}, { runId: "r6" }).catch(
    (error) => error,
  );
  while (cancelled.length === 0) await sleep(5);
  assert.equal(cancelled[0], invoked.at(-1).call);
  // The sidecar answers the call that nobody has taken.
  const message = "no worker serves go:example.com/shop.Charge";
  peer.reply(waiting.at(-1), {
    error: { types: ["conductor.NoWorker"], message },
  });
  const failure = await running;
  assert.equal(failure.cause.name, "TimeoutError");
  assert.equal(failure.cause.message, `no answer within 30 ms: ${message}`);
});

test("the real end of a call that was told to stop counts", async () => {
  answers = [];
  const running = call(
    flow({ timeout: 30, inDoubt: "fail" }),
    {},
    { runId: "r7" },
  );
  while (cancelled.length === 1) await sleep(5);
  peer.reply(waiting.at(-1), { output: "late" });
  assert.equal(await running, "late");
});

test("a call that was under way when the connection ended is lost, and not asked again", async () => {
  answers = [];
  const running = call(flow({ inDoubt: "fail" }), {}, { runId: "r8" }).catch(
    (error) => error,
  );
  const before = invoked.length;
  while (invoked.length === before) await sleep(5);
  await peer.hangUp();
  await peer.open();
  const failure = await running;
  assert.equal(failure.cause.name, "OutcomeUnknown");
  assert.equal(invoked.length, before + 1);
});

test("plain workflows call tasks, too", async () => {
  answers = [{ output: 5 }];
  const run = new LocalRun("plain", { runId: "p1" });
  assert.equal(await run.invoke("go:x.F", "s", { a: 1 }, "step"), 5);
  assert.equal(invoked.at(-1).key, "p1/step");
});

test("a served task decodes, runs and answers; a signature that differs is refused", async () => {
  const stop = new AbortController();
  const seen = [];
  const charge = new Task(
    "ts:shop.charge",
    "sig",
    async (args, { key, signal }) => {
      seen.push([args, key, currentStep().step ?? currentStep().key]);
      if (args.wait) {
        await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        );
      }
      if (args.fail) throw Object.assign(new TypeError("bad"), { code: "E1" });
      return { ok: true };
    },
  );
  const serving = serve([], [charge], { signal: stop.signal });
  await sleep(50);
  assert.deepEqual(peer.hellos.at(-1).tasks, [
    { function: "ts:shop.charge", signature: "sig" },
  ]);
  const ask = async (id, params) => {
    const given = {
      call: id,
      function: "ts:shop.charge",
      signature: "sig",
      key: "k",
      run: "r",
      workflow: "w",
      step: "s",
      attempt: 1,
      ...params,
    };
    peer.request(id, "task.invoke", given);
    await sleep(30);
    return peer.invocations.find((one) => one.id === id && one.result)?.result;
  };
  assert.deepEqual(await ask(1, { args: { a: 1 } }), { output: { ok: true } });
  assert.deepEqual(seen[0], [{ a: 1 }, "k", "s"]);
  const { error } = await ask(2, { args: { fail: true } });
  assert.deepEqual(
    [error.types, error.message, error.code],
    [["TypeError", "Error"], "bad", "E1"],
  );
  assert.equal(
    (await ask(3, { signature: "other", args: {} })).error.types[0],
    "conductor.SignatureMismatch",
  );
  assert.equal(
    (await ask(4, { function: "ts:x", args: {} })).error.types[0],
    "conductor.NoWorker",
  );
  assert.equal(await ask(5, { args: { wait: true } }), undefined);
  peer.notify("task.cancel", { call: 5 });
  await sleep(30);
  assert.equal(
    peer.invocations.find(({ id, result }) => id === 5 && result).result.error
      .types[0],
    "AbortError",
  );
  stop.abort();
  await serving;
});

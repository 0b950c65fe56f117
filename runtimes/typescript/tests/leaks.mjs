/** Runs workflows without number and looks at what is left: run with `--expose-gc`. */

import assert from "node:assert/strict";

import { call } from "../js/_conductor/execute.js";
import { LocalRun } from "../js/_conductor/local.js";
import { close } from "../js/_conductor/resources.js";
import { Workflow } from "../js/_conductor/workflow.js";
import { Peer } from "./peer.mjs";

const LOCAL = 90_000;
const DURABLE = 10_000;
/** Of memory that may be more afterwards: warm code and caches. */
const ROOM = 8 << 20;

const peer = await new Peer().open();
const controller = new AbortController();

async function local(index) {
  const run = new LocalRun("w", { signal: controller.signal });
  try {
    const { a, b } = await run.parallel("p", {
      a: (run) => run.within(1000, () => index),
      b: (run) => run.backOff(0),
    });
    if (index % 3 === 0) throw new Error(`${a}${b}`);
    return await run.deadline("d", 1000, (run) =>
      run.within(1000, (signal) => signal.aborted),
    );
  } catch (error) {
    return run.error(error);
  } finally {
    run.close();
  }
}

const workflow = new Workflow("w", {
  plan: "blake3:00",
  body: async (run) => {
    const { a } = await run.parallel("p", {
      a: (run) => one(run, "a"),
      b: (run) => one(run, "b"),
    });
    return run.deadline("d", 1000, () => a);
  },
});

async function one(run, id) {
  const step = run.step(id, { effect: "read", timeout: 1000 });
  while (await step.nextAttempt()) {
    try {
      step.succeed(await step.call((signal) => signal.aborted));
    } catch (error) {
      throw step.failed(error);
    }
  }
  return step.output;
}

async function durable(index) {
  const runId = `r${index}`;
  await call(workflow, {}, { runId, signal: controller.signal });
  peer.records.delete(runId);
  peer.runs.delete(runId);
}

async function runs(count, run) {
  for (let index = 0; index < count; index += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, at) => run(index + at)));
  }
}

function memory() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

const handles = () => process.getActiveResourcesInfo().sort().join();

await runs(2000, local);
await runs(1000, durable);
const before = [memory(), handles()];
await runs(LOCAL, local);
await runs(DURABLE, durable);
await new Promise((resolve) => setTimeout(resolve, 50));
const after = [memory(), handles()];
assert.ok(
  after[0] - before[0] < ROOM,
  `${before[0]} bytes before, ${after[0]} after`,
);
assert.equal(after[1], before[1]);
await close();
await peer.close();

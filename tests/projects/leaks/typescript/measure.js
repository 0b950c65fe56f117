/**
 * Calls a workflow N times, 64 at a time, and prints what the process holds a quarter of the way and at the end.
 *
 *     node --expose-gc measure.js WORKFLOW N
 */

import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import * as generated from "./conductor_gen/index.js";

const AT_A_TIME = 64;

/** One in five fails of itself, one in seven is left by its caller. */
async function called(workflow, n) {
  const leaving = new AbortController();
  const call = generated[workflow]({ n }, { signal: leaving.signal });
  if (workflow === "plain" && n % 7 === 0) leaving.abort();
  try {
    await call;
  } catch (error) {
    const expected = leaving.signal.aborted || error instanceof generated.WorkflowError;
    if (!expected) throw error;
  }
}

async function runs(workflow, first, last) {
  let next = first;
  const caller = async () => {
    while (next < last) await called(workflow, next++);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, caller));
}

async function reading() {
  // What was cut off may still be on its way out.
  await sleep(500);
  globalThis.gc();
  return {
    memory: process.memoryUsage().heapUsed,
    threads: readdirSync("/proc/self/task").length,
    tasks: process.getActiveResourcesInfo().length,
    handles: readdirSync("/proc/self/fd").length,
  };
}

const [workflow, count] = [process.argv[2], Number(process.argv[3])];
await runs(workflow, 0, count / 4);
const before = await reading();
await runs(workflow, count / 4, count);
console.log(JSON.stringify({ before, after: await reading() }));
await generated.close?.();

/**
 * One application of several: calls runs that others may be calling too, and serves those that nobody calls.
 *
 *     node app.js FOLDER     `FOLDER/limit` says up to which number runs exist; without it nothing more is called
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { WorkflowError, mainTypescript, serve } from "./conductor_gen/index.js";
import { note } from "./tasks.js";

const AT_A_TIME = Number(process.env["TORTURE_AT_A_TIME"] ?? 4);
const NEWEST = 12;
const file = join(process.argv[2] ?? "", "limit");
const stop = new AbortController();
process.on("SIGINT", () => stop.abort());

function limit() {
  try {
    const found = Number.parseInt(readFileSync(file, "utf8"), 10);
    return Number.isNaN(found) ? undefined : found;
  } catch {
    return undefined;
  }
}

/** Calls one of the newest runs after the other: new ones, ones that others have, ones that are done. */
async function call() {
  for (let upper = limit(); upper !== undefined && !stop.signal.aborted; upper = limit()) {
    const lower = Math.max(0, upper - NEWEST);
    const n = lower + Math.floor(Math.random() * (upper - lower));
    const runId = `typescript-${n}`;
    try {
      const output = await mainTypescript({ n }, { runId, signal: stop.signal });
      note({ run: runId, event: "returned", output });
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!(error instanceof WorkflowError)) throw error;
    }
    await setTimeout(50);
  }
}

console.log("up");
await Promise.all([serve({ signal: stop.signal }), ...Array.from({ length: AT_A_TIME }, call)]);
process.exit(130);

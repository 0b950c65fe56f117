/** A process that serves a task: the first time it takes long. `tasks.mjs LOG` */

import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { serve } from "../js/_conductor/serve.js";
import { Task } from "../js/_conductor/task.js";

const [, , log] = process.argv;

const slow = new Task("ts:shop.slow", "s1", async () => {
  appendFileSync(log, "called\n");
  const calls = readFileSync(log, "utf8").trim().split("\n").length;
  await sleep(calls === 1 ? 60_000 : 10);
  return { by: process.pid };
});
await serve([], [slow]);

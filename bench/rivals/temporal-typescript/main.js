import { fileURLToPath } from "node:url";

import { Client, Connection } from "@temporalio/client";
import { NativeConnection, Runtime, Worker } from "@temporalio/worker";

import * as activities from "./app.activities.js";
import { drive } from "./driver.js";

const address = process.env.ADDRESS;
Runtime.install({ logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error: console.error } });
const client = new Client({ connection: await Connection.connect({ address }) });
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue: "rival",
  workflowsPath: fileURLToPath(new URL("./app.workflows.js", import.meta.url)),
  activities,
  // As many activities may stand at the gate as workflows are left open.
  maxConcurrentActivityTaskExecutions: 1100,
});
worker.run();
await drive((work, run) => {
  const args = work === "asleep" ? [Number(process.env.PAUSE)] : [];
  return client.workflow.execute(work === "one_write" ? "ten_steps" : work, { args, workflowId: run, taskQueue: "rival" });
});

import { DBOS } from "@dbos-inc/dbos-sdk";

import { drive, gate, note } from "./driver.js";

const touch = async () => 1;
const step = () => DBOS.runStep(touch, { name: "touch" });

async function tenSteps() {
  for (let number = 0; number < 10; number++) await step();
}

async function parallel() {
  await Promise.allSettled(Array.from({ length: 10 }, step));
}

const failed = new Set();

async function charge() {
  const run = DBOS.workflowID;
  if (!failed.has(run)) {
    failed.add(run);
    throw new Error("try again");
  }
  return 1;
}

async function order() {
  await step();
  await DBOS.runStep(charge, { name: "charge", retriesAllowed: true, maxAttempts: 4, intervalSeconds: 0.001, backoffRate: 1 });
  await step();
}

async function fanOut() {
  let left = 1000;
  const lane = async () => {
    while (left-- > 0) await step();
  };
  await Promise.allSettled(Array.from({ length: 50 }, lane));
}

async function held() {
  const run = DBOS.workflowID ?? "";
  for (let number = 0; number < 4; number++) await step();
  await DBOS.runStep(() => gate(run), { name: "gate" });
  for (let number = 5; number < 9; number++) await step();
  await DBOS.runStep(async () => note("mark", run), { name: "mark" });
}

async function asleep() {
  await DBOS.sleepSeconds(Number(process.env.PAUSE));
  await DBOS.runStep(async () => note("mark", DBOS.workflowID ?? ""), { name: "mark" });
}

/** @type {Record<string, () => Promise<void>>} */
const WORKS = { ten_steps: tenSteps, one_write: tenSteps, parallel, order, fan_out: fanOut, held, asleep };
const registered = Object.fromEntries([tenSteps, parallel, order, fanOut, held, asleep].map((work) => [work.name, DBOS.registerWorkflow(work)]));

DBOS.setConfig({
  name: "rival",
  systemDatabaseUrl: process.env.DATABASE,
  applicationVersion: "1",
  logLevel: "error",
  runAdminServer: false,
});
await DBOS.launch();
await drive(async (work, run) => {
  const handle = await DBOS.startWorkflow(registered[WORKS[work].name], { workflowID: run })();
  await handle.getResult();
});

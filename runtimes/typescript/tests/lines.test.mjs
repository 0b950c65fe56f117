/** Lines of `console` and of logging libraries find their step. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { inStep } from "../js/_conductor/current.js";
import { logSteps, stepFields } from "../js/_conductor/stepLog.js";

const step = {
  key: "charge",
  task: "charge",
  run: "order-1",
  workflow: "shop",
  attempt: 2,
  traceparent: "00-82f3e9c695dc6b8d1b11818d5701919e-3247f61bb78213bb-01",
  timeLeft: () => undefined,
};

test("fields of a line say the step, and nothing outside of one", () => {
  assert.deepEqual(stepFields(), {});
  assert.deepEqual(
    inStep(step, () => stepFields()),
    {
      conductor_workflow: "shop",
      conductor_run: "order-1",
      conductor_step: "charge",
      conductor_attempt: 2,
      conductor_trace_id: "82f3e9c695dc6b8d1b11818d5701919e",
      conductor_span_id: "3247f61bb78213bb",
    },
  );
});

test("lines of the console begin with the step, also behind an await, and formats stay formats", async (context) => {
  /** @type {unknown[][]} */
  const said = [];
  const before = console.log;
  context.after(() => {
    console.log = before;
  });
  console.log = (...values) => said.push(values);
  logSteps();
  logSteps();
  console.log("outside", 1);
  await inStep({ ...step, run: "50%" }, async () => {
    await Promise.resolve();
    console.log("paid %s", "alice");
    console.log({ total: 1 });
    console.log("all of it");
  });
  inStep({ ...step, run: "\u001b[31m" }, () => console.log("red"));
  assert.deepEqual(said, [
    ["outside", 1],
    ['["50%%" charge#2] paid %s', "alice"],
    ['["50%%" charge#2]', { total: 1 }],
    ['["50%" charge#2] all of it'],
    ['["\\u001b[31m" charge#2] red'],
  ]);
});

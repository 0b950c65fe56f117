import { heartbeat } from "@temporalio/activity";

import { gate, note } from "./driver.js";

export const touch = async () => 1;

const failed = new Set();

/** @param {string} run */
export async function charge(run) {
  if (!failed.has(run)) {
    failed.add(run);
    throw new Error("try again");
  }
  return 1;
}

/** @param {string} run */
export async function stop(run) {
  const beating = setInterval(() => heartbeat(), 500);
  await gate(run);
  clearInterval(beating);
}

/** @param {string} run */
export async function mark(run) {
  note("mark", run);
}

/**
 * Runs an engine's workflows as the measurement asks for them: one JSON request a line, one JSON answer a line. It knows no
 * engine: an application gives it one function that starts a workflow and waits for its end.
 */

import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

const RELEASED = "RELEASED" in process.env;
/** @type {Record<string, Set<string>>} */
const seen = { gate: new Set(), mark: new Set() };
/** @type {Set<() => void>} */
const waiting = new Set();

/** A run has come to this place. @param {string} place @param {string} run */
export function note(place, run) {
  seen[place].add(run);
  for (const look of waiting) look();
}

/** Where a run stays until its process is killed. @param {string} run */
export async function gate(run) {
  note("gate", run);
  if (!RELEASED) await new Promise(() => setInterval(() => {}, 60_000));
}

/** @param {string} place @param {number} count */
function until(place, count) {
  return new Promise((resolve) => {
    const look = () => {
      if (seen[place].size < count) return;
      waiting.delete(look);
      resolve({});
    };
    waiting.add(look);
    look();
  });
}

/** @typedef {(work: string, run: string) => Promise<unknown>} Start */

/** @param {Start} start @param {any} asked */
async function one(start, asked) {
  const ms = [];
  for (let number = 0; number < asked.runs; number++) {
    const began = performance.now();
    await start(asked.work, randomUUID());
    ms.push(performance.now() - began);
  }
  return { ms };
}

/** @param {Start} start @param {any} asked */
async function wide(start, asked) {
  let left = asked.runs;
  const lane = async () => {
    while (left-- > 0) await start(asked.work, randomUUID());
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: asked.width }, lane));
  return { seconds: (performance.now() - began) / 1000 };
}

/** @param {Start} start @param {any} asked */
async function answer(start, asked) {
  if (asked.do === "one") return one(start, asked);
  if (asked.do === "wide") return wide(start, asked);
  if (asked.do === "until") return until(asked.place, asked.runs);
  if (asked.do !== "open") throw new Error(`not understood: ${JSON.stringify(asked)}`);
  // What becomes of them is seen by the places that they come to.
  for (let number = 0; number < asked.runs; number++) start(asked.work, randomUUID()).catch(() => {});
  return {};
}

/** Answers until the requests end. @param {Start} start */
export async function drive(start) {
  const say = (/** @type {unknown} */ said) => writeSync(Number(process.env.ANSWERS), `${JSON.stringify(said)}\n`);
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) say(await answer(start, JSON.parse(line)));
  process.exit(0);
}

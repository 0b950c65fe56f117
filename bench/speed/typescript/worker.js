/**
 * Runs of ten writes, one at a time, in turns with a flush and a bare round trip: `node worker.js one RUNS ECHO`. Runs of ten
 * reads and one write, with a line of each on how often it waited for the disk: `node worker.js waits RUNS`. Runs of ten writes,
 * so many at a time: `node worker.js wide RUNS WIDTH`.
 */

import { randomUUID } from "node:crypto";
import { fdatasyncSync, fsyncSync, openSync, writeSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";

import { oneWrite, tenWrites } from "./conductor_gen/index.js";

const [, , how, runs, echo] = process.argv;
if (how === "wide") {
  let left = Number(runs);
  const lane = async () => {
    while (left-- > 0) await tenWrites({}, { runId: randomUUID() });
  };
  await tenWrites({}, { runId: randomUUID() });
  const began = performance.now();
  await Promise.all(Array.from({ length: Number(echo) }, lane));
  console.log(JSON.stringify({ runs_per_s: Number(runs) / ((performance.now() - began) / 1000) }));
  process.exit(0);
}
if (how === "waits") {
  for (let number = 0; number < Number(runs); number++) await oneWrite({}, { runId: randomUUID() });
  process.exit(0);
}
// As much as a commit of one record writes, and as much as a record is on the socket.
const PAGE = Buffer.alloc(4120, "p");
const LINE = Buffer.alloc(301, "l");
/** So many runs follow one another, and then as many times what they are compared with. */
const TURN = 10;

const socket = connect(echo ?? "");
let missing = 0;
/** @type {() => void} */
let back = () => {};
socket.on("data", (data) => {
  missing -= data.length;
  if (missing === 0) back();
});

const file = openSync("flushed", "w+");
for (let number = 0; number < 4096; number++) writeSync(file, PAGE, 0, PAGE.length, number * PAGE.length);
fsyncSync(file);
/** @type {{runs_ms: number[], flush_ms: number[], trip_ms: number[]}} */
const figures = { runs_ms: [], flush_ms: [], trip_ms: [] };
for (let number = 0; number < Number(runs); number++) {
  if (number % TURN === 0) {
    for (let run = number; run < Math.min(number + TURN, Number(runs)); run++) {
      const start = performance.now();
      await tenWrites({}, { runId: randomUUID() });
      figures.runs_ms.push(performance.now() - start);
    }
    // The sidecar commits behind them, and would be in the way of what they are compared with.
    await setTimeout(30);
  }
  let flushes = 0;
  let trips = 0;
  for (let step = 0; step < 10; step++) {
    const start = performance.now();
    writeSync(file, PAGE, 0, PAGE.length, ((10 * number + step) % 4096) * PAGE.length);
    fdatasyncSync(file);
    const between = performance.now();
    missing = LINE.length;
    await new Promise((resolve) => {
      back = () => resolve(undefined);
      socket.write(LINE);
    });
    flushes += between - start;
    trips += performance.now() - between;
  }
  figures.flush_ms.push(flushes);
  figures.trip_ms.push(trips);
}
console.log(JSON.stringify(figures));
process.exit(0);

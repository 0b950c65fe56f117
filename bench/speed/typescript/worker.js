/** Runs of ten writes, one at a time, in turns with a flush and a bare round trip: `node worker.js one RUNS ECHO`. */

import { randomUUID } from "node:crypto";
import { fdatasyncSync, fsyncSync, openSync, writeSync } from "node:fs";
import { connect } from "node:net";

import { tenWrites } from "./conductor_gen/index.js";

const [, , , runs, echo] = process.argv;
// As much as a commit of one record writes, and as much as a record is on the socket.
const PAGE = Buffer.alloc(4120, "p");
const LINE = Buffer.alloc(301, "l");

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
  let start = performance.now();
  await tenWrites({}, { runId: randomUUID() });
  figures.runs_ms.push(performance.now() - start);
  start = performance.now();
  writeSync(file, PAGE, 0, PAGE.length, (number % 4096) * PAGE.length);
  fdatasyncSync(file);
  figures.flush_ms.push(performance.now() - start);
  start = performance.now();
  missing = LINE.length;
  await new Promise((resolve) => {
    back = () => resolve(undefined);
    socket.write(LINE);
  });
  figures.trip_ms.push(performance.now() - start);
}
console.log(JSON.stringify(figures));
process.exit(0);

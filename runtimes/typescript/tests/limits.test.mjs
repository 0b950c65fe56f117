/** Time limits that share a timer: each ends after its own time, and none keeps a process alive that has nothing else to do. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { limit } from "../js/_conductor/limits.js";

const LIMITS = new URL("../js/_conductor/limits.js", import.meta.url).href;

test("limits of one length end in the order of their beginnings, none before its time", async () => {
  const LENGTH = 40;
  const ended = [];
  const all = [0, 1, 2, 3].map(async (index) => {
    await sleep(index * 15);
    const began = performance.now();
    await new Promise((resolve) => limit(LENGTH, resolve));
    ended.push(index);
    assert.ok(performance.now() - began >= LENGTH);
  });
  await Promise.all(all);
  assert.deepEqual(ended, [0, 1, 2, 3]);
});

test("a limit that is taken back is not told, wherever it stands among others", async () => {
  const told = [];
  const limits = [0, 1, 2, 3, 4].map((index) =>
    limit(20, () => told.push(index)),
  );
  limits[0].end();
  limits[2].end();
  await sleep(1);
  limits[4].end();
  limits[4].end();
  await new Promise((resolve) => limit(60, resolve));
  assert.deepEqual(told, [1, 3]);
});

test("a limit that begins when another is told has its own time", async () => {
  const began = performance.now();
  await new Promise((resolve) => limit(25, () => limit(25, resolve)));
  assert.ok(performance.now() - began >= 50);
});

test("a process ends with its last limit, and not before", () => {
  const script = `
    import { limit } from ${JSON.stringify(LIMITS)};
    const { setTimeout: sleep } = await import("node:timers/promises");
    const first = limit(50, () => {});
    await sleep(5);
    first.end();
    await sleep(5);
    limit(50, () => {
      console.log("told");
      const other = limit(600_000, () => {});
      setTimeout(() => other.end(), 5);
    });`;
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", script],
    { encoding: "utf8", timeout: 60_000 },
  );
  assert.equal(status, 0);
  assert.equal(stdout, "told\n");
});

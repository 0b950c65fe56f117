/** Durable runs against the real sidecar: crashes of either side, cancelling, serving, signals, permits of the host. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { call } from "../js/_conductor/execute.js";
import { close } from "../js/_conductor/resources.js";
import { decodeAny, encodeAny } from "../js/_conductor/scalars.js";
import { serve } from "../js/_conductor/serve.js";
import { Sidecar } from "./sidecar.mjs";
import { counting, echo, held, letter, remote, waiting } from "./workflows.mjs";

let sidecar;

before(async () => {
  sidecar = await new Sidecar().open();
});

after(async () => {
  await close();
  await sidecar.close();
});

const at = (name) => join(sidecar.folder, name);

test("a run is recorded, and called again gives its result without running", async () => {
  const log = at("again.log");
  const input = { log, steps: 10 };
  assert.deepEqual(await call(counting, input, { runId: "again" }), 10);
  assert.deepEqual(await call(counting, input, { runId: "again" }), 10);
  assert.equal(readFileSync(log, "utf8").trim().split("\n").length, 10);
  assert.equal((await sidecar.show("again")).state, "succeeded");
  await assert.rejects(call(counting, { log, steps: 11 }, { runId: "again" }), {
    name: "RunRefused",
  });
});

test("a killed process is continued where it stopped, and nothing is done twice", async () => {
  const log = at("killed.log");
  const worker = spawn(
    process.execPath,
    [
      fileURLToPath(new URL("worker.mjs", import.meta.url)),
      "counting",
      "killed",
      JSON.stringify({ log, steps: 40, pause: 10 }),
    ],
    { stdio: "inherit" },
  );
  while (
    !existsSync(log) ||
    readFileSync(log, "utf8").split("\n").length < 10
  ) {
    await sleep(5);
  }
  const dead = new Promise((resolve) => worker.once("exit", resolve));
  worker.kill("SIGKILL");
  await dead;
  assert.equal(
    await call(counting, { log, steps: 40, pause: 10 }, { runId: "killed" }),
    40,
  );
  const lines = readFileSync(log, "utf8").trim().split("\n");
  // One write may have been cut off; its key is the same.
  assert.ok(lines.length <= 41, String(lines.length));
  assert.equal(new Set(lines).size, 40);
});

test("a sidecar that dies and comes back loses nothing", async () => {
  const log = at("restart.log");
  const running = call(
    counting,
    { log, steps: 30, pause: 10 },
    { runId: "restart" },
  );
  await sleep(100);
  await sidecar.kill();
  await sleep(50);
  await sidecar.open();
  assert.equal(await running, 30);
  const lines = readFileSync(log, "utf8").trim().split("\n");
  assert.equal(lines.length, 30);
});

test("a run that is cancelled from outside ends as cancelled, and is undone", async () => {
  const log = at("cancel.log");
  const running = call(held, { log }, { runId: "cancel" }).catch(
    (error) => error,
  );
  while (!existsSync(log)) {
    await sleep(5);
  }
  await sidecar.run("cancel", "cancel");
  const failure = await running;
  assert.equal(failure.name, "WorkflowCancelled", failure.stack);
  assert.deepEqual(readFileSync(log, "utf8").trim().split("\n"), [
    "booked",
    "undone b1",
  ]);
  assert.equal((await sidecar.show("cancel")).state, "cancelled");
});

test("values keep every digit, and texts every character", async () => {
  const value = {
    big: 9007199254740993n,
    float: 2 ** 60,
    zero: -0,
    text: "\u2028 \u{1f600} \u0000",
    bytes: "x".repeat(3 << 20),
  };
  // A process that continues the run reads the same as the one that began it.
  for (let life = 0; life < 2; life += 1) {
    const given = decodeAny(
      await call(echo, { value: encodeAny(value) }, { runId: "echo" }),
    );
    assert.ok(Object.is(given.zero, -0));
    assert.ok(given.bytes === value.bytes, "bytes");
    assert.deepEqual({ ...given, bytes: "" }, { ...value, bytes: "" });
  }
});

test("serve executes what is started from outside, and gives back what it has not ended", async () => {
  const stop = new AbortController();
  const serving = serve([counting, waiting, letter], [], {
    signal: stop.signal,
  });
  await sleep(100);
  const log = at("served.log");
  await sidecar.run(
    "run",
    "counting",
    "--run-id",
    "served",
    "--input",
    JSON.stringify({ log, steps: 3 }),
  );
  assert.equal((await sidecar.show("served")).output, 3);
  stop.abort();
  await serving;
});

test("a signal from outside and one from another run are taken, those that came first too", async () => {
  const one = call(waiting, {}, { runId: "wait-1" });
  await sleep(100);
  await sidecar.run("signal", "wait-1", "approved", "--data", '{"by":"bob"}');
  assert.deepEqual(await one, { by: "bob" });
  const two = call(waiting, {}, { runId: "wait-2" });
  await sleep(50);
  await call(letter, { to: "wait-2" }, { runId: "letter" });
  assert.deepEqual(await two, { by: "ann" });
  const refused = await call(letter, { to: "wait-2" }, { runId: "late" }).catch(
    (error) => error,
  );
  assert.equal(refused.cause.name, "SignalRefused");
  // Sent before somebody takes it up again.
  const stop = new AbortController();
  const three = call(waiting, {}, { runId: "wait-3", signal: stop.signal });
  await sleep(100);
  stop.abort();
  await assert.rejects(three);
  await sidecar.run("signal", "wait-3", "approved", "--data", "7");
  assert.equal(await call(waiting, {}, { runId: "wait-3" }), 7);
});

test("a task of another process is called; its worker is killed in the call and comes back", async () => {
  const log = at("task.log");
  const path = fileURLToPath(new URL("tasks.mjs", import.meta.url));
  const worker = () =>
    spawn(process.execPath, [path, log], { stdio: "inherit" });
  // The call waits for somebody who serves it.
  const calling = call(remote, {}, { runId: "remote" });
  await sleep(100);
  const first = worker();
  while (!existsSync(log)) await sleep(5);
  first.kill("SIGKILL");
  const second = worker();
  assert.deepEqual(await calling, { by: second.pid });
  second.kill("SIGTERM");
  assert.equal(await new Promise((resolve) => second.once("exit", resolve)), 0);
  const failure = await call(
    remote,
    { timeout: 100 },
    { runId: "nobody" },
  ).catch((error) => error);
  assert.match(
    failure.cause.message,
    /no answer within 100 ms: .*ts:shop.slow/,
  );
});

test("two processes that share a limit take turns", async () => {
  const log = at("ordered.log");
  const path = fileURLToPath(new URL("worker.mjs", import.meta.url));
  const one = (run) =>
    new Promise((resolve) =>
      spawn(process.execPath, [path, "ordered", run, JSON.stringify({ log })], {
        stdio: "inherit",
      }).once("exit", resolve),
    );
  await Promise.all([one("o1"), one("o2"), one("o3")]);
  const lines = readFileSync(log, "utf8").trim().split("\n");
  assert.equal(lines.length, 6);
  for (let index = 0; index < 6; index += 2) {
    assert.equal(
      lines[index].split(" ")[1],
      lines[index + 1].split(" ")[1],
      lines.join(", "),
    );
  }
});

test("each worker thread has a session of its own", async () => {
  const log = at("threads.log");
  const path = new URL("worker.mjs", import.meta.url);
  const one = (run) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(path, {
        argv: ["counting", run, JSON.stringify({ log, steps: 5 })],
      });
      worker.once("error", reject);
      worker.once("exit", resolve);
    });
  await Promise.all(["t1", "t2", "t3", "t4"].map(one));
  assert.equal(readFileSync(log, "utf8").trim().split("\n").length, 20);
});

test("an idle session does not keep the process alive", async () => {
  const log = at("idle.log");
  const path = fileURLToPath(new URL("worker.mjs", import.meta.url));
  const started = Date.now();
  const worker = spawn(
    process.execPath,
    [path, "counting", "idle", JSON.stringify({ log, steps: 1 }), "stay"],
    { stdio: "inherit" },
  );
  const code = await new Promise((resolve) => worker.once("exit", resolve));
  assert.equal(code, 0);
  assert.ok(Date.now() - started < 5000);
});

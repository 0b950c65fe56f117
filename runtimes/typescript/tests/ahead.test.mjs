/** What a process puts into its log, and when it does not. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { Ahead } from "../js/_conductor/ahead.js";
import { crc32 } from "../js/_conductor/crc32.js";
import { Hurry } from "../js/_conductor/hurry.js";
import { Journal } from "../js/_conductor/journal.js";

const HEAD = 4096;

/**
 * A log of so many bytes, which the session is given, and what the session sends; a run that was begun here, or was not.
 *
 * @param {import("node:test").TestContext} context
 */
async function logged(context, bytes = 64 << 10, isOwn = true) {
  // However long the disk takes here, its flushes are quick.
  const clock = { now: 0, tick: 0 };
  context.mock.method(performance, "now", () => (clock.now += clock.tick));
  const folder = mkdtempSync(join(tmpdir(), "ahead-"));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "log");
  const head = "open   conductor-log 1 s-1 7 8 typescript\n";
  writeFileSync(
    path,
    Buffer.concat([Buffer.from(head), Buffer.alloc(bytes - head.length)]),
  );
  let asked = 0;
  /** @type {string[]} */
  const sent = [];
  const session = {
    id: "s-1",
    request: () => {
      asked += 1;
      return Promise.resolve({ log: { path, bytes } });
    },
    /** @param {string} line */
    send: (line) => {
      sent.push(
        ...`${ahead.unsent()}${line}`.split("\n").filter((each) => each !== ""),
      );
      return true;
    },
  };
  const ahead = new Ahead(session);
  const write = (/** @type {string} */ line) => session.send(line);
  const hurry = new Hurry(() => undefined);
  const start = isOwn ? { run: "r", input: {} } : undefined;
  const journal = new Journal("r", 1, 1, write, hurry, ahead, start);
  while (asked === 0) ahead.mayKeep(journal);
  await setImmediate();
  for (let wait = 0; wait < 4; wait += 1) ahead.mayKeep(journal);
  const read = () => frames(readFileSync(path).subarray(HEAD));
  return { journal, ahead, path, sent, read, clock, asked: () => asked };
}

/** @param {Buffer} bytes */
function frames(bytes) {
  const lines = bytes.toString().split("\n");
  const generation = lines[0]?.slice(9, 17);
  /** @type {{method: string, params: {seq?: number}}[]} */
  const found = [];
  for (const line of lines) {
    const sum = crc32(Buffer.from(`${line.slice(9)}\n`));
    if (
      parseInt(line.slice(0, 8), 16) !== sum ||
      line.slice(9, 17) !== generation
    )
      break;
    found.push(JSON.parse(line.slice(18)));
  }
  return found;
}

test("the checksum is that of zip", () => {
  assert.equal(crc32(Buffer.from("123456789")), 0xcbf43926);
});

test("what stands in the log waits for nobody and is sent all the same", async (context) => {
  const { journal, sent, read } = await logged(context);
  journal.record("a", {});
  await journal.barrier();
  journal.record("b", {});
  await journal.barrier();
  assert.deepEqual(sent, []);
  const methods = read().map(({ method }) => method);
  assert.deepEqual(methods, ["run.start", "step.record", "step.record"]);
  while (sent.length < 2) await setImmediate();
  assert.deepEqual(
    sent.map((line) => JSON.parse(line)),
    read().slice(1),
  );
});

test("the end of a run that was begun here stands in the log", async (context) => {
  const { journal, ahead, sent, read } = await logged(context);
  journal.record("a", {});
  await journal.concluded();
  assert.equal(read().length, 2);
  assert.deepEqual(sent, []);
  journal.end("finished");
  while (sent.length < 1) await setImmediate();
  assert.deepEqual(
    sent.map((line) => JSON.parse(line)),
    read().slice(1),
  );
  assert.equal(ahead.ended.get("r"), journal);
  journal.acknowledged(1);
  assert.equal(ahead.ended.size, 0);
});

test("what was lost with the connection is not kept", async (context) => {
  const { journal, ahead } = await logged(context);
  journal.record("a", {});
  await journal.concluded();
  ahead.lost();
  journal.end("finished");
  assert.equal(ahead.ended.size, 0);
});

for (const [what, bytes, isOwn] of /** @type {const} */ ([
  ["of a run that others began", 64 << 10, false],
  ["with a log that is half full", HEAD + 600, true],
])) {
  test(`the end ${what} waits for the store`, async (context) => {
    const { journal, ahead, sent } = await logged(context, bytes, isOwn);
    journal.acknowledged(0);
    journal.record("a", { text: "x".repeat(200) });
    await journal.barrier();
    journal.record("b", {});
    let isDone = false;
    const waiting = journal.concluded()?.then(() => {
      isDone = true;
    });
    while (sent.length < 2) await setImmediate();
    assert.equal(isDone, false);
    journal.acknowledged(2);
    await waiting;
    journal.end("finished");
    assert.equal(ahead.ended.size, 0);
  });
}

test("a log that was closed is not believed", async (context) => {
  const { journal, path } = await logged(context);
  const bytes = readFileSync(path);
  bytes.write("closed ");
  writeFileSync(path, bytes);
  journal.record("a", {});
  let isDone = false;
  const waiting = journal.barrier()?.then(() => {
    isDone = true;
  });
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  assert.equal(isDone, false);
  journal.acknowledged(1);
  await waiting;
});

test("a log on a slow disk rests", async (context) => {
  const { journal, ahead, clock } = await logged(context);
  assert.equal(ahead.mayKeep(journal), true);
  clock.tick = 0.6;
  for (let time = 0; time < 3; time += 1) {
    assert.equal(ahead.keep(["{}\n"], 1), true);
  }
  clock.tick = 0;
  clock.now += 100;
  await setImmediate();
  assert.equal(ahead.mayKeep(journal), false);
  clock.now += 30;
  await setImmediate();
  assert.equal(ahead.mayKeep(journal), true);
});

test("a run waits for the sidecar where others have long had no turn", async (context) => {
  const { journal, ahead, clock } = await logged(context);
  assert.equal(ahead.mayKeep(journal), true);
  clock.now += 5;
  assert.equal(ahead.mayKeep(journal), false);
  await setImmediate();
  assert.equal(ahead.mayKeep(journal), true);
});

test("a full log begins anew when the store has all of it, and is given up where it stays full", async (context) => {
  const { journal, ahead, path, asked } = await logged(context, HEAD + 600);
  const large = `{"a":"${"x".repeat(400)}"}\n`;
  journal.record("a", {});
  await journal.barrier();
  assert.equal(ahead.keep([large], 1), false);
  journal.acknowledged(1);
  assert.equal(ahead.keep([large], 1), true);
  assert.equal(
    readFileSync(path)
      .subarray(HEAD + 9, HEAD + 17)
      .toString(),
    "00000002",
  );
  // Nothing says that the store has it.
  for (let time = 0; time < 8; time += 1)
    assert.equal(ahead.keep([large], 1), false);
  for (let wait = 0; wait < 20; wait += 1) ahead.mayKeep(journal);
  assert.equal(asked(), 2);
});

test("what is left to the sidecar is not said to stand in the log", async (context) => {
  const { journal, sent } = await logged(context);
  journal.record("a", { text: "x".repeat(5000) });
  const waiting = journal.barrier();
  while (sent.length < 1) await setImmediate();
  assert.equal(JSON.parse(sent[0] ?? "").params.logged, undefined);
  journal.acknowledged(1);
  await waiting;
});

test("many short numbers are taken", async (context) => {
  const { ahead } = await logged(context);
  const numbers = Array.from({ length: 40 }, () => 1_790_000_000_000);
  assert.equal(ahead.keep([`{"at":[${numbers.join(",")}]}\n`], 1), true);
});

test("what the sidecar may refuse is left to it", async (context) => {
  const { ahead } = await logged(context);
  const deep = `{"a":${"[".repeat(121)}${"]".repeat(121)}}\n`;
  const long = `{"a":"${"x".repeat(5000)}"}\n`;
  for (const line of [
    '{"a":"\\ud800"}\n',
    `{"a":1${"0".repeat(400)}}\n`,
    deep,
    long,
  ]) {
    assert.equal(ahead.keep([line], 1), false, line.slice(0, 40));
  }
  assert.equal(ahead.keep(['{"a":"é"}\n'], 1), true);
});

/** Lines are whole, however what arrives was cut. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Connection } from "../js/_conductor/connection.js";

/** A server that sends `chunks`, one write each, and hangs up. */
async function sending(context, chunks) {
  const folder = mkdtempSync(join(tmpdir(), "conductor-lines-"));
  const server = createServer(async (socket) => {
    socket.setNoDelay(true);
    for (const chunk of chunks) {
      socket.write(chunk);
      await sleep(5);
    }
    socket.end();
  });
  const place = join(folder, "s");
  await new Promise((resolve) => server.listen(place, resolve));
  context.after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return place;
}

async function linesOf(context, chunks) {
  const place = await sending(context, chunks);
  const lines = [];
  await new Promise((resolve, reject) => {
    const took = (line) => lines.push(line);
    Connection.open(place, took, resolve).catch(reject);
  });
  return lines;
}

test("several lines in one piece, and one in several", async (context) => {
  const chunks = ["one\ntwo\nth", "re", "e\n", "\nfive", "\n", "six\n"];
  const expected = ["one", "two", "three", "", "five", "six"];
  assert.deepEqual(await linesOf(context, chunks), expected);
});

test("a character that is cut in two, and a line without an end", async (context) => {
  const bytes = Buffer.from("größe\nrest");
  const chunks = [bytes.subarray(0, 3), bytes.subarray(3)];
  assert.deepEqual(await linesOf(context, chunks), ["größe"]);
});

test("a line of thirty-two megabytes in its pieces", async (context) => {
  const long = "x".repeat(16 << 20);
  const [line] = await linesOf(context, [long, `${long}\n`]);
  assert.equal(line.length, 32 << 20);
});

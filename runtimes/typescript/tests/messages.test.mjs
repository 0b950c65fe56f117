/** An acknowledgement is read without a parser, and says the same. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { acknowledgement } from "../js/_conductor/messages.js";

const line = (run, seq) =>
  JSON.stringify({ jsonrpc: "2.0", method: "run.ack", params: { run, seq } });

test("what the sidecar writes is read", () => {
  for (const [run, seq] of [
    ["r", 0],
    ["order-1/ship#2", 12],
    ["läuft", 2 ** 40],
    ["", 7],
  ]) {
    assert.deepEqual(acknowledgement(line(run, seq)), { run, seq });
  }
});

test("anything else is left to a parser", () => {
  const others = [
    "",
    line('a "quoted" run', 1),
    line("a\\b", 1),
    line("r", -1.5),
    line("r", "1"),
    line("r", 1).replace(":1}", ":}"),
    line("r", 1).replace(":1}", ":9007199254740993}"),
    line("r", 1).replace('"seq":1', '"seq":1,"more":2'),
    line("r", 1).replace('"seq"', '"epoch":1,"seq"'),
    line("r", 1).slice(0, -1),
    line("r", 1).replace("run.ack", "run.refused"),
    line("r", 1).replace(',"seq":1', ""),
  ];
  for (const other of others) {
    assert.equal(acknowledgement(other), undefined, other);
  }
});

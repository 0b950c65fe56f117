/** What a journal sends, and when. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate, setTimeout } from "node:timers/promises";

import { Hurry } from "../js/_conductor/hurry.js";
import { Journal } from "../js/_conductor/journal.js";

/** A journal, and the kinds of the entries in each record that it has sent. */
function recorder() {
  /** @type {string[][]} */
  const sent = [];
  /** @param {string} line */
  const send = (line) => {
    /** @type {{params: {entries: object[]}}} */
    const { params } = JSON.parse(line);
    sent.push(params.entries.map((entry) => Object.keys(entry)[0] ?? ""));
    return true;
  };
  const journal = new Journal("r", 1, 1, send, new Hurry(() => undefined));
  return { journal, sent };
}

test("entries for which nobody waits go with those for which somebody does", async () => {
  // A busy machine may take longer for a turn than a journal waits.
  for (let attempt = 1; ; attempt++) {
    const { journal, sent } = recorder();
    journal.record("a", {});
    await setImmediate();
    journal.record("b", {});
    await setImmediate();
    journal.record("c", {});
    const waiting = journal.barrier();
    while (sent.flat().length < 3) await setImmediate();
    journal.acknowledged(sent.length);
    await waiting;
    if (sent.length === 1) break;
    assert.ok(attempt < 100, `${sent.length} records each time`);
  }
});

test("they are sent by themselves a moment later", async () => {
  const { journal, sent } = recorder();
  journal.record("a", {});
  while (sent.length === 0) await setTimeout(1);
  journal.record("b", {});
  journal.flush();
  await setTimeout(10);
  assert.deepEqual(sent, [["a"], ["b"]]);
});

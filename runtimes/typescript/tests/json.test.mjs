/** Whole numbers beyond 2^53 are read without loss wherever they stand in a line. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { dumps, loads } from "../js/_conductor/json.js";

const LONG = 1234567890123456789n;

test("a long number is found at the beginning, behind anything, and behind shorter ones", () => {
  for (const value of [
    LONG,
    -LONG,
    [LONG],
    [1, LONG],
    [1790000000000, 1790000000000, LONG],
    { at: 1790000000000, id: LONG },
    { id: LONG, at: 1790000000000 },
    ["a1234567890", { deep: [[LONG]] }],
  ]) {
    assert.deepEqual(loads(dumps(value)), value);
  }
});

test("of 16 digits some are beyond 2^53, and of 15 none", () => {
  assert.equal(loads("9007199254740992"), 9007199254740992n);
  assert.equal(loads("9007199254740993"), 9007199254740993n);
  assert.equal(loads("1000000000000000"), 1000000000000000);
  assert.equal(loads("999999999999999"), 999999999999999);
});

test("digits in text stay text, and what stands beside them is read as ever", () => {
  const line = '{"order":"1234567890123456789","n":3,"id":1234567890123456789}';
  assert.deepEqual(loads(line), { order: String(LONG), n: 3, id: LONG });
});

test("a float with many digits stays one", () => {
  assert.equal(loads("0.12345678901234567"), 0.12345678901234567);
  assert.equal(loads("1234567890123456.5"), 1234567890123456.5);
  assert.equal(loads("1e300"), 1e300);
});

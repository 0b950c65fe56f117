/** Which errors are tried again where a policy names none. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isRetryable } from "../js/_conductor/policy.js";

/** What `work` throws. */
function thrown(work) {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

test("what another attempt would only repeat is not tried again", () => {
  const errors = [
    thrown(() => assert.equal(1, 2)),
    thrown(() => null.field),
    thrown(() => unknown),
    thrown(() => JSON.parse("{")),
    thrown(() => "x".repeat(-1)),
  ];
  for (const error of errors) {
    assert.equal(isRetryable(error), false, error.name);
    // A policy that names it has the last word.
    assert.equal(isRetryable(error, { retryOn: [error.name] }), true);
  }
});

test("other errors are, whatever code they have", () => {
  const refused = Object.assign(new Error("no"), { code: "ECONNREFUSED" });
  for (const error of [new Error("no"), refused, "no", undefined]) {
    assert.equal(isRetryable(error), true);
  }
});

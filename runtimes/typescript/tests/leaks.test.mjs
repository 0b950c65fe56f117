/** A hundred thousand runs in one process leave memory, handles and timers as they were. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("a hundred thousand runs leave nothing", () => {
  const path = fileURLToPath(new URL("leaks.mjs", import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--expose-gc", path],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stdout + stderr);
});

/** The JavaScript that is embedded is what the TypeScript compiler makes of the sources, and those are written as linters want them. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { makeTwins } from "../twins.mjs";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const ROOT = join(HERE, "../..");

function contents(folder) {
  const names = readdirSync(folder).sort();
  return new Map(
    names.map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

test("the twins are what tsc makes of the sources", () => {
  const folder = mkdtempSync(join(tmpdir(), "conductor-twins-"));
  try {
    makeTwins(join(folder, "_conductor"));
    const made = contents(join(folder, "_conductor"));
    const kept = contents(join(HERE, "js/_conductor"));
    assert.deepEqual(
      [...kept.keys()],
      [...made.keys()],
      "run node runtimes/typescript/twins.mjs",
    );
    for (const [name, text] of made) {
      assert.equal(
        kept.get(name),
        text,
        `${name}: run node runtimes/typescript/twins.mjs`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the sources are formatted", () => {
  const prettier = join(ROOT, "target/node/node_modules/.bin/prettier");
  const args = [
    "--no-config",
    "--check",
    "_conductor",
    "js",
    "tests",
    "twins.mjs",
  ];
  const { status, stdout, stderr } = spawnSync(prettier, args, {
    cwd: HERE,
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
});

test("no source is longer than 500 lines", () => {
  for (const [name, text] of contents(join(HERE, "_conductor"))) {
    assert.ok(text.split("\n").length <= 501, name);
  }
});

test("linters have nothing to say of the sources", () => {
  const eslint = join(ROOT, "target/node/node_modules/.bin/eslint");
  const { status, stdout, stderr } = spawnSync(eslint, ["_conductor"], {
    cwd: HERE,
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
});

test("the sources are right whatever libraries a project has", () => {
  const tsc = join(ROOT, "target/node/node_modules/.bin/tsc");
  for (const given of [
    ["--lib", "ES2022,DOM"],
    ["--lib", "ES2022"],
    [
      "--lib",
      "ESNext,DOM",
      "--target",
      "ESNext",
      "--useDefineForClassFields",
      "true",
    ],
    ["--module", "preserve", "--moduleResolution", "bundler"],
  ]) {
    const { status, stdout } = spawnSync(
      tsc,
      ["-p", HERE, "--noEmit", ...given],
      { encoding: "utf8" },
    );
    assert.equal(status, 0, `${given.join(" ")}: ${stdout}`);
  }
});

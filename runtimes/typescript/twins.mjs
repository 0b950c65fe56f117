/**
 * Makes the `.js` and `.d.ts` twins of the runtime's sources: `node runtimes/typescript/twins.mjs` writes them to `js/`.
 *
 * They are what the TypeScript compiler says, formatted; a test compares. It deliberately knows no other sources.
 */

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TOOLS = join(HERE, "../../target/node/node_modules/.bin");

/** Writes the twins into `folder`, which is emptied. */
export function makeTwins(folder) {
  rmSync(folder, { recursive: true, force: true });
  run("tsc", "-p", HERE, "--outDir", folder);
  run("prettier", "--log-level", "warn", "--no-config", "--write", folder);
}

function run(tool, ...args) {
  const { status, stdout, stderr, error } = spawnSync(join(TOOLS, tool), args, {
    encoding: "utf8",
  });
  if (status !== 0) {
    const said = error?.message ?? `${stdout}${stderr}`;
    throw new Error(`${tool} ${args.join(" ")}: ${said}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  makeTwins(join(HERE, "js/_conductor"));
}

/**
 * A real sidecar for the tests, with a store of its own.
 *
 * It deliberately knows no workflow.
 */

import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** The binary that the tests of the whole repository have built. */
function binary() {
  const path =
    process.env.CONDUCTOR_BIN ?? join(ROOT, "target/debug/conductor");
  if (!existsSync(path)) {
    throw new Error(
      `${path} is missing: cargo build -p conductor-cli, or set CONDUCTOR_BIN`,
    );
  }
  return path;
}

export class Sidecar {
  folder = mkdtempSync(join(tmpdir(), "conductor-sidecar-"));
  socket = join(this.folder, "s");

  async open() {
    process.env.CONDUCTOR_SOCKET = this.socket;
    const args = [
      "sidecar",
      "--data",
      this.folder,
      "--socket",
      this.socket,
      "--http",
      "off",
    ];
    this.process = spawn(binary(), args, {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve, reject) => {
      this.process.stdout.on("data", (text) => {
        if (String(text).includes("ready")) {
          resolve();
        }
      });
      this.process.once("exit", () => reject(new Error("the sidecar ended")));
    });
    return this;
  }

  /** Ends it as a crash of the machine would. */
  async kill() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
  }

  async close() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What `conductor show` says of a run. */
  async show(run) {
    return JSON.parse(await this.run("show", run, "--format", "json"));
  }

  /** The output of a command of `conductor`. */
  async run(...args) {
    const env = { ...process.env, CONDUCTOR_SOCKET: this.socket };
    const options = { encoding: "utf8", env, cwd: this.folder };
    const { stdout } = await promisify(execFile)(binary(), args, options);
    return stdout;
  }
}

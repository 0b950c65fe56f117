/**
 * Starts a sidecar where there is none: one for all processes of the project, which goes on by itself.
 *
 * It deliberately does not speak to it.
 */

import { join } from "node:path";

import { findProject } from "./config.js";
import type { Json, JsonObject } from "./json.js";

/** How long `conductor sidecar --background` may take. It says earlier when it gives up. */
const MILLISECONDS = 30_000;

/** Whether the environment asks for it. */
export function mayStart(): boolean {
  const isNamed = (process.env["CONDUCTOR_SOCKET"] ?? "") !== "";
  return process.env["CONDUCTOR_SIDECAR"] === "auto" && !isNamed;
}

/** Whether the sidecar, as it says in its greeting, is one that an application has started. */
export function isBackground(sidecar: Json | undefined): boolean {
  return (sidecar as JsonObject | undefined)?.["background"] === true;
}

/** Returns when a sidecar answers. Says why that cannot be. */
export async function startSidecar(): Promise<string | undefined> {
  const folder = findProject();
  if (folder === undefined) {
    return "there is no concurrency.yaml here or above beside which one could be started";
  }
  const named = process.env["CONDUCTOR_BIN"] ?? "";
  const binary = named === "" ? "conductor" : named;
  const data = join(folder, ".conductor");
  const { status, said } = await run(binary, folder, [
    "sidecar",
    "--background",
    "--data",
    data,
  ]);
  if (status === 0) {
    return undefined;
  }
  return `${binary} started none (${said})`;
}

/** Connects to a sidecar that is started where none is there for that reason. Says why that cannot be. */
export async function startAfter(
  reason: string,
  connect: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const why = await startSidecar();
  return why === undefined ? connect() : `${reason}, and ${why}`;
}

interface Done {
  readonly status: number | null;
  /** The first line of what it said of its failure. */
  readonly said: string;
}

async function run(
  binary: string,
  folder: string,
  given: readonly string[],
): Promise<Done> {
  // Most processes find a sidecar, and need not wait until this is loaded.
  const { spawn } = await import("node:child_process");
  return new Promise((resolve) => {
    const child = spawn(binary, given, {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: MILLISECONDS,
    });
    let text = "";
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (more: string) => {
      text += more;
    });
    child.once("error", (error) => {
      resolve({ status: null, said: error.message });
    });
    child.once("close", (status) => {
      const [first = ""] = text.trim().split("\n");
      resolve({ status, said: first === "" ? "without a word" : first });
    });
  });
}

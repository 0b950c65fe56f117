/**
 * What the environment says: where the sidecar's socket is, and whether one may be used.
 *
 * It deliberately opens nothing.
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { SidecarUnavailable } from "./errors.js";
import { ownFolder } from "./place.js";

export const HOW_TO_START =
  "start one with `conductor sidecar`, or run your program under `conductor dev -- CMD`";

/** The path of the sidecar's socket; nothing where there is none yet. */
export function findSocket(): string | undefined {
  const named = process.env["CONDUCTOR_SOCKET"];
  if (named !== undefined && named !== "") {
    return named;
  }
  for (const folder of folders()) {
    const candidate = join(folder, ".conductor", "sidecar.sock");
    if (existsSync(candidate)) {
      return candidate;
    }
  }
  return undefined;
}

/** The nearest folder that has a manifest, or the state of one. */
export function findProject(): string | undefined {
  const names = [".conductor", "concurrency.yaml", "concurrency.hcl"];
  for (const folder of folders()) {
    if (names.some((name) => existsSync(join(folder, name)))) {
      return folder;
    }
  }
  return undefined;
}

/** From the working directory upward, then from the generated folder. */
function* folders(): Generator<string> {
  for (const start of [process.cwd(), ownFolder()]) {
    let folder = start;
    for (;;) {
      yield folder;
      const above = dirname(folder);
      if (above === folder) {
        break;
      }
      folder = above;
    }
  }
}

export type Mode = "auto" | "require" | "off";

/** What `CONDUCTOR_SIDECAR` says; nothing where it says nothing that is known. */
export function sidecarMode(): Mode | undefined {
  const mode = process.env["CONDUCTOR_SIDECAR"];
  if (mode === undefined || mode === "") {
    return "auto";
  }
  return mode === "auto" || mode === "require" || mode === "off"
    ? mode
    : undefined;
}

/** Refuses where the environment forbids a sidecar. */
export function mayConnect(workflow: string, run: string): void {
  const mode = sidecarMode();
  if (mode === undefined) {
    const given = JSON.stringify(process.env["CONDUCTOR_SIDECAR"]);
    const reason = `CONDUCTOR_SIDECAR is ${given}, not auto, require or off`;
    throw unavailable(workflow, run, reason);
  }
  if (mode === "off") {
    throw unavailable(workflow, run, "CONDUCTOR_SIDECAR=off forbids one");
  }
}

/** The one error of a durable workflow without a sidecar. */
export function unavailable(
  workflow: string,
  run: string,
  reason: string,
): SidecarUnavailable {
  return new SidecarUnavailable(
    `workflow ${workflow} is durable and needs a sidecar: ${reason}; ${HOW_TO_START}`,
    { workflow, run },
  );
}

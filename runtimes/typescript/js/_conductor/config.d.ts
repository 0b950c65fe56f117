/**
 * What the environment says: where the sidecar's socket is, and whether one may be used.
 *
 * It deliberately opens nothing.
 */
import { SidecarUnavailable } from "./errors.js";
export declare const HOW_TO_START =
  "start one with `conductor sidecar`, or run your program under `conductor dev -- CMD`";
/** The path of the sidecar's socket; nothing where there is none yet. */
export declare function findSocket(): string | undefined;
/** The nearest folder that has a manifest, or the state of one. */
export declare function findProject(): string | undefined;
export type Mode = "auto" | "require" | "off";
/** What `CONDUCTOR_SIDECAR` says; nothing where it says nothing that is known. */
export declare function sidecarMode(): Mode | undefined;
/** Refuses where the environment forbids a sidecar. */
export declare function mayConnect(workflow: string, run: string): void;
/** The one error of a durable workflow without a sidecar. */
export declare function unavailable(
  workflow: string,
  run: string,
  reason: string,
): SidecarUnavailable;

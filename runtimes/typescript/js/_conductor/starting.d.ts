/**
 * Starts a sidecar where there is none: one for all processes of the project, which goes on by itself.
 *
 * It deliberately does not speak to it.
 */
import type { Json } from "./json.js";
/** Whether the environment asks for it. */
export declare function mayStart(): boolean;
/** Whether the sidecar, as it says in its greeting, is one that an application has started. */
export declare function isBackground(sidecar: Json | undefined): boolean;
/** Returns when a sidecar answers. Says why that cannot be. */
export declare function startSidecar(): Promise<string | undefined>;
/** Connects to a sidecar that is started where none is there for that reason. Says why that cannot be. */
export declare function startAfter(
  reason: string,
  connect: () => Promise<string | undefined>,
): Promise<string | undefined>;

/**
 * What the sidecar tells whole processes, whichever runs they have: breakers of the host, numbers of policies, and which
 * Plans it does not have.
 *
 * It deliberately knows none of them; each has a module of its own.
 */
import type { JsonObject } from "./json.js";
import type { Session } from "./session.js";
/** The session is connected: takes over what holds, and tells what the process has. */
export declare function attach(session: Session, answer: JsonObject): void;
/** The session is not connected any more. What it was told last holds on. */
export declare function detach(session: Session, isWanted: boolean): void;
/** Whether a session is worth having for what it is told. */
export declare function isUsed(): boolean;
/** Takes up a notification; false where it is of something else. */
export declare function told(method: string, params: JsonObject): boolean;

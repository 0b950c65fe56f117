/**
 * What the sidecar tells whole processes, whichever runs they have: breakers of the host, numbers of policies, and which
 * Plans it does not have.
 *
 * It deliberately knows none of them; each has a module of its own.
 */

import type { JsonObject } from "./json.js";
import * as policies from "./livePolicy.js";
import type { Session } from "./session.js";
import * as breakers from "./sharedBreakers.js";

/** The session is connected: takes over what holds, and tells what the process has. */
export function attach(session: Session, answer: JsonObject): void {
  breakers.attach(session, answer);
  policies.attach(session, answer);
  session.definition.attach(answer, session.options.definition);
}

/** The session is not connected any more. What it was told last holds on. */
export function detach(session: Session, isWanted: boolean): void {
  breakers.detach(session, isWanted);
}

/** Whether a session is worth having for what it is told. */
export function isUsed(): boolean {
  return breakers.isUsed() || policies.isUsed();
}

/** Takes up a notification; false where it is of something else. */
export function told(method: string, params: JsonObject): boolean {
  if (method === "breaker.changed") {
    breakers.told(params);
    return true;
  }
  if (method === "policy.changed") {
    policies.told(params);
    return true;
  }
  return false;
}

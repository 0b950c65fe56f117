/**
 * Circuit breakers that all processes of the host share: what the sidecar says of them, and what it is told.
 *
 * It deliberately counts no calls; `breaker` does. Without a sidecar each process decides alone, and says so.
 */
import { type JsonObject } from "./json.js";
import type { Session } from "./session.js";
/** What has become of a breaker for all processes. */
export interface Change {
  readonly breaker: string;
  readonly state: string;
  readonly generation: number;
  readonly forced?: boolean;
  readonly left_ms?: number;
  readonly reason?: string;
  readonly by?: string;
}
/** A breaker of this thread, as far as others have a say in it. */
export interface Circuit {
  readonly id: string;
  /** It has changed for all processes. */
  told(change: Change): void;
  /** The sidecar says nothing of it: it is closed for all. */
  unmentioned(): void;
  /** What a sidecar must hear of it that knows nothing yet, or, where it is the same as before, what is its own. */
  own(isSame: boolean): object | undefined;
}
/** Whether the sidecar hears what happens here. */
export declare function isJoined(): boolean;
/** Whether there is nothing to be looked for before a call. */
export declare function isSettled(): boolean;
/** Whether a session is worth having for breakers alone. */
export declare function isUsed(): boolean;
/** A breaker that is used from now on. */
export declare function add(circuit: Circuit): void;
/** A breaker of which nothing is remembered any more. */
export declare function remove(circuit: Circuit): void;
/** Looks for the sidecar where it is not heard yet: a workflow without durability has no session. */
export declare function join(): Promise<void> | undefined;
/** Tells the sidecar; again where the connection is lost meanwhile. */
export declare function report(params: object): void;
/** Tells the sidecar where it hears; nothing is answered. */
export declare function notify(method: string, params: object): void;
/** A breaker opens of which no other process hears. */
export declare function decidedAlone(id: string): void;
/** Whether a call may try, while the breaker is open for all; nothing where this process has to decide alone. */
export declare function probe(id: string): Promise<JsonObject | undefined>;
/** The session is connected: takes over what holds, and reports what the sidecar cannot know. */
export declare function attach(session: Session, answer: JsonObject): void;
/** The sidecar says what has become of a breaker. */
export declare function told(params: JsonObject): void;
/** The session is not connected any more. */
export declare function detach(session: Session, isWanted: boolean): void;

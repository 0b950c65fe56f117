/**
 * Numbers of named policies, which people may change while the process runs: the manifest's until the sidecar says others.
 *
 * It deliberately decides nothing by them; generated code and pools read them where they need them.
 */
import type { JsonObject } from "./json.js";
import type { Pool, Rate } from "./permits.js";
import type { Session } from "./session.js";
/** Times in milliseconds. */
export interface Numbers {
  readonly retries: number;
  readonly initial: number;
  readonly maxDelay: number;
  readonly multiplier?: number | undefined;
  readonly timeout?: number | undefined;
  readonly deadline?: number | undefined;
  readonly rateLimit?: Rate | undefined;
  readonly bulkhead?: number | undefined;
}
/** The numbers of one policy as they hold now. What a policy does not limit is infinite. */
export declare class LivePolicy {
  readonly id: string;
  retries: number;
  initial: number;
  maxDelay: number;
  multiplier: number;
  timeout: number;
  deadline: number;
  private readonly built;
  private now;
  private readonly pools;
  constructor(id: string, built: Numbers);
  private apply;
  private limit;
  /** The pool, whose limits are the policy's from now on. */
  limiting(pool: Pool): Pool;
  /** People have set these, and no others. */
  told(sent: JsonObject): void;
  /** What it was built with, as messages have it. */
  report(): object;
}
/** Whether a session is worth having for policies alone. */
export declare function isUsed(): boolean;
/** Whether there is nothing to be looked for before the numbers are read. */
export declare function isHeard(): boolean;
/** Looks for the sidecar: a workflow without durability has no session. */
export declare function hear(): Promise<void>;
/** The session is connected: takes over what people have set, and tells what the process has. */
export declare function attach(session: Session, answer: JsonObject): void;
/** People have set numbers of a policy, or taken them back. */
export declare function told(params: JsonObject): void;

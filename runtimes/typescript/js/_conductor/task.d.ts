/**
 * Tasks that this process serves for workflows of other languages.
 *
 * It deliberately knows no functions: generated code decodes the arguments, calls, and encodes the result.
 */
import { type JsonObject } from "./json.js";
import { type Taker } from "./permits.js";
import type { Session } from "./session.js";
/** The call as the function is told of it. */
export interface TaskCall {
  /** Aborted when the caller gives up. */
  readonly signal: AbortSignal;
  /** The idempotency key. */
  readonly key: string;
  /** Does the work with what it takes of resources: permits, and clients that are open. */
  using<T>(
    takers: readonly Taker[],
    work: () => T | PromiseLike<T>,
  ): Promise<T>;
}
export declare class Task {
  /** Such as `ts:src/shop.charge`. */
  readonly function: string;
  readonly signature: string;
  readonly call: (
    args: Record<string, unknown>,
    call: TaskCall,
  ) => Promise<unknown>;
  constructor(
    name: string,
    signature: string,
    call: (args: Record<string, unknown>, call: TaskCall) => Promise<unknown>,
  );
}
/** The calls that are being served. */
export declare class Calls {
  private readonly tasks;
  private readonly running;
  private idle;
  constructor(tasks: readonly Task[]);
  /** The answer to `task.invoke`: never a failure of its own. */
  invoke(params: JsonObject, session: Session): Promise<JsonObject>;
  /** The caller gives up. */
  cancel(call: number): void;
  /** Returns when no call is served any longer. */
  drained(): Promise<void>;
}

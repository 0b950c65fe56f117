/**
 * How full pools are and how long their permits are waited for, told to the sidecar a few times a second at most.
 *
 * It deliberately knows no permits and no clients; those tell it what happens to them.
 */
import type { Session } from "./session.js";
export type PoolScope = "process" | "host";
/** What is held of one pool in this thread, and what has happened to it since the last report. */
export declare class Usage {
  private readonly id;
  private readonly scope;
  private readonly limit;
  private inUse;
  private waits;
  private opened;
  private failed;
  private waited;
  isTold: boolean;
  constructor(id: string, scope: PoolScope, limit: number | undefined);
  /** Waits for a permit with `take`, and counts that. */
  waiting<T>(take: () => Promise<T>): Promise<T>;
  /** A permit is given back. */
  freed(): void;
  /** A client was opened, or could not be. */
  opening(succeeded: boolean): void;
  /** As it is now; what only counts is counted anew from here on. */
  report(): object;
}
/** That of a pool, by its id. */
export declare function usage(
  id: string,
  scope: PoolScope,
  limit: number | undefined,
): Usage;
/** The session is connected: the sidecar may know nothing of this process yet. */
export declare function attach(session: Session): void;
/** The session is not connected any more, or will not be; another one speaks from here on. */
export declare function detach(session: Session, isLastWord?: boolean): void;

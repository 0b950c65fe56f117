/**
 * What this thread has asked the sidecar and has no answer to yet.
 *
 * It deliberately sends nothing, and knows no method but that nobody waits for the answer to a report.
 */
import type { Request } from "./messages.js";
/** Requests by their ids. */
export declare class Requests {
  private readonly waiting;
  private reports;
  private lastId;
  get size(): number;
  /** Whether somebody waits for one of the answers. */
  get areAwaited(): boolean;
  /** An id that none has had. */
  newId(): number;
  add(id: number, request: Request): void;
  /** The request, which is answered now; nothing where none has this id. */
  take(id: unknown): Request | undefined;
  /** In the order in which they were made. */
  all(): Request[];
  /** Takes those of a method that the sidecar may have heard. */
  takeMade(method: string): Request[];
}

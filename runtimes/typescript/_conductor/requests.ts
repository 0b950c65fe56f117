/**
 * What this thread has asked the sidecar and has no answer to yet.
 *
 * It deliberately sends nothing, and knows no method but that nobody waits for the answer to a report.
 */

import type { Request } from "./messages.js";

const REPORT = "breaker.report";

/** Requests by their ids. */
export class Requests {
  private readonly waiting = new Map<number, Request>();
  private reports = 0;
  private lastId = 0;

  get size(): number {
    return this.waiting.size;
  }

  /** Whether somebody waits for one of the answers. */
  get areAwaited(): boolean {
    return this.waiting.size > this.reports;
  }

  /** An id that none has had. */
  newId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  add(id: number, request: Request): void {
    this.waiting.set(id, request);
    this.reports += request.method === REPORT ? 1 : 0;
  }

  /** The request, which is answered now; nothing where none has this id. */
  take(id: unknown): Request | undefined {
    if (typeof id !== "number") {
      return undefined;
    }
    const request = this.waiting.get(id);
    if (request !== undefined) {
      this.waiting.delete(id);
      this.reports -= request.method === REPORT ? 1 : 0;
    }
    return request;
  }

  /** In the order in which they were made. */
  all(): Request[] {
    return [...this.waiting.values()];
  }

  /** Takes those of a method that the sidecar may have heard. */
  takeMade(method: string): Request[] {
    const made = [...this.waiting].filter(
      ([, request]) => request.method === method && request.sent > 0,
    );
    return made.map(([id, request]) => {
      this.take(id);
      return request;
    });
  }
}

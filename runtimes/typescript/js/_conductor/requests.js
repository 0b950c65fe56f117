/**
 * What this thread has asked the sidecar and has no answer to yet.
 *
 * It deliberately sends nothing, and knows no method but that nobody waits for the answer to a report.
 */
const REPORT = "breaker.report";
/** Requests by their ids. */
export class Requests {
  constructor() {
    this.waiting = new Map();
    this.reports = 0;
    this.lastId = 0;
  }
  get size() {
    return this.waiting.size;
  }
  /** Whether somebody waits for one of the answers. */
  get areAwaited() {
    return this.waiting.size > this.reports;
  }
  /** An id that none has had. */
  newId() {
    this.lastId += 1;
    return this.lastId;
  }
  add(id, request) {
    this.waiting.set(id, request);
    this.reports += request.method === REPORT ? 1 : 0;
  }
  /** The request, which is answered now; nothing where none has this id. */
  take(id) {
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
  all() {
    return [...this.waiting.values()];
  }
  /** Takes those of a method that the sidecar may have heard. */
  takeMade(method) {
    const made = [...this.waiting].filter(
      ([, request]) => request.method === method && request.sent > 0,
    );
    return made.map(([id, request]) => {
      this.take(id);
      return request;
    });
  }
}

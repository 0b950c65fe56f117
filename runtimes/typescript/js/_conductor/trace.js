/**
 * The trace that a run belongs to: its caller's, else one that follows from the run's id, whoever executes it.
 *
 * It deliberately makes no spans.
 */
import { createHash } from "node:crypto";
/** Of a `traceparent` of version 00. */
const LENGTH = 55;
/** A caller's `traceparent`, where it is one. */
export function givenTrace(traceparent) {
  return typeof traceparent === "string" &&
    traceparent.length === LENGTH &&
    traceparent.startsWith("00-")
    ? traceparent
    : undefined;
}
/** The `traceparent` of a run whose caller had none. */
export function traceOfRun(run) {
  const digest = hex(run);
  return `00-${digest.slice(0, 32)}-${digest.slice(32, 48)}-01`;
}
/** The `traceparent` of an attempt, by its idempotency key, in the trace of its run: the same in every process. */
export function traceOfAttempt(trace, key, attempt) {
  const span = hex(`${key}/${String(attempt)}`).slice(0, 16);
  return `${trace.slice(0, 36)}${span}${trace.slice(52)}`;
}
/** Whether both belong to one trace. */
export function isSameTrace(one, other) {
  return one.slice(3, 35) === other.slice(3, 35);
}
function hex(text) {
  return createHash("sha256").update(text).digest("hex");
}

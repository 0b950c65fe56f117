/**
 * What is sent along with every call of a service: the step's idempotency key and the trace.
 *
 * It deliberately makes no spans and imports nothing that the application has not.
 */
import { currentStep } from "./current.js";
import { givenTrace, traceOfAttempt, traceOfRun } from "./trace.js";
/** Where `@opentelemetry/api` keeps what the application has set up: the name is part of its interface. */
const OPENTELEMETRY = Symbol.for("opentelemetry.js.api.1");
/** Headers of HTTP, or metadata of gRPC; a run's id may have characters that these cannot. */
export function callHeaders(key) {
  return { "idempotency-key": printable(key), ...traceHeaders() };
}
/** `traceparent` and what else the application propagates; nothing where it has no OpenTelemetry. */
export function traceHeaders() {
  const api = openTelemetry();
  const carrier = {};
  if (api?.propagation !== undefined && api.context !== undefined) {
    api.propagation.inject(api.context.active(), carrier, {
      set: (headers, name, value) => {
        headers[name.toLowerCase()] = value;
      },
    });
  }
  return carrier;
}
/** `traceparent` of the code that runs: of the application's span, else of the step that it is called for. */
export function activeTrace() {
  const headers = traceHeaders();
  return givenTrace(headers["traceparent"]) ?? currentStep()?.traceparent;
}
/** Of an attempt of a run without a journal. */
export function callerTrace(run, key, attempt) {
  return (
    activeTrace() ?? traceOfAttempt(traceOfRun(run), `${run}/${key}`, attempt)
  );
}
/** Calls `work` in the caller's trace, where the application has OpenTelemetry. */
export function inTrace(traceparent, work) {
  const api = openTelemetry();
  if (api?.propagation === undefined || api.context === undefined) {
    return work();
  }
  const caller = api.propagation.extract(
    api.context.active(),
    { traceparent },
    { get: (carrier, name) => carrier[name], keys: Object.keys },
  );
  return api.context.with(caller, work);
}
function openTelemetry() {
  return globalThis[OPENTELEMETRY];
}
/** The text with everything but printable ASCII percent-encoded. */
function printable(text) {
  return text.replace(/[^!-$&-~]+/gu, (part) => encodeURIComponent(part));
}

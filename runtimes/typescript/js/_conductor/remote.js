/**
 * What is sent along with every call of a service: the step's idempotency key and the trace.
 *
 * It deliberately makes no spans and imports nothing that the application has not.
 */
/** Where `@opentelemetry/api` keeps what the application has set up: the name is part of its interface. */
const OPENTELEMETRY = Symbol.for("opentelemetry.js.api.1");
/** Headers of HTTP, or metadata of gRPC; a run's id may have characters that these cannot. */
export function callHeaders(key) {
  return { "idempotency-key": printable(key), ...traceHeaders() };
}
/** `traceparent` and what else the application propagates; nothing where it has no OpenTelemetry. */
export function traceHeaders() {
  const api = globalThis[OPENTELEMETRY];
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
/** The text with everything but printable ASCII percent-encoded. */
function printable(text) {
  return text.replace(/[^!-$&-~]+/gu, (part) => encodeURIComponent(part));
}

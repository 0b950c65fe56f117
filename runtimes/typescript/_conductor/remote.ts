/**
 * What is sent along with every call of a service: the step's idempotency key and the trace.
 *
 * It deliberately makes no spans and imports nothing that the application has not.
 */

/** Where `@opentelemetry/api` keeps what the application has set up: the name is part of its interface. */
const OPENTELEMETRY = Symbol.for("opentelemetry.js.api.1");

interface Propagation {
  inject(
    context: unknown,
    carrier: Record<string, string>,
    setter: {
      set(carrier: Record<string, string>, name: string, value: string): void;
    },
  ): void;
}

interface OpenTelemetry {
  readonly propagation?: Propagation;
  readonly context?: { active(): unknown };
}

/** Headers of HTTP, or metadata of gRPC; a run's id may have characters that these cannot. */
export function callHeaders(key: string): Record<string, string> {
  return { "idempotency-key": printable(key), ...traceHeaders() };
}

/** `traceparent` and what else the application propagates; nothing where it has no OpenTelemetry. */
export function traceHeaders(): Record<string, string> {
  const api = (globalThis as Record<symbol, OpenTelemetry | undefined>)[
    OPENTELEMETRY
  ];
  const carrier: Record<string, string> = {};
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
function printable(text: string): string {
  return text.replace(/[^!-$&-~]+/gu, (part) => encodeURIComponent(part));
}

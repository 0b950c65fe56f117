/**
 * What is sent along with every call of a service: the step's idempotency key and the trace.
 *
 * It deliberately makes no spans and imports nothing that the application has not.
 */

import { currentStep } from "./current.js";
import { givenTrace, traceOfAttempt, traceOfRun } from "./trace.js";

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
  extract(
    context: unknown,
    carrier: Record<string, string>,
    getter: {
      get(carrier: Record<string, string>, name: string): string | undefined;
      keys(carrier: Record<string, string>): string[];
    },
  ): unknown;
}

interface OpenTelemetry {
  readonly propagation?: Propagation;
  readonly context?: {
    active(): unknown;
    with<T>(context: unknown, work: () => T): T;
  };
}

/** Headers of HTTP, or metadata of gRPC; a run's id may have characters that these cannot. */
export function callHeaders(key: string): Record<string, string> {
  return { "idempotency-key": printable(key), ...traceHeaders() };
}

/** `traceparent` and what else the application propagates; nothing where it has no OpenTelemetry. */
export function traceHeaders(): Record<string, string> {
  const api = openTelemetry();
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

/** `traceparent` of the code that runs: of the application's span, else of the step that it is called for. */
export function activeTrace(): string | undefined {
  const headers = traceHeaders();
  return givenTrace(headers["traceparent"]) ?? currentStep()?.traceparent;
}

/** Of an attempt of a run without a journal. */
export function callerTrace(run: string, key: string, attempt: number): string {
  return (
    activeTrace() ?? traceOfAttempt(traceOfRun(run), `${run}/${key}`, attempt)
  );
}

/** Calls `work` in the caller's trace, where the application has OpenTelemetry. */
export function inTrace<T>(traceparent: string, work: () => T): T {
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

function openTelemetry(): OpenTelemetry | undefined {
  return (globalThis as Record<symbol, OpenTelemetry | undefined>)[
    OPENTELEMETRY
  ];
}

/** The text with everything but printable ASCII percent-encoded. */
function printable(text: string): string {
  return text.replace(/[^!-$&-~]+/gu, (part) => encodeURIComponent(part));
}

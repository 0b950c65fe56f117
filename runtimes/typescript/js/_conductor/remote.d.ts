/**
 * What is sent along with every call of a service: the step's idempotency key and the trace.
 *
 * It deliberately makes no spans and imports nothing that the application has not.
 */
/** Headers of HTTP, or metadata of gRPC; a run's id may have characters that these cannot. */
export declare function callHeaders(key: string): Record<string, string>;
/** `traceparent` and what else the application propagates; nothing where it has no OpenTelemetry. */
export declare function traceHeaders(): Record<string, string>;
/** `traceparent` of the code that runs: of the application's span, else of the step that it is called for. */
export declare function activeTrace(): string | undefined;
/** Of an attempt of a run without a journal. */
export declare function callerTrace(
  run: string,
  key: string,
  attempt: number,
): string;
/** Calls `work` in the caller's trace, where the application has OpenTelemetry. */
export declare function inTrace<T>(traceparent: string, work: () => T): T;

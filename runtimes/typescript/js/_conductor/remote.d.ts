/**
 * What is sent along with every call of a service: the step's idempotency key and the trace.
 *
 * It deliberately makes no spans and imports nothing that the application has not.
 */
/** Headers of HTTP, or metadata of gRPC; a run's id may have characters that these cannot. */
export declare function callHeaders(key: string): Record<string, string>;
/** `traceparent` and what else the application propagates; nothing where it has no OpenTelemetry. */
export declare function traceHeaders(): Record<string, string>;

/**
 * The trace that a run belongs to: its caller's, else one that follows from the run's id, whoever executes it.
 *
 * It deliberately makes no spans.
 */
/** A caller's `traceparent`, where it is one. */
export declare function givenTrace(traceparent: unknown): string | undefined;
/** The `traceparent` of a run whose caller had none. */
export declare function traceOfRun(run: string): string;
/** The `traceparent` of an attempt, by its idempotency key, in the trace of its run: the same in every process. */
export declare function traceOfAttempt(
  trace: string,
  key: string,
  attempt: number,
): string;
/** Whether both belong to one trace. */
export declare function isSameTrace(one: string, other: string): boolean;

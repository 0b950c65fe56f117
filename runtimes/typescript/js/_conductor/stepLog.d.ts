/**
 * What the application's own lines belong to: fields for a logging library, and a prefix for lines of `console`.
 *
 * It deliberately decides neither where lines go nor which are written.
 */
/** Names of a step as fields of a line. */
export interface StepFields {
  readonly conductor_workflow: string;
  readonly conductor_run: string;
  readonly conductor_step: string;
  readonly conductor_attempt: number;
  readonly conductor_trace_id: string;
  readonly conductor_span_id: string;
}
/** What a line that is written now belongs to, such as for the `mixin` of pino; empty outside of durable workflows. */
export declare function stepFields(): StepFields | Record<string, never>;
/** Lets lines of `console` find their step: inside of one they begin with `[RUN STEP#ATTEMPT]`. */
export declare function logSteps(): void;

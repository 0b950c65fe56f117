/**
 * The step that is being executed, for the user's code and logs: `currentStep()` inside of a task's function.
 *
 * It deliberately knows nothing of how the step is executed.
 */
export interface CurrentStep {
  /** Of the step in its run, such as `each_item[3].resize`. */
  readonly key: string;
  readonly task: string;
  readonly run: string;
  readonly workflow: string;
  readonly attempt: number;
  /** Of the W3C's trace context: what the attempt belongs to, in whatever process or language. */
  readonly traceparent: string;
  /** Milliseconds until the nearest time limit; nothing where there is none. */
  readonly timeLeft: () => number | undefined;
}
/** The step whose function this is called in; nothing outside of durable workflows. */
export declare function currentStep(): CurrentStep | undefined;
/** Calls `work` as the function of a step. */
export declare function inStep<T>(step: CurrentStep, work: () => T): T;
/** Milliseconds until the nearest time limit around the function of a step; nothing where there is none. */
export declare function timeLeft(): number | undefined;

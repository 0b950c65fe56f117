/**
 * What passes through generated code by being thrown and is no failure: a cancellation, a pause, a `return`.
 *
 * It deliberately knows neither journals nor policies.
 */
/** Thrown through a workflow; nothing that handles errors may keep it. */
export declare abstract class Control extends Error {}
/** A block is cancelled. Code that listens to a signal sees it as the signal's reason. */
export declare class Cancelled extends Control {
  /** Whether the workflow itself decided it, so that the journal is told. Otherwise the work only stops in this process. */
  readonly decided: boolean;
  constructor(message: string, decided: boolean);
}
/** Stops a run without ending it: a person must look at `step`. */
export declare class Halt extends Control {
  readonly reason: string;
  readonly step: string;
  constructor(reason: string, step: string);
}
/** Ends the run with success. */
export declare class Returned<T = unknown> extends Control {
  readonly output: T;
  constructor(output: T);
}
/** Throws it on where it is no failure. */
export declare function passControl(error: unknown): void;
/** The cancellation of a block in which something has been decided. */
export declare function decided(): Cancelled;
/** The end of the work in this process; the run goes on elsewhere, or later. */
export declare function stopped(): Cancelled;

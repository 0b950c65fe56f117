/**
 * What passes through generated code by being thrown and is no failure: a cancellation, a pause, a `return`.
 *
 * It deliberately knows neither journals nor policies.
 */
/** Thrown through a workflow; nothing that handles errors may keep it. */
export class Control extends Error {}
/** A block is cancelled. Code that listens to a signal sees it as the signal's reason. */
export class Cancelled extends Control {
  constructor(message, decided) {
    super(message);
    // What code that listens to a signal looks for.
    this.name = "AbortError";
    this.decided = decided;
  }
}
/** Stops a run without ending it: a person must look at `step`. */
export class Halt extends Control {
  constructor(reason, step) {
    super(reason);
    this.name = "Halt";
    this.reason = reason;
    this.step = step;
  }
}
/** Ends the run with success. */
export class Returned extends Control {
  constructor(output) {
    super("the workflow returns");
    this.name = "Returned";
    this.output = output;
  }
}
/** Throws it on where it is no failure. */
export function passControl(error) {
  if (error instanceof Control) {
    throw error;
  }
}
/** The cancellation of a block in which something has been decided. */
export function decided() {
  return new Cancelled("cancelled by the workflow", true);
}
/** The end of the work in this process; the run goes on elsewhere, or later. */
export function stopped() {
  return new Cancelled("stopped in this process", false);
}

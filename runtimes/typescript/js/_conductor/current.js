/**
 * The step that is being executed, for the user's code and logs: `currentStep()` inside of a task's function.
 *
 * It deliberately knows nothing of how the step is executed.
 */
import { AsyncLocalStorage } from "node:async_hooks";
const storage = new AsyncLocalStorage();
/** The step whose function this is called in; nothing outside of durable workflows. */
export function currentStep() {
  return storage.getStore();
}
/** Calls `work` as the function of a step. */
export function inStep(step, work) {
  return storage.run(step, work);
}
/** Milliseconds until the nearest time limit around the function of a step; nothing where there is none. */
export function timeLeft() {
  return currentStep()?.timeLeft();
}

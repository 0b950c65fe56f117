/**
 * What the application's own lines belong to: fields for a logging library, and a prefix for lines of `console`.
 *
 * It deliberately decides neither where lines go nor which are written.
 */
import { currentStep } from "./current.js";
/** What a line that is written now belongs to, such as for the `mixin` of pino; empty outside of durable workflows. */
export function stepFields() {
  const step = currentStep();
  if (step === undefined) {
    return {};
  }
  const [, trace = "", span = ""] = step.traceparent.split("-");
  return {
    conductor_workflow: step.workflow,
    conductor_run: step.run,
    conductor_step: step.key,
    conductor_attempt: step.attempt,
    conductor_trace_id: trace,
    conductor_span_id: span,
  };
}
const METHODS = ["debug", "log", "info", "warn", "error"];
let isPlaced = false;
/** Lets lines of `console` find their step: inside of one they begin with `[RUN STEP#ATTEMPT]`. */
export function logSteps() {
  if (isPlaced) {
    return;
  }
  isPlaced = true;
  for (const method of METHODS) {
    const write = console[method].bind(console);
    console[method] = (...values) => {
      write(...placed(values));
    };
  }
}
function placed(values) {
  const step = currentStep();
  if (step === undefined) {
    return values;
  }
  const prefix = `[${plain(step.run)} ${plain(step.key)}#${step.attempt.toString()}]`;
  // With values behind it the first text is a format, in which a percent sign is doubled.
  const format = prefix.replaceAll("%", "%%");
  const [first, ...rest] = values;
  if (typeof first !== "string") {
    return [format, ...values];
  }
  return [`${rest.length > 0 ? format : prefix} ${first}`, ...rest];
}
/** An id as it is, unless a terminal could take it for something else. */
function plain(id) {
  return /^[\w.:@/[\]-]+$/u.test(id) ? id : JSON.stringify(id);
}

/** Runs `order` and prints its output, or its error, as JSON: node call.js USER RUN */

import { close, order, WorkflowError } from "./conductor_gen/index.js";

const [, , userId, runId] = process.argv;
try {
  const output = await order({ userId, currency: "EUR" }, { runId });
  console.log(JSON.stringify({ output }));
} catch (error) {
  if (!(error instanceof WorkflowError)) throw error;
  const { step, attempts, cause } = error;
  const { code, message } = cause;
  console.log(JSON.stringify({ step, attempts, code, cause: message }));
}
await close();

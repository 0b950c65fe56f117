/** A process or thread that runs one workflow: `worker.mjs WORKFLOW RUN INPUT [stay]`. */

import { call } from "../js/_conductor/execute.js";
import { close } from "../js/_conductor/resources.js";
import * as workflows from "./workflows.mjs";

const [, , name, runId, input, stay] = process.argv;
await call(workflows[name], JSON.parse(input), { runId });
if (stay === undefined) {
  await close();
}

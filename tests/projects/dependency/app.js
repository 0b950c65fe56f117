// Makes the calls that files ask for, and writes down what each came to.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import * as generated from "./conductor_gen/index.js";

const who = process.argv[2];

async function cameTo(workflow, city) {
  const name = workflow.replaceAll(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  try {
    return (await generated[name]({ city })).weather;
  } catch (error) {
    return error.cause instanceof generated.CircuitOpen ? "open" : "failed";
  }
}

async function call(command, result) {
  const text = await cameTo(...readFileSync(command, "utf8").split(" "));
  writeFileSync(`${result}.new`, text);
  renameSync(`${result}.new`, result);
}

for (let number = 1; ; number += 1) {
  const command = `commands/${who}-${number}`;
  while (!existsSync(command)) {
    await sleep(2);
  }
  void call(command, `results/${who}-${number}`);
}

import { readFileSync, writeFileSync } from "node:fs";

import * as generated from "./conductor_gen/index.js";

interface Start {
  function: string;
  run: string;
  input: { n?: number };
}

type Workflow = (input: { n?: number }, options: { runId: string }) => Promise<unknown>;

const folder = process.env["CONFORMANCE"] ?? ".";
const starts = JSON.parse(readFileSync(`${folder}/starts.json`, "utf8")) as { at_a_time: number; calls: Start[] };
const lines: string[] = [];

async function call(start: Start): Promise<void> {
  const workflow = (generated as unknown as Record<string, Workflow>)[start.function];
  if (workflow === undefined) {
    throw new Error(`${start.function} is not there`);
  }
  try {
    const output = await workflow(start.input, { runId: start.run });
    lines.push(JSON.stringify({ run: start.run, output: output ?? null }));
  } catch (failure) {
    const error = failure as Error & { step?: string; cause?: Error & { code?: string } };
    const cause: Error & { code?: string; types?: string[] } = error.cause ?? error;
    // One that the workflow itself raises says its type.
    const form = { types: cause.types ?? [cause.constructor.name], message: cause.message, code: cause.code };
    lines.push(JSON.stringify({ run: start.run, error: form, step: error.step }));
  }
}

const waiting = [...starts.calls];
async function work(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    await call(next);
  }
}
await Promise.all(Array.from({ length: starts.at_a_time }, work));
writeFileSync(`${folder}/results.jsonl`, `${lines.join("\n")}\n`);

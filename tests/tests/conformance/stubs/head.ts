/** Functions that do what the script says, by the step that calls them. What follows the head is written by the harness. */

import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { currentStep } from "./conductor_gen/_conductor/current.js";

interface Outcome {
  after_ms: number;
  returns: unknown;
  fails: { types: string[]; message: string; code?: string } | null;
  hangs: boolean;
}

const folder = process.env["CONFORMANCE"] ?? ".";
const script = JSON.parse(readFileSync(`${folder}/script.json`, "utf8")) as Record<string, Outcome[]>;
const calls = new Map<string, number>();
const known = new Map<string, new (message: string) => Error>([
  ["Error", Error],
  ["TypeError", TypeError],
  ["RangeError", RangeError],
  ["ReferenceError", ReferenceError],
]);

function outcome(args: Record<string, unknown>): Outcome {
  const step = currentStep();
  // Without a journal the key tells the step, and how often it was called the attempt.
  const key = step === undefined ? String(args["idempotency_key"]) : `${step.run}/${step.key}`;
  const counted = `${key} ${String(step?.attempt ?? 0)}`;
  const before = calls.get(counted) ?? 0;
  calls.set(counted, before + 1);
  const attempt = step === undefined ? before + 1 : step.attempt;
  const number = step === undefined ? before : step.attempt - 1 + before;
  appendFileSync(`${folder}/calls.jsonl`, `${JSON.stringify({ key, attempt, args }, plain)}\n`);
  const outcomes = script[key];
  if (outcomes === undefined) {
    throw new Error(`the script has nothing for ${key}`);
  }
  const said = outcomes[Math.min(number, outcomes.length - 1)];
  if (said === undefined) {
    throw new Error(`the script has no outcome for ${key}`);
  }
  return said;
}

function plain(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString("base64");
  }
  return typeof value === "bigint" ? Number(value) : value;
}

async function play(args: Record<string, unknown>, signal: AbortSignal | undefined): Promise<unknown> {
  const said = outcome(args);
  await sleep(said.hangs ? 3_600_000 : said.after_ms, undefined, signal === undefined ? {} : { signal });
  return ended(said);
}

function playBlocking(args: Record<string, unknown>): unknown {
  return ended(outcome(args));
}

function ended(said: Outcome): unknown {
  if (said.fails === null) {
    return said.returns;
  }
  const kind = known.get(said.fails.types[0] ?? "Error") ?? Error;
  const error: Error & { code?: string } = new kind(said.fails.message);
  if (said.fails.code !== undefined) {
    error.code = said.fails.code;
  }
  throw error;
}

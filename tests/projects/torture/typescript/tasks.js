/** Steps that write down when they begin and when they end; some fail at random. */

import { constants, existsSync, openSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const LEDGER = openSync(process.env.TORTURE_LEDGER ?? "", constants.O_WRONLY | constants.O_APPEND);

/** The other side said no; it may say yes the next time. */
export class Refused extends Error {}

/**
 * One line, which outlives this process when this returns: the ledger's disk loses no power.
 * The leading line break parts it from a line that a kill has torn.
 * @param {object} fields
 */
export function note(fields) {
  const line = JSON.stringify({ pid: process.pid, ...fields }, (_, value) =>
    typeof value === "bigint" ? Number(value) : value,
  );
  writeSync(LEDGER, `\n${line}\n`);
}

/**
 * @param {string} key
 * @param {bigint} n
 * @param {bigint} value
 * @param {number} refusals
 * @returns {Promise<bigint>}
 */
async function effect(key, n, value, refusals = 0) {
  note({ key, event: "begin", n });
  await setTimeout(Math.random() * 8);
  if (Math.random() < refusals) throw new Refused("not now");
  note({ key, event: "end", n, value });
  return value;
}

/**
 * @param {bigint} n
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function look(n, idempotencyKey) {
  return effect(idempotencyKey, n, n * 3n + 1n);
}

/**
 * @param {bigint} n
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function put(n, idempotencyKey) {
  return effect(idempotencyKey, n, n + 7n);
}

/**
 * @param {bigint} n
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function flaky(n, idempotencyKey) {
  return effect(idempotencyKey, n, n * 2n, 0.2);
}

/**
 * @param {bigint} n
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function grumble(n, idempotencyKey) {
  return effect(idempotencyKey, n, n, 0.5);
}

/**
 * @param {bigint} n
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function once(n, idempotencyKey) {
  return effect(idempotencyKey, n, n);
}

/**
 * @param {bigint} n
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function ask(n, idempotencyKey) {
  return effect(idempotencyKey, n, n + 1n);
}

/**
 * @param {bigint} n
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function book(n, idempotencyKey) {
  return effect(idempotencyKey, n, n);
}

/**
 * @param {bigint} n
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function unbook(n, idempotencyKey) {
  return effect(idempotencyKey, n, n, 0.2);
}

/**
 * Waits for a file beside the ledger.
 * @param {bigint} n
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function hold(n, idempotencyKey) {
  note({ key: idempotencyKey, event: "begin", n });
  while (!existsSync(`${process.env.TORTURE_LEDGER}.gate`)) await setTimeout(10);
  note({ key: idempotencyKey, event: "end", n, value: n });
  return n;
}

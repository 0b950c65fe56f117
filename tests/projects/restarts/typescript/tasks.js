/** Calls that note their keys. Shipping fails while the file `broken` is there, and hangs while `stuck` is. */

import { appendFileSync, existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/**
 * @param {string} what
 * @param {string} key
 */
function note(what, key) {
  appendFileSync("calls.log", `${what} ${key}\n`);
}

/**
 * @param {bigint} amount
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function charge(amount, idempotencyKey) {
  note(`charge ${amount}`, idempotencyKey);
  return amount;
}

/**
 * @param {bigint} amount
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function wrap(amount, idempotencyKey) {
  note("wrap", idempotencyKey);
  return amount;
}

/**
 * @param {bigint} amount
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function label(amount, idempotencyKey) {
  note("label", idempotencyKey);
  return amount;
}

/**
 * @param {bigint} amount
 * @param {string} idempotencyKey
 * @returns {Promise<string>}
 */
export async function ship(amount, idempotencyKey) {
  note("ship", idempotencyKey);
  while (existsSync("stuck")) await setTimeout(5);
  if (existsSync("broken")) throw new Error("no truck");
  return `shipped ${amount}`;
}

/**
 * @param {bigint} amount
 * @param {string} idempotencyKey
 * @returns {Promise<bigint>}
 */
export async function book(amount, idempotencyKey) {
  note("book", idempotencyKey);
  return amount;
}

/**
 * @param {bigint} result
 * @param {string} idempotencyKey
 * @returns {Promise<void>}
 */
export async function unbook(result, idempotencyKey) {
  note("unbook", idempotencyKey);
}

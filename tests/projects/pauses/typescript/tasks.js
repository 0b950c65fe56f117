/** A payment that hangs while the file `stuck` is there, and a booking that is not undone while `broken` is. */

import { appendFileSync, existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/**
 * @param {bigint} amount
 * @returns {Promise<string>}
 */
export async function pay(amount) {
  appendFileSync("calls.log", `pay ${amount}\n`);
  while (existsSync("stuck")) await setTimeout(5);
  return `paid ${amount}`;
}

/**
 * @param {bigint} amount
 * @returns {Promise<bigint>}
 */
export async function book(amount) {
  return amount;
}

/**
 * @param {bigint} result
 * @returns {Promise<void>}
 */
export async function unbook(result) {
  appendFileSync("calls.log", `unbook ${result}\n`);
  if (existsSync("broken")) throw new Error("nobody answers");
}

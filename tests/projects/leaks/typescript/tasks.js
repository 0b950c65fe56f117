import { setTimeout as sleep } from "node:timers/promises";

/**
 * @param {number} n
 * @returns {Promise<number>}
 */
export async function step(n) {
  return n;
}

/**
 * @param {number} n
 * @param {AbortSignal} signal
 * @returns {Promise<number>}
 */
export async function slow(n, signal) {
  await sleep(60_000, undefined, { signal });
  return n;
}

class Declined extends Error {}

/**
 * @param {number} n
 * @returns {Promise<number>}
 */
export async function decline(n) {
  throw new Declined(String(n));
}

/**
 * @param {number} n
 * @returns {Promise<number>}
 */
export async function book(n) {
  return n;
}

/**
 * @param {number} n
 * @returns {Promise<void>}
 */
export async function unbook(n) {}

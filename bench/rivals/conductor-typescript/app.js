import { gate, note } from "./driver.js";

/** @returns {Promise<number>} */
export async function touch() {
  return 1;
}

/** @returns {Promise<number>} */
export async function look() {
  return 1;
}

/** @returns {Promise<bigint[]>} */
export async function numbers() {
  return Array.from({ length: 1000 }, (_, number) => BigInt(number));
}

/**
 * @param {bigint} item
 * @returns {Promise<bigint>}
 */
export async function work(item) {
  return item;
}

/** @type {Set<string>} */
const failed = new Set();

/**
 * @param {string} name
 * @returns {Promise<number>}
 */
export async function charge(name) {
  if (!failed.has(name)) {
    failed.add(name);
    throw new Error("try again");
  }
  return 1;
}

/**
 * @param {string} name
 * @returns {Promise<void>}
 */
export async function stop(name) {
  await gate(name);
}

/**
 * @param {string} name
 * @returns {Promise<void>}
 */
export async function mark(name) {
  note("mark", name);
}

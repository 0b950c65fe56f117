import { appendFile } from "node:fs/promises";

/**
 * The step that is written in JavaScript.
 *
 * @param {string} receipt
 * @param {number} amount
 * @param {string[]} seats
 * @returns {Promise<string>}
 */
export async function notify(receipt, amount, seats) {
  await appendFile("notified.log", `${receipt}\n`);
  return `${receipt} for ${amount}: ${seats.join(", ")}`;
}

// The dependency, as the files of the working directory say.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export class Refused extends Error {}
export class ConnectionError extends Error {}

function state(who) {
  const own = `weather.${who}`;
  return readFileSync(existsSync(own) ? own : "weather", "utf8");
}

/**
 * @param {string} who
 * @returns {Promise<string>}
 */
export async function ask(who) {
  appendFileSync("asked.log", `${who}\n`);
  while (state(who) === "hangs") {
    await sleep(2);
  }
  switch (state(who)) {
    case "down":
      throw new ConnectionError("nobody answers");
    case "refuses":
      throw new Refused("not you");
  }
  return "fine";
}

/**
 * What a session and the sidecar say to each other, as far as others have to know.
 *
 * It deliberately sends nothing.
 */
import { statSync } from "node:fs";
import { logger } from "./log.js";
/** The sidecar answered a request with an error. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.name = "Refused";
    this.code = code;
  }
}
const BEFORE_RUN = '{"jsonrpc":"2.0","method":"run.ack","params":{"run":"';
const BEFORE_SEQ = '","seq":';
const DIGITS = 15;
/** What a `run.ack` says, read as the sidecar writes it; nothing of any other line, which a parser must read. */
export function acknowledgement(line) {
  if (!line.startsWith(BEFORE_RUN)) {
    return undefined;
  }
  const end = line.indexOf('"', BEFORE_RUN.length);
  const run = line.slice(BEFORE_RUN.length, end);
  const digits = line.slice(end + BEFORE_SEQ.length, -2);
  const seq = Number(digits);
  const isWhole =
    line.startsWith(BEFORE_SEQ, end) &&
    line.endsWith("}}") &&
    digits.length > 0 &&
    digits.length <= DIGITS &&
    Number.isInteger(seq);
  return isWhole && !run.includes("\\") ? { run, seq } : undefined;
}
/** Why the socket at `path` cannot be reached. */
export function reasonOf(error, path) {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "ENOENT") {
    return "no such file or directory";
  }
  if (code === "ECONNREFUSED" && statSync(path, { throwIfNoEntry: false })) {
    return "nobody listens there";
  }
  return error instanceof Error ? error.message : String(error);
}
/** An error that belongs to no request: it refuses what is asked for, where that is, or is told of. */
export function misunderstood({ error }, asked) {
  const { code, message } = error ?? { code: 0, message: "" };
  if (asked === undefined) {
    logger().error(`the sidecar did not understand: ${message}`);
  } else {
    asked.reject(new Refused(code, message));
  }
}

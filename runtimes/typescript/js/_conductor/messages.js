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

/**
 * What a session and the sidecar say to each other, as far as others have to know.
 *
 * It deliberately sends nothing.
 */
import { statSync } from "node:fs";
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

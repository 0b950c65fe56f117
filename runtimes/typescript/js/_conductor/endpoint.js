/**
 * Connects to the sidecar: over the socket of this machine, or over TLS to another one.
 *
 * It deliberately says no more than who comes: what follows is the session's.
 */
import { readFileSync } from "node:fs";
import { connect, isIP } from "node:net";
import { dumps } from "./json.js";
/** Connects; throws where nobody can be reached there. */
export async function dial(place) {
  const remote = split(place);
  const token = remote === undefined ? "" : ownToken();
  const [socket, event] =
    remote === undefined
      ? [connect(place), "connect"]
      : remote.isTls
        ? [await secured(remote), "secureConnect"]
        : [connect(remote.port, remote.host), "connect"];
  await new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once(event, () => {
      socket.off("error", reject);
      // What is wrong with it is followed by its end.
      socket.on("error", () => undefined);
      if (remote !== undefined) {
        socket.setNoDelay(true);
        introduce(socket, token);
      }
      resolve();
    });
  });
  return socket;
}
/** Nothing where the place is the path of a socket. */
function split(place) {
  const [scheme, rest] = place.split("://", 2);
  if (rest === undefined) {
    return undefined;
  }
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:/]+)):(\d{1,5})$/.exec(rest) ?? [];
  const host = bracketed ?? plain;
  if ((scheme !== "tls" && scheme !== "tcp") || host === undefined) {
    throw new Error("it is neither a path nor tls://HOST:PORT");
  }
  return { isTls: scheme === "tls", host, port: Number(port) };
}
async function secured({ host, port }) {
  // It takes a while to load, which the start of most processes need not wait for.
  const tls = await import("node:tls");
  return tls.connect({
    host,
    port,
    minVersion: "TLSv1.3",
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...file("ca", "CONDUCTOR_CA"),
    ...file("cert", "CONDUCTOR_CERT"),
    ...file("key", "CONDUCTOR_CERT_KEY"),
  });
}
function file(name, variable) {
  const path = process.env[variable] ?? "";
  return path === "" ? {} : { [name]: readFileSync(path) };
}
/** The token, or nothing. Its file is read at each connection: who exchanges it need not start anything again. */
function ownToken() {
  const token = process.env["CONDUCTOR_TOKEN"] ?? "";
  const path = process.env["CONDUCTOR_TOKEN_FILE"] ?? "";
  if (token !== "" || path === "") {
    return token;
  }
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new Error(`CONDUCTOR_TOKEN_FILE: ${String(error)}`, { cause: error });
  }
}
function introduce(socket, token) {
  if (token !== "") {
    const params = { token };
    socket.write(
      `${dumps({ jsonrpc: "2.0", method: "authenticate", params })}\n`,
    );
  }
}

/**
 * Waiting until a service says that it is ready, for a time at most.
 *
 * It deliberately knows no client library.
 */
import { connect } from "node:net";
import { logger } from "./log.js";
import { textOf } from "./errors.js";
import { monotonic } from "./timer.js";
/** How long one answer may take. */
const ASK_MS = 2_000;
/** Between two questions: the first pause, which doubles, and the longest. */
const PAUSES_MS = [50, 1_000];
/** Returns when the service is ready; throws when it is not in time. */
export function ready(milliseconds, check) {
  return async (address) => {
    const endsAt = monotonic() + milliseconds;
    let pause = PAUSES_MS[0];
    for (;;) {
      const left = Math.max(1, Math.min(ASK_MS, endsAt - monotonic()));
      const limit = AbortSignal.timeout(Math.ceil(left));
      try {
        await check(address, limit);
        return;
      } catch (error) {
        if (monotonic() + pause > endsAt) {
          throw new Error(
            `it was not ready within ${String(milliseconds)} ms: ${textOf(error)}`,
            { cause: error },
          );
        }
        logger().debug(`waiting for ${address}: ${textOf(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(2 * pause, PAUSES_MS[1]);
    }
  };
}
/** Host and port of an address. */
export function place(address) {
  const url = new URL(address.includes("://") ? address : `tcp://${address}`);
  const isTls = ["https:", "grpcs:", "rediss:"].includes(url.protocol);
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, "") || "localhost", port };
}
/** A connection is accepted. */
export const tcp = (address, signal) =>
  new Promise((resolve, reject) => {
    const socket = connect({ ...place(address) });
    const stop = () => {
      socket.destroy(new Error("no connection in time"));
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => {
      signal.removeEventListener("abort", stop);
    });
  });
/** A request for a path is answered with 2xx. */
export function http(path) {
  return async (address, signal) => {
    const base = address.includes("://") ? address : `http://${address}`;
    const response = await fetch(new URL(path, base), {
      signal,
      redirect: "manual",
    });
    await response.body?.cancel();
    if (!response.ok) {
      const answer = `${String(response.status)} ${response.statusText}`;
      throw new Error(`GET ${path} is answered with ${answer.trim()}`);
    }
  };
}

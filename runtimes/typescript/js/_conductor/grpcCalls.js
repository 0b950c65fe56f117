/**
 * Unary calls of gRPC: a request from JSON, the reply as JSON, a failure as `GrpcError`.
 *
 * It deliberately opens no connections and decides on no retry.
 */
import { setTimeout } from "node:timers/promises";
import { GrpcError, textOf, TimeoutError } from "./errors.js";
import { fromMessage, toMessage, unread } from "./grpcMessages.js";
import { callHeaders } from "./remote.js";
import { monotonic } from "./timer.js";
/** How much earlier than the limit the service, or its library, may see it pass, in milliseconds. */
const ROUNDING_MS = 100;
/** How late whoever set a limit may be to keep it, on a machine that is busy. */
const KEPT_MS = 1_000;
/** Names of the status codes by their numbers. */
const STATUS = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];
/** Calls a method. The nearest time limit is the call's deadline, and a cancellation cancels it. */
export async function unary(server, method, fields, key, signal, left) {
  const { schema, path } = method;
  const { protobuf, reflection } = schema.library;
  const asked = schema.message(method.request);
  const answered = schema.message(method.response);
  const { message } = toMessage(reflection.reflect, asked, fields);
  const bytes = Buffer.from(protobuf.toBinary(asked, message));
  if (left !== undefined && left <= 0) {
    throw new TimeoutError("no time was left for the call");
  }
  const endsAt = left === undefined ? undefined : monotonic() + left;
  signal?.throwIfAborted();
  let answer;
  try {
    const call = { path, bytes, headers: callHeaders(key), left };
    answer = await server.unary(call, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw await failureOf(error, endsAt, signal);
  }
  let reply;
  try {
    reply = protobuf.fromBinary(answered, answer);
  } catch (error) {
    throw unread(answered, error);
  }
  return fromMessage(reflection.reflect(answered, reply));
}
async function failureOf(error, endsAt, signal) {
  const { code, details } = statusOf(error);
  const isLimit = endsAt !== undefined && endsAt - monotonic() <= ROUNDING_MS;
  if (code === "DEADLINE_EXCEEDED" && isLimit) {
    // The limit is the caller's, who ends the attempt in this moment and knows what that means for a write.
    await kept(ROUNDING_MS + KEPT_MS, signal);
  }
  return new GrpcError(code, details, {}, error);
}
/** Lets time pass, unless nobody waits any more. */
async function kept(milliseconds, signal) {
  const options = signal === undefined ? {} : { signal };
  try {
    await setTimeout(milliseconds, undefined, options);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
function statusOf(error) {
  const given = error;
  const number = typeof given["code"] === "number" ? given["code"] : 2;
  const details = given["details"];
  return {
    code: STATUS[number] ?? "UNKNOWN",
    details: typeof details === "string" ? details : textOf(error),
  };
}

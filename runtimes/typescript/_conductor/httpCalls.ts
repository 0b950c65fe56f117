/**
 * Calls of HTTP APIs: a request from JSON values, the reply as JSON, a status that is no success as `HttpError`.
 *
 * It deliberately opens no connections and decides on no retry.
 */

import { HttpError, ResultError, textOf } from "./errors.js";
import type { HttpClient } from "./httpClient.js";
import {
  cookiesOf,
  headersOf,
  pathOf,
  queryOf,
  type Parts,
} from "./httpValues.js";
import { dumps, isRecord, loads, type Json, type JsonObject } from "./json.js";
import { callHeaders } from "./remote.js";

/** Bytes of a reply that are read. */
const MAX_BODY = 16 << 20;
/** Bytes of a reply to a failed request that are kept. */
const MAX_ERROR = 64 << 10;

export interface HttpRequest {
  readonly path?: Parts | undefined;
  readonly query?: Parts | undefined;
  readonly headers?: Parts | undefined;
  readonly cookies?: Parts | undefined;
  /** Parameters of the query or the form of which each item is a pair. */
  readonly exploded?: readonly string[] | undefined;
  readonly body?: unknown;
  readonly form?: Parts | undefined;
  /** Names of documented errors by status, or by class of statuses. */
  readonly errors?: Readonly<Record<string, string>> | undefined;
}

/** Calls an operation; its reply as JSON. */
export async function call(
  client: HttpClient,
  method: string,
  template: string,
  key: string,
  request: HttpRequest,
  signal?: AbortSignal,
): Promise<Json> {
  const { path = {}, query = {}, exploded = [], errors = {} } = request;
  const search = queryOf(query, exploded);
  const url = pathOf(template, path) + (search === "" ? "" : `?${search}`);
  const [content, kind] = contentOf(request, exploded);
  const headers = [
    ...headersOf(request.headers ?? {}),
    ...headersOf(callHeaders(key)),
    ...headersOf({ "content-type": kind }),
  ];
  const cookie = cookiesOf(request.cookies ?? {});
  if (cookie !== "") {
    headers.push(["cookie", cookie]);
  }
  let response: Response;
  try {
    response = await client.fetch(url, {
      method,
      headers,
      redirect: "manual",
      ...(content === undefined ? {} : { body: content }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw unanswered(error);
  }
  try {
    return await answer(response, errors);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof HttpError || error instanceof ResultError
      ? error
      : unanswered(error);
  }
}

function contentOf(
  { body, form }: HttpRequest,
  exploded: readonly string[],
): [string | undefined, string | undefined] {
  if (form !== undefined) {
    return [queryOf(form, exploded), "application/x-www-form-urlencoded"];
  }
  return body === undefined || body === null
    ? [undefined, undefined]
    : [dumps(body), "application/json"];
}

/** The fields of a body, some of which are left out where they are null. */
export function fields(always: Parts, unlessNull: Parts): Parts {
  const given = Object.entries(unlessNull).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return { ...always, ...Object.fromEntries(given) };
}

async function answer(
  response: Response,
  errors: Readonly<Record<string, string>>,
): Promise<Json> {
  if (response.ok) {
    return content(response, await read(response, MAX_BODY, true));
  }
  const body = await read(response, MAX_ERROR, false);
  const code = String(response.status);
  const found = objectOf(body);
  const name = errors[code] ?? errors[`${code.charAt(0)}xx`];
  throw new HttpError(code, messageOf(response, found, body), found, name);
}

function objectOf(body: Buffer): JsonObject {
  try {
    const found = loads(body.toString("utf8"));
    return isRecord(found) ? found : {};
  } catch {
    return {};
  }
}

async function read(
  response: Response,
  limit: number,
  isWhole: boolean,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const next: { value?: Uint8Array | undefined } = await reader.read();
    if (next.value === undefined) {
      break;
    }
    chunks.push(next.value);
    size += next.value.length;
    if (size > limit) {
      await reader.cancel();
      if (isWhole) {
        throw new ResultError(`the reply has more than ${String(limit)} bytes`);
      }
      break;
    }
  }
  return Buffer.concat(chunks).subarray(0, limit);
}

/** JSON; text as a string; anything else as bytes in base64. */
function content(response: Response, body: Buffer): Json {
  if (body.length === 0) {
    return null;
  }
  const header = response.headers.get("content-type") ?? "application/json";
  const kind = (header.split(";")[0] ?? "").trim().toLowerCase();
  if (kind.startsWith("text/")) {
    return decoded(body, header);
  }
  if (kind !== "application/json" && !kind.endsWith("+json")) {
    return body.toString("base64");
  }
  try {
    return loads(body.toString("utf8"));
  } catch (error) {
    throw new ResultError(
      `the reply says it is ${kind} and is not: ${textOf(error)}`,
    );
  }
}

function decoded(body: Buffer, header: string): string {
  const charset = /charset="?([^\s";]+)/i.exec(header)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return body.toString("utf8");
  }
}

/** What the service says of the error, where usual fields say it. */
function messageOf(
  response: Response,
  found: JsonObject,
  body: Buffer,
): string {
  const names = ["message", "detail", "title", "error_description", "error"];
  for (const name of names) {
    const said = found[name];
    if (typeof said === "string") {
      return said;
    }
  }
  const kind = response.headers.get("content-type") ?? "";
  if (body.length > 0 && kind.startsWith("text/plain")) {
    return body.subarray(0, 1000).toString("utf8");
  }
  return response.statusText === ""
    ? `status ${String(response.status)}`
    : response.statusText;
}

/** No status: the service was not reached, or hung up. */
function unanswered(error: unknown): HttpError {
  const cause =
    error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code =
    cause instanceof Error && "code" in cause && typeof cause.code === "string"
      ? cause.code
      : undefined;
  return new HttpError(undefined, textOf(cause), {}, code, error);
}

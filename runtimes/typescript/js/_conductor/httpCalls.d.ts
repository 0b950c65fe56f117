/**
 * Calls of HTTP APIs: a request from JSON values, the reply as JSON, a status that is no success as `HttpError`.
 *
 * It deliberately opens no connections and decides on no retry.
 */
import type { HttpClient } from "./httpClient.js";
import { type Parts } from "./httpValues.js";
import { type Json } from "./json.js";
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
export declare function call(
  client: HttpClient,
  method: string,
  template: string,
  key: string,
  request: HttpRequest,
  signal?: AbortSignal,
): Promise<Json>;
/** The fields of a body, some of which are left out where they are null. */
export declare function fields(always: Parts, unlessNull: Parts): Parts;

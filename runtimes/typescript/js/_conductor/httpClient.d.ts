/**
 * The client of an `http` resource: `fetch` with the resource's base and headers.
 *
 * It deliberately knows no operations.
 */
import type { Env } from "./address.js";
import type { Pool } from "./permits.js";
import { Resource, type ResourceOptions } from "./resources.js";
/** What functions are handed that use an `http` resource. */
export declare class HttpClient {
  /** Without a slash at its end. */
  readonly base: string;
  private readonly headers;
  constructor(base: string, headers?: Readonly<Record<string, string>>);
  /** As the global `fetch`, with a path below the base. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}
export interface HttpOptions extends ResourceOptions {
  readonly headers?:
    ((env: Env) => Readonly<Record<string, string>>) | undefined;
}
/** An `http` resource. */
export declare class Http extends Resource<HttpClient> {
  private readonly headersOf;
  constructor(pool: Pool, options: HttpOptions);
  protected make(address: string, env: Env): HttpClient;
  protected unmake(): void;
}

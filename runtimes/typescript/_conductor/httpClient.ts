/**
 * The client of an `http` resource: `fetch` with the resource's base and headers.
 *
 * It deliberately knows no operations.
 */

import type { Env } from "./address.js";
import type { Pool } from "./permits.js";
import { Resource, type ResourceOptions } from "./resources.js";

/** What functions are handed that use an `http` resource. */
export class HttpClient {
  /** Without a slash at its end. */
  readonly base: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(base: string, headers: Readonly<Record<string, string>> = {}) {
    this.base = base.replace(/\/+$/, "");
    this.headers = headers;
  }

  /** As the global `fetch`, with a path below the base. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(this.headers);
    new Headers(init.headers).forEach((value, name) => {
      headers.set(name, value);
    });
    const slash = path.startsWith("/") ? "" : "/";
    return fetch(`${this.base}${slash}${path}`, { ...init, headers });
  }
}

export interface HttpOptions extends ResourceOptions {
  readonly headers?:
    ((env: Env) => Readonly<Record<string, string>>) | undefined;
}

/** An `http` resource. */
export class Http extends Resource<HttpClient> {
  private readonly headersOf: HttpOptions["headers"];

  constructor(pool: Pool, options: HttpOptions) {
    super(pool, options);
    this.headersOf = options.headers;
  }

  protected override make(address: string, env: Env): HttpClient {
    return new HttpClient(address, this.headersOf?.(env));
  }

  protected override unmake(): void {
    // Its connections are the process's.
  }
}

/**
 * The client of an `http` resource: `fetch` with the resource's base and headers.
 *
 * It deliberately knows no operations.
 */
import { Resource } from "./resources.js";
/** What functions are handed that use an `http` resource. */
export class HttpClient {
  constructor(base, headers = {}) {
    this.base = base.replace(/\/+$/, "");
    this.headers = headers;
  }
  /** As the global `fetch`, with a path below the base. */
  fetch(path, init = {}) {
    const headers = new Headers(this.headers);
    new Headers(init.headers).forEach((value, name) => {
      headers.set(name, value);
    });
    const slash = path.startsWith("/") ? "" : "/";
    return fetch(`${this.base}${slash}${path}`, { ...init, headers });
  }
}
/** An `http` resource. */
export class Http extends Resource {
  constructor(pool, options) {
    super(pool, options);
    this.headersOf = options.headers;
  }
  make(address, env) {
    return new HttpClient(address, this.headersOf?.(env));
  }
  unmake() {
    // Its connections are the process's.
  }
}

/**
 * Waiting until a service says that it is ready, for a time at most.
 *
 * It deliberately knows no client library.
 */
/** Asks the service at an address once. Throws where it is not ready. */
export type Check = (address: string, signal: AbortSignal) => Promise<void>;
/** Returns when the service is ready; throws when it is not in time. */
export declare function ready(
  milliseconds: number,
  check: Check,
): (address: string) => Promise<void>;
/** Host and port of an address. */
export declare function place(address: string): {
  host: string;
  port: number;
};
/** A connection is accepted. */
export declare const tcp: Check;
/** A request for a path is answered with 2xx. */
export declare function http(path: string): Check;

/**
 * Redis by `redis` or `ioredis`, which the project itself has: a client that all calls share.
 *
 * It deliberately imports no driver and knows no commands.
 */
import type { Pool } from "./permits.js";
import { Resource, type ResourceOptions } from "./resources.js";
/** What of a client is used. */
export interface RedisClient {
  connect(): Promise<unknown>;
  quit(): Promise<unknown>;
  /** Gives it up at once: `redis` 5 and newer. */
  destroy?(): unknown;
  /** Gives it up at once: `ioredis`, and `redis` before 5. */
  disconnect?(): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}
export interface RedisOptions<C> extends ResourceOptions {
  readonly open: (address: string) => C;
}
/** A `redis` resource. */
export declare class Redis<C extends RedisClient> extends Resource<C> {
  private readonly redisOptions;
  constructor(pool: Pool, options: RedisOptions<C>);
  protected make(address: string): Promise<C>;
  protected unmake(client: C): Promise<unknown>;
}

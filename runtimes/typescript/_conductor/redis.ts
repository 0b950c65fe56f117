/**
 * Redis by `redis` or `ioredis`, which the project itself has: a client that all calls share.
 *
 * It deliberately imports no driver and knows no commands.
 */

import { logger } from "./log.js";
import type { Pool } from "./permits.js";
import { Resource, type ResourceOptions } from "./resources.js";
import { after } from "./timer.js";

/** How long the first connection is waited for. */
const CONNECT_MS = 10_000;

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
export class Redis<C extends RedisClient> extends Resource<C> {
  private readonly redisOptions: RedisOptions<C>;

  constructor(pool: Pool, options: RedisOptions<C>) {
    super(pool, options);
    this.redisOptions = options;
  }

  protected override async make(address: string): Promise<C> {
    const client = this.redisOptions.open(address);
    let last: Error | undefined = undefined;
    // It connects again by itself; without a listener an error would end the process.
    client.on("error", (error) => {
      last = error;
      logger().warn(`the connection of ${this.pool.id} has broken`, error);
    });
    try {
      await connected(client, () => last);
    } catch (error) {
      if (client.destroy === undefined) {
        client.disconnect?.();
      } else {
        client.destroy();
      }
      throw error;
    }
    return client;
  }

  protected override unmake(client: C): Promise<unknown> {
    return client.quit();
  }
}

/** A driver may try without end. */
function connected(
  client: RedisClient,
  last: () => Error | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = after(CONNECT_MS, () => {
      reject(last() ?? new Error("no connection in time"));
    });
    client.connect().then(
      () => {
        stop();
        resolve();
      },
      (error: unknown) => {
        stop();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

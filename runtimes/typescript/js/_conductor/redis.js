/**
 * Redis by `redis` or `ioredis`, which the project itself has: a client that all calls share.
 *
 * It deliberately imports no driver and knows no commands.
 */
import { logger } from "./log.js";
import { Resource } from "./resources.js";
import { after } from "./timer.js";
/** How long the first connection is waited for. */
const CONNECT_MS = 10_000;
/** A `redis` resource. */
export class Redis extends Resource {
  constructor(pool, options) {
    super(pool, options);
    this.redisOptions = options;
  }
  async make(address) {
    const client = this.redisOptions.open(address);
    let last = undefined;
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
  unmake(client) {
    return client.quit();
  }
}
/** A driver may try without end. */
function connected(client, last) {
  return new Promise((resolve, reject) => {
    const stop = after(CONNECT_MS, () => {
      reject(last() ?? new Error("no connection in time"));
    });
    client.connect().then(
      () => {
        stop();
        resolve();
      },
      (error) => {
        stop();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/**
 * PostgreSQL by `pg`, which the project itself has: a pool, and its connections for the time of a call.
 *
 * It deliberately imports no driver and knows no SQL but the one that ends a transaction.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { textOf } from "./errors.js";
import { logger } from "./log.js";
import { Resource } from "./resources.js";
/** A connection that a block holds: its steps use it one after the other. */
class Lease {
  constructor(connect) {
    this.connection = undefined;
    this.last = Promise.resolve();
    this.connect = connect;
  }
  use(work) {
    const done = this.last.then(async () => {
      this.connection ??= this.connect();
      let connection;
      try {
        connection = await this.connection;
      } catch (error) {
        this.connection = undefined;
        throw error;
      }
      return used(connection, work);
    });
    this.last = done.catch(() => undefined);
    return done;
  }
  async end() {
    await this.last;
    const connection = await this.connection?.catch(() => undefined);
    connection?.release();
  }
}
/** A `postgres` resource: `P` is the pool, `C` its connections. */
export class Postgres extends Resource {
  constructor(pool, options) {
    super(pool, options);
    this.leases = new AsyncLocalStorage();
    this.pgOptions = options;
  }
  async make(address) {
    const client = this.pgOptions.open(address);
    // An idle connection that breaks is replaced; without a listener it would end the process.
    client.on("error", (error) => {
      logger().warn(`a connection of ${this.pool.id} has broken`, error);
    });
    try {
      const first = await client.connect();
      first.release();
    } catch (error) {
      await client.end();
      throw error;
    }
    return client;
  }
  unmake(client) {
    return client.end();
  }
  /** Calls `work` with a connection: that of the block around, else one of the pool. */
  async lend(work) {
    const lease = this.leases.getStore();
    if (lease !== undefined) {
      return lease.use(work);
    }
    const connection = await this.client().connect();
    let broken = undefined;
    try {
      return await used(connection, work, (error) => {
        broken = error;
      });
    } finally {
      connection.release(broken);
    }
  }
  /** Within `work`, all calls are lent one connection. */
  async holding(work) {
    const lease = new Lease(() => this.client().connect());
    try {
      return await this.leases.run(lease, work);
    } finally {
      await lease.end();
    }
  }
}
/** What `work` gives; a transaction that it leaves open is rolled back, which is an error where it did not fail itself. */
async function used(connection, work, breaks = () => undefined) {
  let result;
  try {
    result = await work(connection);
  } catch (error) {
    await rolledBack(connection, breaks);
    throw error;
  }
  if (await rolledBack(connection, breaks)) {
    throw new Error("a transaction is still open at the step's end");
  }
  return result;
}
async function rolledBack(connection, breaks) {
  const status = connection.getTransactionStatus?.() ?? "I";
  if (status === "I") {
    return false;
  }
  try {
    await connection.query("rollback");
  } catch (error) {
    breaks(error instanceof Error ? error : new Error(textOf(error)));
  }
  return true;
}

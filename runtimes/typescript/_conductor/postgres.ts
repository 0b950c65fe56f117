/**
 * PostgreSQL by `pg`, which the project itself has: a pool, and its connections for the time of a call.
 *
 * It deliberately imports no driver and knows no SQL but the one that ends a transaction.
 */

import { AsyncLocalStorage } from "node:async_hooks";

import { textOf } from "./errors.js";
import { logger } from "./log.js";
import type { Pool } from "./permits.js";
import { Resource, type ResourceOptions } from "./resources.js";

/** What of a `pg.PoolClient` is used. */
export interface PgConnection {
  release(error?: Error): void;
  query(text: string): unknown;
  /** `I` outside of a transaction, `T` in one, `E` in one that has failed; `pg` 8.18 and newer say it. */
  getTransactionStatus?(): string | null;
}

/** What of a `pg.Pool` is used. */
export interface PgPool<C> {
  connect(): Promise<C>;
  end(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export interface PostgresOptions<P> extends ResourceOptions {
  readonly open: (address: string) => P;
}

/** A connection that a block holds: its steps use it one after the other. */
class Lease<C extends PgConnection> {
  private readonly connect: () => Promise<C>;
  private connection: Promise<C> | undefined = undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(connect: () => Promise<C>) {
    this.connect = connect;
  }

  use<T>(work: (connection: C) => T | PromiseLike<T>): Promise<T> {
    const done = this.last.then(async () => {
      this.connection ??= this.connect();
      let connection: C;
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

  async end(): Promise<void> {
    await this.last;
    const connection = await this.connection?.catch(() => undefined);
    connection?.release();
  }
}

/** A `postgres` resource: `P` is the pool, `C` its connections. */
export class Postgres<
  P extends PgPool<C>,
  C extends PgConnection,
> extends Resource<P> {
  private readonly pgOptions: PostgresOptions<P>;
  private readonly leases = new AsyncLocalStorage<Lease<C>>();

  constructor(pool: Pool, options: PostgresOptions<P>) {
    super(pool, options);
    this.pgOptions = options;
  }

  protected override async make(address: string): Promise<P> {
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

  protected override unmake(client: P): Promise<void> {
    return client.end();
  }

  /** Calls `work` with a connection: that of the block around, else one of the pool. */
  async lend<T>(work: (connection: C) => T | PromiseLike<T>): Promise<T> {
    const lease = this.leases.getStore();
    if (lease !== undefined) {
      return lease.use(work);
    }
    const connection = await this.client().connect();
    let broken: Error | undefined = undefined;
    try {
      return await used(connection, work, (error) => {
        broken = error;
      });
    } finally {
      connection.release(broken);
    }
  }

  /** Within `work`, all calls are lent one connection. */
  override async holding<T>(work: () => T | PromiseLike<T>): Promise<T> {
    const lease = new Lease<C>(() => this.client().connect());
    try {
      return await this.leases.run(lease, work);
    } finally {
      await lease.end();
    }
  }
}

/** What `work` gives; a transaction that it leaves open is rolled back, which is an error where it did not fail itself. */
async function used<T, C extends PgConnection>(
  connection: C,
  work: (connection: C) => T | PromiseLike<T>,
  breaks: (error: Error) => void = () => undefined,
): Promise<T> {
  let result: T;
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

async function rolledBack(
  connection: PgConnection,
  breaks: (error: Error) => void,
): Promise<boolean> {
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

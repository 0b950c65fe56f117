/**
 * PostgreSQL by `pg`, which the project itself has: a pool, and its connections for the time of a call.
 *
 * It deliberately imports no driver and knows no SQL but the one that ends a transaction.
 */
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
/** A `postgres` resource: `P` is the pool, `C` its connections. */
export declare class Postgres<
  P extends PgPool<C>,
  C extends PgConnection,
> extends Resource<P> {
  private readonly pgOptions;
  private readonly leases;
  constructor(pool: Pool, options: PostgresOptions<P>);
  protected make(address: string): Promise<P>;
  protected unmake(client: P): Promise<void>;
  /** Calls `work` with a connection: that of the block around, else one of the pool. */
  lend<T>(work: (connection: C) => T | PromiseLike<T>): Promise<T>;
  /** Within `work`, all calls are lent one connection. */
  holding<T>(work: () => T | PromiseLike<T>): Promise<T>;
}

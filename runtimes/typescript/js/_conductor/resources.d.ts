/**
 * Clients of resources: opened on first use, once in a thread, and closed when their users are done.
 *
 * It deliberately knows no driver; those that need one are in modules of their own.
 */
import { Env } from "./address.js";
import type { Pool, Taken, Taker } from "./permits.js";
import type { Scope } from "./scope.js";
/** Where a resource is, from the environment as it is when the client is opened. */
export type Address = (env: Env) => string;
export interface ResourceOptions {
  readonly address?: Address | undefined;
  /** Returns when the service is ready; throws when it is not in time. */
  readonly ready?: ((address: string) => Promise<void>) | undefined;
}
/** A resource of which attempts are handed a client. */
export declare abstract class Resource<C> implements Taker {
  readonly pool: Pool;
  readonly hasClient: boolean;
  private readonly options;
  private opened;
  private failure;
  private opening;
  private users;
  private unused;
  constructor(pool: Pool, options?: ResourceOptions);
  /** Makes the client. */
  protected abstract make(address: string, env: Env): C | PromiseLike<C>;
  /** Gives the client's connections up. */
  protected abstract unmake(client: C): unknown;
  /** The client that the attempt has opened, or why that could not be. */
  client(): C;
  /** Opens the client where it is not; whoever comes meanwhile waits for the same opening. */
  open(taken: Taken, scope: Scope): Promise<void>;
  /** Does the work of a block that holds it: its steps are handed the one client anyway. */
  holding<T>(work: () => T | PromiseLike<T>): Promise<T>;
  private left;
  private begin;
  private openNow;
  private unopened;
  /** Closes the client when its users are done with it; the next use opens another. */
  close(): Promise<void>;
}
/** A client that the user's own function makes. */
export declare class Custom<C> extends Resource<C> {
  private readonly functions;
  constructor(
    pool: Pool,
    functions: {
      readonly open: () => C | PromiseLike<C>;
      readonly close?: ((client: C) => unknown) | undefined;
    },
  );
  protected make(): C | PromiseLike<C>;
  protected unmake(client: C): unknown;
}
/** Closes the clients of this thread, when their users are done. */
export declare function closeResources(): Promise<void>;
/** Lets runs of this thread settle and gives them back, closes the clients of its resources, and hangs up. */
export declare function close(): Promise<void>;

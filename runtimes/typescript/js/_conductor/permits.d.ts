/**
 * Permits and rate limits: who may begin an attempt now, and who is next.
 *
 * It deliberately knows neither clients nor journals. First come, first served, in this thread; limits that processes share are asked of `host`.
 */
import { type PoolScope } from "./saturation.js";
import type { Scope } from "./scope.js";
import type { Session } from "./session.js";
/** `permits` attempts may begin in each span of `perMs`, wherever the span is laid. */
export interface Rate {
  readonly permits: number;
  readonly perMs: number;
}
/** When the last attempts began or will begin, as many as matter. */
export declare class Starts {
  private rate;
  private at;
  constructor(rate: Rate);
  /** Another rate for those who come from now on. */
  change(rate: Rate): void;
  /** The moment, not before `now`, at which the next attempt may begin. */
  reserve(now: number): number;
}
/** A bounded number of permits. */
export declare class Permits {
  private limit;
  private held;
  /** In the order in which they came. */
  private readonly waiting;
  constructor(limit: number);
  /** Takes a permit in its turn, unless `scope` is cancelled before. */
  take(scope: Scope): Promise<void>;
  /** Gives a permit to the next in the queue. */
  giveBack(): void;
  /** Another number of permits; those that are held are kept. */
  change(limit: number): void;
  private letIn;
}
export interface Limits {
  readonly limit?: number | undefined;
  readonly rate?: Rate | undefined;
  readonly scope?: PoolScope | undefined;
}
/** What an attempt takes before it begins: permits, and a client that must be open. */
export interface Taker {
  /** The permits and the rate. */
  readonly pool: Pool;
  /** Whether there is a client, which a block can hold for its steps. */
  readonly hasClient: boolean;
  /** Opens the client where it is not. A failure is kept for whoever asks for the client. */
  open(taken: Taken, scope: Scope): Promise<void> | void;
  /** Does the work of a block that holds it. */
  holding?<T>(work: () => T | PromiseLike<T>): Promise<T>;
}
/** What is limited: a resource, or the attempts of one task. */
export declare class Pool implements Taker {
  readonly id: string;
  limit: number | undefined;
  rate: Rate | undefined;
  readonly scope: PoolScope;
  readonly hasClient = false;
  private readonly permits;
  private readonly starts;
  constructor(id: string, limits: Limits);
  /** Other numbers from now on, in the place of those that it has. */
  change(limit: number | undefined, rate: Rate | undefined): void;
  /** Itself: a pool can be taken without a client. */
  get pool(): Pool;
  open(): void;
  /** Waits for the rate and for a permit, which `taken` gives back. */
  take(taken: Taken, scope: Scope, session: Session | undefined): Promise<void>;
  private takeHere;
}
/** What one attempt holds: given back when it is over and nothing that it started runs any longer. */
export declare class Taken {
  private given;
  private running;
  private isOver;
  /** Holds one thing more. */
  add(giveBack: () => void): void;
  /** Something of the attempt has begun. */
  started(): void;
  /** It has ended. */
  ended(): void;
  /** The attempt is over; what it left running keeps what it holds. */
  over(): void;
  private settle;
}
export interface Taking {
  readonly scope: Scope;
  readonly session?: Session | undefined;
  /** How long it may take. */
  readonly milliseconds?: number | undefined;
}
/** Takes of each in the given order, then opens what is not open. Nothing where the time is over before. */
export declare function take(
  takers: readonly Taker[],
  taking: Taking,
): Promise<Taken | undefined>;

/**
 * Circuit breakers: what becomes of one with each call, by the same rules as `policy/src/breaker.rs`.
 *
 * It deliberately knows no tasks; whoever makes calls asks before and tells after.
 */
import { CircuitOpen } from "./errors.js";
export interface BreakerSettings {
  /** So many failures within the window open it. */
  readonly failures?: number | undefined;
  /** Or such a share of them, of at least `minCalls`. */
  readonly failureRate?: number | undefined;
  readonly minCalls?: number | undefined;
  readonly window: number;
  readonly openFor: number;
  readonly halfOpenCalls?: number | undefined;
}
type CallEnd = "succeeded" | "failed" | "abandoned";
/** One breaker. */
export declare class Breaker {
  private readonly name;
  private readonly settings;
  private slices;
  private openUntil;
  /** Calls that try whether it may close: those under way, and those that succeeded. */
  private trying;
  constructor(name: string, settings: BreakerSettings);
  private get halfOpenCalls();
  /** Lets a call through, or says why not. Each that is let through must be told of with [`ended`]. */
  refusal(): CircuitOpen | undefined;
  private refused;
  /** A call that was let through has ended. */
  ended(how: CallEnd): void;
  /** Throws where no call is let through. One that is must be told of with `succeeded` or `failed`. */
  enter(): void;
  /** The call that was let through has succeeded. */
  succeeded(): void;
  /** The call that was let through has failed, or was cancelled. What it refused itself says nothing. */
  failed(error: unknown): void;
  /** Makes a call where it lets one through, and is told how it ends. */
  call<T>(_run: unknown, work: () => T | PromiseLike<T>): Promise<T>;
  private tried;
  private open;
  private count;
  private trips;
  /** Whether it is as if it were new. */
  get isFresh(): boolean;
}
/** The breakers of a task, one for each value of a key. */
export declare class Breakers {
  private readonly name;
  private readonly settings;
  private readonly byKey;
  private sweepAt;
  constructor(name: string, settings: BreakerSettings);
  /** The breaker of a key: its value as JSON. */
  of(key: unknown): Breaker;
  /** Keys may be without number: those that have nothing to remember are forgotten. */
  private sweep;
}
export {};

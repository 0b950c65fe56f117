/**
 * Circuit breakers: what becomes of one with each call, by the same rules as `policy/src/breaker.rs`.
 *
 * It deliberately knows no tasks; whoever makes calls asks before and tells after.
 */
import { BreakerCall } from "./breakerCall.js";
import { CircuitOpen } from "./errors.js";
import { type Patterns } from "./policy.js";
import { type Change, type Circuit } from "./sharedBreakers.js";
export interface BreakerSettings extends Patterns {
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
/** One breaker. What it says by itself holds in this thread; a `BreakerCall` knows what holds for all. */
export declare class Breaker implements Circuit {
  readonly id: string;
  private readonly name;
  private readonly settings;
  private slices;
  private openUntil;
  /** Calls that try whether it may close: those under way, and those that succeeded. */
  private trying;
  /** What is said of it: `suspect`, or as a person has decided `open` or `closed`. */
  word: string | undefined;
  why: string;
  /** Whether it is open for all processes, and when it may be asked again whether a call may try. */
  isForAll: boolean;
  askAt: number;
  private generation;
  private isProbing;
  constructor(name: string, settings: BreakerSettings, id?: string);
  /** It has changed for all processes. */
  told(change: Change): void;
  /** The sidecar says nothing of it: it is closed for all. */
  unmentioned(): void;
  /** What a sidecar must hear of it that knows nothing yet, or, where it is the same as before, what is its own. */
  own(isSame: boolean): object | undefined;
  private opened;
  private reset;
  /** Whether it lets everything through by itself. */
  get isClosed(): boolean;
  /** Whether it lets everything through, and nobody has said anything of it. */
  get isQuiet(): boolean;
  /** Where the call that begins now decides on a suspicion: what its end is reported with. */
  decidesOnSuspicion(): number | undefined;
  /** The call that was to decide has come to nothing: the next one does. */
  undecided(of: number): void;
  /** Whether the error is an answer of the one who was called, and says nothing against it. */
  isOfDomain(error: unknown): boolean;
  /** One call that is to be made. */
  attempt(): BreakerCall;
  private get halfOpenCalls();
  /** Lets a call through, or says why not. Each that is let through must be told of with [`ended`]. */
  refusal(): CircuitOpen | undefined;
  refused(why?: string): CircuitOpen;
  /** A call that was let through has ended. */
  ended(how: CallEnd): void;
  /** Throws where no call is let through. One that is must be told of with `succeeded` or `failed`. */
  enter(): void;
  /** The call that was let through has succeeded. */
  succeeded(): void;
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

/**
 * One call and the breaker around it: it refuses to begin, or hears how the call ended.
 *
 * It deliberately counts nothing; the breaker does, and what holds for all processes the sidecar says.
 */
import type { Breaker } from "./breaker.js";
export declare class BreakerCall {
  private readonly breaker;
  /** Whether it was let through. Where nothing has to be asked, it is from the beginning. */
  hasBegun: boolean;
  private isCounted;
  /** What its end is reported with, where it is a probe. */
  private of;
  constructor(breaker: Breaker);
  /** Begins the call; throws where it is not let through. Where nothing is to be asked there is nothing to wait for. */
  begin(): Promise<void> | undefined;
  /** Begins the call, or says why not. */
  refusal(): Promise<unknown>;
  private enter;
  /** It is open for all: one call of all processes at a time may try, when its time is over. */
  private ask;
  /** It has succeeded. */
  succeeded(): void;
  /** It has failed, was cancelled, or never began. */
  failed(error: unknown): void;
  /** It says nothing of whom it called. */
  abandoned(): void;
  private told;
}

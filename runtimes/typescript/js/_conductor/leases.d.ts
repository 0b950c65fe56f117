/**
 * What a session has of the host's limits: permits in use or waited for, those that it may use again without asking, and
 * starts of a rate that it may make without asking.
 *
 * It deliberately asks for none, which is for `host`.
 */
import { type JsonObject } from "./json.js";
import type { Claim } from "./messages.js";
import type { Session } from "./session.js";
/** A permit is leased where nobody waited when it was granted, and until somebody does. */
export declare class Leases {
  private readonly session;
  private readonly held;
  private readonly idle;
  /** The numbers of leases, in the order in which they were granted. */
  private readonly numbers;
  /** The last number of each resource that is over. */
  private readonly over;
  /** Starts of each resource that are leased, and until when. */
  private readonly starts;
  constructor(session: Pick<Session, "notify">);
  /** What a connection that is made anew must not lose. */
  get claims(): Claim[];
  /** Whether an attempt has a permit, or waits for one. */
  get isBusy(): boolean;
  /** Whether a connection is needed. */
  get isUsed(): boolean;
  /** It is asked for. */
  wanted(claim: Claim): void;
  /** It is held, and leased where there is a number. */
  granted(claim: Claim, number: number | undefined): void;
  /** Takes a permit that is leased and idle. */
  again(resource: string): Claim | undefined;
  /** Takes a start that is leased. */
  mayStart(resource: string, now: number): boolean;
  /** Leased starts whose time is over; they are said once. */
  spare(resource: string, now: number): number;
  /** Starts may be made without asking. */
  leased(resource: string, left: number, until: number): void;
  /** The attempt has ended, or waits no more. */
  unneeded(claim: Claim): void;
  private giveBack;
  private keep;
  /** Somebody waits for permits that were leased with this number or one before it. */
  recalled(params: JsonObject): void;
  /** The connection is gone, and with it all leases: what is idle is not claimed again, and so free. */
  lost(): void;
  /** Everything is given back. */
  close(): void;
}

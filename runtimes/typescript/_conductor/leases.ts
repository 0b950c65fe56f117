/**
 * What a session has of the host's limits: permits in use or waited for, those that it may use again without asking, and
 * starts of a rate that it may make without asking.
 *
 * It deliberately asks for none, which is for `host`.
 */

import { textAt, type JsonObject } from "./json.js";
import type { Claim } from "./messages.js";
import type { Session } from "./session.js";

/** A permit is leased where nobody waited when it was granted, and until somebody does. */
export class Leases {
  private readonly session: Pick<Session, "notify">;
  private readonly held = new Map<number, Claim>();
  private readonly idle = new Map<string, Claim[]>();
  /** The numbers of leases, in the order in which they were granted. */
  private readonly numbers = new Map<number, number>();
  /** The last number of each resource that is over. */
  private readonly over = new Map<string, number>();
  /** Starts of each resource that are leased, and until when. */
  private readonly starts = new Map<string, { left: number; until: number }>();

  constructor(session: Pick<Session, "notify">) {
    this.session = session;
  }

  /** What a connection that is made anew must not lose. */
  get claims(): Claim[] {
    return [...this.held.values()];
  }

  /** Whether an attempt has a permit, or waits for one. */
  get isBusy(): boolean {
    return this.held.size > 0;
  }

  /** Whether a connection is needed. */
  get isUsed(): boolean {
    return this.isBusy || this.idle.size > 0;
  }

  /** It is asked for. */
  wanted(claim: Claim): void {
    this.held.set(claim.permit, claim);
  }

  /** It is held, and leased where there is a number. */
  granted(claim: Claim, number: number | undefined): void {
    claim.held = true;
    if (number !== undefined) {
      this.numbers.set(claim.permit, number);
    }
  }

  /** Takes a permit that is leased and idle. */
  again(resource: string): Claim | undefined {
    const idle = this.idle.get(resource);
    const claim = idle?.pop();
    if (claim !== undefined) {
      this.held.set(claim.permit, claim);
    }
    if (idle?.length === 0) {
      this.idle.delete(resource);
    }
    return claim;
  }

  /** Takes a start that is leased. */
  mayStart(resource: string, now: number): boolean {
    const leased = this.starts.get(resource);
    if (leased === undefined || leased.left === 0 || now >= leased.until) {
      return false;
    }
    leased.left -= 1;
    return true;
  }

  /** Leased starts whose time is over; they are said once. */
  spare(resource: string, now: number): number {
    const leased = this.starts.get(resource);
    if (leased === undefined || now < leased.until) {
      return 0;
    }
    this.starts.delete(resource);
    return leased.left;
  }

  /** Starts may be made without asking. */
  leased(resource: string, left: number, until: number): void {
    this.starts.set(resource, { left, until });
  }

  /** The attempt has ended, or waits no more. */
  unneeded(claim: Claim): void {
    if (!this.held.delete(claim.permit)) {
      return;
    }
    const number = this.numbers.get(claim.permit);
    if (
      number !== undefined &&
      number > (this.over.get(claim.resource) ?? -1)
    ) {
      this.keep(claim);
    } else {
      this.giveBack(claim.permit);
    }
  }

  private giveBack(permit: number): void {
    this.numbers.delete(permit);
    this.session.notify("permit.release", { permit });
  }

  private keep(claim: Claim): void {
    const idle = this.idle.get(claim.resource);
    if (idle === undefined) {
      this.idle.set(claim.resource, [claim]);
    } else {
      idle.push(claim);
    }
  }

  /** Somebody waits for permits that were leased with this number or one before it. */
  recalled(params: JsonObject): void {
    const resource = textAt(params, "resource");
    const number = Number(params["keep"]);
    this.over.set(resource, Math.max(number, this.over.get(resource) ?? -1));
    const idle = this.idle.get(resource) ?? [];
    this.idle.delete(resource);
    for (const claim of idle) {
      if ((this.numbers.get(claim.permit) ?? 0) > number) {
        this.keep(claim);
      } else {
        this.giveBack(claim.permit);
      }
    }
  }

  /** The connection is gone, and with it all leases: what is idle is not claimed again, and so free. */
  lost(): void {
    this.idle.clear();
    this.starts.clear();
    this.numbers.clear();
    this.over.clear();
  }

  /** Everything is given back. */
  close(): void {
    const claims = [...this.held.values(), ...[...this.idle.values()].flat()];
    this.held.clear();
    this.lost();
    for (const { permit } of claims) {
      this.giveBack(permit);
    }
  }
}

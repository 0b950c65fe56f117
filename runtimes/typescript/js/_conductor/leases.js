/**
 * What a session has of the host's limits: permits in use or waited for, those that it may use again without asking, and
 * starts of a rate that it may make without asking.
 *
 * It deliberately asks for none, which is for `host`.
 */
import { textAt } from "./json.js";
/** A permit is leased where nobody waited when it was granted, and until somebody does. */
export class Leases {
  constructor(session) {
    this.held = new Map();
    this.idle = new Map();
    /** The numbers of leases, in the order in which they were granted. */
    this.numbers = new Map();
    /** The last number of each resource that is over. */
    this.over = new Map();
    /** Starts of each resource that are leased, and until when. */
    this.starts = new Map();
    this.session = session;
  }
  /** What a connection that is made anew must not lose. */
  get claims() {
    return [...this.held.values()];
  }
  /** Whether an attempt has a permit, or waits for one. */
  get isBusy() {
    return this.held.size > 0;
  }
  /** Whether a connection is needed. */
  get isUsed() {
    return this.isBusy || this.idle.size > 0;
  }
  /** It is asked for. */
  wanted(claim) {
    this.held.set(claim.permit, claim);
  }
  /** It is held, and leased where there is a number. */
  granted(claim, number) {
    claim.held = true;
    if (number !== undefined) {
      this.numbers.set(claim.permit, number);
    }
  }
  /** Takes a permit that is leased and idle. */
  again(resource) {
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
  mayStart(resource, now) {
    const leased = this.starts.get(resource);
    if (leased === undefined || leased.left === 0 || now >= leased.until) {
      return false;
    }
    leased.left -= 1;
    return true;
  }
  /** Leased starts whose time is over; they are said once. */
  spare(resource, now) {
    const leased = this.starts.get(resource);
    if (leased === undefined || now < leased.until) {
      return 0;
    }
    this.starts.delete(resource);
    return leased.left;
  }
  /** Starts may be made without asking. */
  leased(resource, left, until) {
    this.starts.set(resource, { left, until });
  }
  /** The attempt has ended, or waits no more. */
  unneeded(claim) {
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
  giveBack(permit) {
    this.numbers.delete(permit);
    this.session.notify("permit.release", { permit });
  }
  keep(claim) {
    const idle = this.idle.get(claim.resource);
    if (idle === undefined) {
      this.idle.set(claim.resource, [claim]);
    } else {
      idle.push(claim);
    }
  }
  /** Somebody waits for permits that were leased with this number or one before it. */
  recalled(params) {
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
  lost() {
    this.idle.clear();
    this.starts.clear();
    this.numbers.clear();
    this.over.clear();
  }
  /** Everything is given back. */
  close() {
    const claims = [...this.held.values(), ...[...this.idle.values()].flat()];
    this.held.clear();
    this.lost();
    for (const { permit } of claims) {
      this.giveBack(permit);
    }
  }
}

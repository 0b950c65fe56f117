/**
 * Branches at the same time: started as far as width and needs allow, ended together.
 *
 * It deliberately knows no journal: which branch has decided is told to a callback, and an earlier decision is given to it.
 */

import { Control, decided, Halt, Returned, stopped } from "./control.js";
import { thrown } from "./errors.js";
import type { Scope } from "./scope.js";

export interface Plan {
  readonly count: number;
  /** Starts a branch; `decides` where an earlier life of the run says that this one decided. */
  readonly start: (index: number, decides: boolean) => unknown;
  /** How many go on at a time. */
  readonly width?: number | undefined;
  readonly onFailure?: "cancel" | "wait" | undefined;
  /** The first success decides, not the first failure. */
  readonly isRace?: boolean;
  /** Whether a branch that ended without an error has succeeded, in a race. */
  readonly wins?: (index: number) => boolean;
  /** For each branch, which must have ended before. */
  readonly needs?: readonly (readonly number[])[];
  /** The branch that decided in an earlier life of the run. */
  readonly recorded?: number | undefined;
  /** A branch has decided. */
  readonly choose?: ((index: number) => void) | undefined;
}

type End =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/** How the branches ended: those that never began have no end. */
export interface Ended {
  readonly ends: readonly (End | undefined)[];
  readonly decided: number | undefined;
}

class Running {
  private readonly outer: Scope;
  private readonly inner: Scope;
  private readonly plan: Plan;
  private readonly ends: (End | undefined)[];
  private readonly openNeeds: number[];
  private readonly dependents: number[][];
  private readonly width: number;
  private waiting: number[] = [];
  private nextWaiting = 0;
  private running = 0;
  private decided: number | undefined;
  private paused: Halt | undefined = undefined;
  private resolve: (ended: Ended) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor(outer: Scope, inner: Scope, plan: Plan) {
    this.outer = outer;
    this.inner = inner;
    this.plan = plan;
    this.width = plan.width ?? Infinity;
    this.ends = new Array<End | undefined>(plan.count).fill(undefined);
    this.decided = plan.recorded;
    this.openNeeds = [];
    this.dependents = [];
    for (let index = 0; index < plan.count; index += 1) {
      const needs = plan.needs?.[index] ?? [];
      this.openNeeds.push(needs.length);
      if (needs.length === 0) {
        this.waiting.push(index);
      }
      for (const needed of needs) {
        (this.dependents[needed] ??= []).push(index);
      }
    }
    if (plan.recorded !== undefined && this.cancelsOthers) {
      inner.cancel(decided());
    }
  }

  private get cancelsOthers(): boolean {
    return this.plan.isRace === true || this.plan.onFailure !== "wait";
  }

  run(): Promise<Ended> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.startReady();
    });
  }

  private startReady(): void {
    while (this.running < this.width) {
      const index = this.waiting[this.nextWaiting];
      if (index === undefined) {
        break;
      }
      this.nextWaiting += 1;
      this.running += 1;
      this.start(index);
    }
    if (this.running === 0) {
      this.conclude();
    }
  }

  private start(index: number): void {
    let branch: unknown;
    try {
      this.checkWithoutJournal();
      branch = this.plan.start(index, this.plan.recorded === index);
    } catch (error) {
      branch = Promise.reject(thrown(error));
    }
    Promise.resolve(branch).then(
      (value) => {
        this.ended(index, { ok: true, value });
      },
      (error: unknown) => {
        this.ended(index, { ok: false, error });
      },
    );
  }

  /** Where nothing is recorded, nothing is to be read of a branch that begins when all is over. */
  private checkWithoutJournal(): void {
    const { recorded, choose } = this.plan;
    if (recorded === undefined && choose === undefined) {
      this.inner.check();
    }
  }

  private ended(index: number, end: End): void {
    this.running -= 1;
    this.ends[index] = end;
    if (!end.ok && end.error instanceof Halt) {
      this.paused ??= end.error;
      this.stop(stopped());
    }
    if (this.decides(index, end)) {
      this.decided = index;
      this.plan.choose?.(index);
      const returns = !end.ok && end.error instanceof Returned;
      if (returns || this.cancelsOthers) {
        this.stop(decided());
      }
    }
    if (end.ok) {
      this.freeDependents(index);
    }
    this.startReady();
  }

  private decides(index: number, end: End): boolean {
    if (
      this.decided !== undefined ||
      this.paused !== undefined ||
      this.inner.reason !== undefined
    ) {
      return false;
    }
    const { isRace = false, wins } = this.plan;
    if (end.ok) {
      return isRace && wins?.(index) !== false;
    }
    return end.error instanceof Control
      ? end.error instanceof Returned
      : !isRace;
  }

  private freeDependents(index: number): void {
    for (const dependent of this.dependents[index] ?? []) {
      const open = (this.openNeeds[dependent] ?? 0) - 1;
      this.openNeeds[dependent] = open;
      if (open === 0 && this.isStarting) {
        this.waiting.push(dependent);
      }
    }
  }

  /** Whether further branches start: on replay of a decision all do, to read what is recorded of them. */
  private get isStarting(): boolean {
    const isOpen = this.decided === undefined && this.paused === undefined;
    const goesOn = !this.cancelsOthers && this.inner.reason === undefined;
    return this.plan.recorded !== undefined || isOpen || goesOn;
  }

  private stop(reason: ReturnType<typeof decided>): void {
    this.inner.cancel(reason);
    this.waiting = [];
    this.nextWaiting = 0;
  }

  /** A pause goes before everything, then a cancellation from outside, then what was decided. */
  private conclude(): void {
    if (this.paused !== undefined) {
      this.reject(this.paused);
    } else if (this.outer.reason !== undefined) {
      this.reject(this.outer.reason);
    } else {
      this.resolve({ ends: this.ends, decided: this.decided });
    }
  }
}

/** Runs the branches in `inner`, a scope inside of `outer`; it ends when all that were started have. */
export async function runBranches(
  outer: Scope,
  inner: Scope,
  plan: Plan,
): Promise<Ended> {
  try {
    return await new Running(outer, inner, plan).run();
  } finally {
    inner.end();
  }
}

/** The results of branches that all had to succeed; the failure that decided is thrown. */
export function allOf({ ends, decided }: Ended): unknown[] {
  const decisive = decided === undefined ? undefined : ends[decided];
  if (decisive?.ok === false) {
    throw decisive.error;
  }
  return ends.map((end) => {
    if (end?.ok === false) {
      throw end.error;
    }
    return end?.value ?? null;
  });
}

/** The result of the first that succeeded; where none did, the failure of the first in source order, else null. */
export function winnerOf({ ends, decided }: Ended): unknown {
  const winner = decided === undefined ? undefined : ends[decided];
  if (winner !== undefined) {
    if (winner.ok) {
      return winner.value;
    }
    throw winner.error;
  }
  for (const end of ends) {
    if (end?.ok === false) {
      throw end.error;
    }
  }
  return null;
}

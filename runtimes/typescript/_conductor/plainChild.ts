/**
 * What a workflow that keeps no journal is given where it runs as a step of another.
 *
 * It deliberately knows neither of the two.
 */

import type { RunOptions } from "./execute.js";

/** What a child is given: its id where somebody asks for it, and its parent, which undoes it as a whole. */
export class PlainChildOptions implements RunOptions {
  readonly signal: AbortSignal;
  /** Takes over what undoes the child, in the order in which it was done. */
  readonly adopt: (undo: readonly (() => Promise<void>)[]) => void;
  private readonly id: () => string;

  constructor(
    id: () => string,
    signal: AbortSignal,
    adopt: (undo: readonly (() => Promise<void>)[]) => void,
  ) {
    this.id = id;
    this.signal = signal;
    this.adopt = adopt;
  }

  get runId(): string {
    return this.id();
  }
}

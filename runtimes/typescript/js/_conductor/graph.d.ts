/**
 * A graph of steps, as generated code writes it down: nodes with names and needs, run together.
 *
 * It deliberately knows not how branches are run.
 */
/** A step of a graph. Its result is there when it has ended. */
export declare class Node<T> {
  private value;
  /** What it came to; null where it was not reached. */
  result(): T;
  /** Notes what it came to. */
  ended(value: T): T;
}
type Execute<R> = (
  names: readonly string[],
  needs: readonly (readonly number[])[],
  start: (index: number, run: R) => unknown,
) => Promise<void>;
export declare class Graph<R> {
  private readonly execute;
  private readonly places;
  private readonly names;
  private readonly needs;
  private readonly starts;
  constructor(execute: Execute<R>);
  /** A step, and the names of those that must have ended before it begins. */
  add<T>(
    name: string,
    needs: readonly string[],
    work: (run: R) => T | PromiseLike<T>,
  ): Node<Awaited<T>>;
  private readonly pending;
  /** Runs all steps to their end; throws the first failure. */
  done(): Promise<void>;
}
export {};

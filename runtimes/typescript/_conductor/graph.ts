/**
 * A graph of steps, as generated code writes it down: nodes with names and needs, run together.
 *
 * It deliberately knows not how branches are run.
 */

/** A step of a graph. Its result is there when it has ended. */
export class Node<T> {
  private value: T | null = null;

  /** What it came to; null where it was not reached. */
  result(): T {
    return this.value as T;
  }

  /** Notes what it came to. */
  ended(value: T): T {
    this.value = value;
    return value;
  }
}

type Execute<R> = (
  names: readonly string[],
  needs: readonly (readonly number[])[],
  start: (index: number, run: R) => unknown,
) => Promise<void>;

export class Graph<R> {
  private readonly execute: Execute<R>;
  private readonly places = new Map<string, number>();
  private readonly names: string[] = [];
  private readonly needs: number[][] = [];
  private readonly starts: ((run: R) => unknown)[] = [];

  constructor(execute: Execute<R>) {
    this.execute = execute;
  }

  /** A step, and the names of those that must have ended before it begins. */
  add<T>(
    name: string,
    needs: readonly string[],
    work: (run: R) => T | PromiseLike<T>,
  ): Node<Awaited<T>> {
    const node = new Node<Awaited<T>>();
    this.places.set(name, this.names.length);
    this.names.push(name);
    this.starts.push(async (run) => node.ended(await work(run)));
    // Those that are added later are looked up when all are known.
    this.pending.push(needs);
    return node;
  }

  private readonly pending: (readonly string[])[] = [];

  /** Runs all steps to their end; throws the first failure. */
  async done(): Promise<void> {
    for (const needs of this.pending) {
      const known = needs.map((name) => this.places.get(name));
      this.needs.push(known.filter((place) => place !== undefined));
    }
    await this.execute(this.names, this.needs, (index, run) =>
      this.starts[index]?.(run),
    );
  }
}

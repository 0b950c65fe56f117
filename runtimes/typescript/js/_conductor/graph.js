/**
 * A graph of steps, as generated code writes it down: nodes with names and needs, run together.
 *
 * It deliberately knows not how branches are run.
 */
/** A step of a graph. Its result is there when it has ended. */
export class Node {
  constructor() {
    this.value = null;
  }
  /** What it came to; null where it was not reached. */
  result() {
    return this.value;
  }
  /** Notes what it came to. */
  ended(value) {
    this.value = value;
    return value;
  }
}
export class Graph {
  constructor(execute) {
    this.places = new Map();
    this.names = [];
    this.needs = [];
    this.starts = [];
    this.pending = [];
    this.execute = execute;
  }
  /** A step, and the names of those that must have ended before it begins. */
  add(name, needs, work) {
    const node = new Node();
    this.places.set(name, this.names.length);
    this.names.push(name);
    this.starts.push(async (run) => node.ended(await work(run)));
    // Those that are added later are looked up when all are known.
    this.pending.push(needs);
    return node;
  }
  /** Runs all steps to their end; throws the first failure. */
  async done() {
    for (const needs of this.pending) {
      const known = needs.map((name) => this.places.get(name));
      this.needs.push(known.filter((place) => place !== undefined));
    }
    await this.execute(this.names, this.needs, (index, run) =>
      this.starts[index]?.(run),
    );
  }
}

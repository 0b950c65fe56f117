/**
 * What a workflow that keeps no journal is given where it runs as a step of another.
 *
 * It deliberately knows neither of the two.
 */
/** What a child is given: its id where somebody asks for it, and its parent, which undoes it as a whole. */
export class PlainChildOptions {
  constructor(id, signal, adopt) {
    this.id = id;
    this.signal = signal;
    this.adopt = adopt;
  }
  get runId() {
    return this.id();
  }
}

/**
 * Values of a durable run as its journal has them: each reader gets a decode of its own.
 *
 * It deliberately knows no types; the decoders are generated.
 */
/** A recorded value of a type that can be changed. What one reader does to it, no other sees. */
export class Recorded {
  constructor(json, decode) {
    this.json = json;
    this.decode = decode;
  }
  /** The value, made anew. */
  value() {
    return this.decode(this.json);
  }
}
/** The result of a step in a block that was not done. */
export const NOTHING = new Recorded(null, () => null);

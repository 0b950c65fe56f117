/**
 * Values of a durable run as its journal has them: each reader gets a decode of its own.
 *
 * It deliberately knows no types; the decoders are generated.
 */
/** A recorded value of a type that can be changed. What one reader does to it, no other sees. */
export declare class Recorded<T> {
  private readonly json;
  private readonly decode;
  constructor(json: unknown, decode: (json: unknown) => T);
  /** The value, made anew. */
  value(): T;
}
/** The result of a step in a block that was not done. */
export declare const NOTHING: Recorded<null>;

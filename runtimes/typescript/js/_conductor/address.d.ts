/**
 * Addresses of resources: read from the environment, and shown without the password in them.
 *
 * It deliberately connects to nothing.
 */
/** The environment, as the address of one resource reads it. */
export declare class Env {
  private readonly resource;
  constructor(resource: string);
  /** The variable's value; an error that says what wants it where it is not set. */
  get(name: string): string;
}
/** The address without what is secret in it. */
export declare function shown(address: string): string;
/** The text without the secrets of the address, in case a driver repeats them. */
export declare function scrubbed(text: string, address: string): string;

/**
 * CEL's functions on text and bytes, where JavaScript's own mean something else. Positions count characters, not their halves.
 *
 * It deliberately knows no types beyond them: what a value is as text is decided in `cel`.
 */
import { type Int } from "./cel.js";
export { decimal, float, format } from "./celFormat.js";
/** A character, or nothing right behind the last one. */
export declare function charAt(of: string, at: Int): string;
/** Where `part` begins for the first time, at `start` or later; -1 for nowhere. */
export declare function indexOf(of: string, part: string, start?: Int): number;
/** Where `part` begins for the last time, at `start` or before; -1 for nowhere. */
export declare function lastIndexOf(
  of: string,
  part: string,
  start?: Int,
): number;
export declare function join(
  parts: readonly string[],
  separator?: string,
): string;
export declare function lowerAscii(of: string): string;
export declare function upperAscii(of: string): string;
/** Replaces the first `limit` places; all where it is negative. */
export declare function replace(
  of: string,
  old: string,
  by: string,
  limit?: Int,
): string;
/** At most `limit` parts, the last one with the rest. No separator: characters. */
export declare function split(
  of: string,
  separator: string,
  limit?: Int,
): string[];
export declare function substring(of: string, start: Int, end?: Int): string;
export declare function trim(of: string): string;
export declare function reverse(of: string): string;
/** The text as a literal of CEL. */
export declare function quote(of: string): string;
export declare function toBytes(of: unknown): Uint8Array;
/** `string(bytes)`: text in UTF-8. */
export declare function fromBytes(of: Uint8Array): string;
export declare function base64Encode(of: Uint8Array): string;
/** Padding may be missing. */
export declare function base64Decode(of: string): Uint8Array;

/**
 * CEL's functions on text and bytes, where JavaScript's own mean something else. Positions count characters, not their halves.
 *
 * It deliberately knows no types beyond them: what a value is as text is decided in `cel`.
 */

import { characters, noOverload, text, type Int } from "./cel.js";
import { ExpressionError } from "./errors.js";

export { decimal, float, format } from "./celFormat.js";

/** The white space of Unicode. */
const EDGES =
  /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

function outOfRange(at: Int): ExpressionError {
  return new ExpressionError(`the index ${String(at)} is out of range`);
}

/** Where the character with this number begins; the end for the number after the last one. */
function unitOf(of: string, at: Int): number {
  const found = unitAt(of, Number(at));
  if (found === undefined) {
    throw outOfRange(at);
  }
  return found;
}

function unitAt(of: string, at: number): number | undefined {
  if (at < 0 || at > of.length) {
    return undefined;
  }
  let unit = 0;
  for (let count = 0; count < at; count += 1) {
    if (unit >= of.length) {
      return undefined;
    }
    unit += (of.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
  }
  return unit;
}

/** A character, or nothing right behind the last one. */
export function charAt(of: string, at: Int): string {
  const code = of.codePointAt(unitOf(of, at));
  return code === undefined ? "" : String.fromCodePoint(code);
}

/** Where `part` begins for the first time, at `start` or later; -1 for nowhere. */
export function indexOf(of: string, part: string, start: Int = 0): number {
  if (start < 0) {
    throw outOfRange(start);
  }
  if (part === "") {
    return Number(start);
  }
  const from = unitAt(of, Number(start));
  const found = from === undefined ? -1 : of.indexOf(part, from);
  return found < 0 ? -1 : characters(of.slice(0, found));
}

/** Where `part` begins for the last time, at `start` or before; -1 for nowhere. */
export function lastIndexOf(of: string, part: string, start?: Int): number {
  if (start !== undefined && start < 0) {
    throw outOfRange(start);
  }
  if (part === "") {
    return start === undefined ? characters(of) : Number(start);
  }
  const from = start === undefined ? of.length : unitAt(of, Number(start));
  if (from === undefined || (start !== undefined && from >= of.length)) {
    return -1;
  }
  const found = of.lastIndexOf(part, from);
  return found < 0 ? -1 : characters(of.slice(0, found));
}

export function join(parts: readonly string[], separator = ""): string {
  if (!parts.every((part) => typeof part === "string")) {
    throw new ExpressionError("join: not all of them are strings");
  }
  return parts.join(separator);
}

export function lowerAscii(of: string): string {
  return of.replace(/[A-Z]+/g, (part) => part.toLowerCase());
}

export function upperAscii(of: string): string {
  return of.replace(/[a-z]+/g, (part) => part.toUpperCase());
}

/** Replaces the first `limit` places; all where it is negative. */
export function replace(
  of: string,
  old: string,
  by: string,
  limit: Int = -1,
): string {
  // An empty text stands before each character and at the end.
  const parts = old === "" ? ["", ...of, ""] : of.split(old);
  if (old === "" && of === "") {
    parts.pop();
    parts.push("");
  }
  const most = limit < 0 ? Infinity : Number(limit);
  let made = parts[0] ?? "";
  for (let at = 1; at < parts.length; at += 1) {
    made += (at <= most ? by : old) + (parts[at] ?? "");
  }
  return made;
}

/** At most `limit` parts, the last one with the rest. No separator: characters. */
export function split(
  of: string,
  separator: string,
  limit: Int = -1,
): string[] {
  if (Number(limit) === 0) {
    return [];
  }
  const parts = separator === "" ? [...of] : of.split(separator);
  const most = limit < 0 ? Infinity : Number(limit);
  if (parts.length <= most) {
    return parts;
  }
  const rest = parts.slice(most - 1).join(separator);
  return [...parts.slice(0, most - 1), rest];
}

export function substring(of: string, start: Int, end?: Int): string {
  const from = unitOf(of, start);
  const to = end === undefined ? of.length : unitOf(of, end);
  if (from > to) {
    throw new ExpressionError("a substring ends after its start");
  }
  return of.slice(from, to);
}

export function trim(of: string): string {
  return of.replace(EDGES, "");
}

export function reverse(of: string): string {
  return [...of].reverse().join("");
}

/** The text as a literal of CEL. */
export function quote(of: string): string {
  const escaped = [...of].map((letter) => ESCAPES[letter] ?? letter);
  return `"${escaped.join("")}"`;
}

export function toBytes(of: unknown): Uint8Array {
  if (of instanceof Uint8Array) {
    return of;
  }
  if (typeof of === "string") {
    return new TextEncoder().encode(of);
  }
  throw noOverload("bytes", of);
}

/** `string(bytes)`: text in UTF-8. */
export function fromBytes(of: Uint8Array): string {
  return text(of);
}

export function base64Encode(of: Uint8Array): string {
  return Buffer.from(of).toString("base64");
}

/** Padding may be missing. */
export function base64Decode(of: string): Uint8Array {
  const body = of.replace(/=+$/, "");
  const isPadded = body.length < of.length;
  const isWrong =
    body.length % 4 === 1 ||
    (isPadded && of.length % 4 !== 0) ||
    !/^[A-Za-z0-9+/]*$/.test(body);
  if (isWrong) {
    throw new ExpressionError("this is not base64");
  }
  return new Uint8Array(Buffer.from(body, "base64"));
}

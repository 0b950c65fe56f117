/**
 * Values as the parts of an HTTP request: path, query, headers, cookies, fields of a form.
 *
 * It deliberately sends nothing. Values are JSON; null is left out everywhere but in a path. No part is built from a value unescaped.
 */

import { ResultError } from "./errors.js";
import { dumps } from "./json.js";

export type Parts = Readonly<Record<string, unknown>>;

/** A text, with its key where it has one. */
type Item = readonly [string | undefined, string];

/** The template with each `{name}` replaced by its value, percent-encoded. */
export function pathOf(template: string, values: Parts): string {
  const parts = template.split(/\{([^{}]*)\}/);
  return parts
    .map((part, at) => (at % 2 === 1 ? segment(part, values) : fixed(part)))
    .join("");
}

/** What the API's description writes itself: only what no URL may have is encoded. */
function fixed(part: string): string {
  return part.replace(/[^A-Za-z0-9\-._~/%:@!$&'()*+,;=]+/gu, quoted);
}

function segment(name: string, values: Parts): string {
  const text = joined(items(values[name]), quoted);
  // An empty segment, or one that means a folder above, would lead to another operation.
  if (text === "" || text === "." || text === "..") {
    throw new ResultError(
      `the path parameter ${name} cannot be ${JSON.stringify(text)}`,
    );
  }
  return text;
}

/** A query without its question mark, or a form. An exploded list is a pair for each item, an exploded object one for each of its fields. */
export function queryOf(values: Parts, exploded: readonly string[]): string {
  const pairs: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (isAbsent(value)) {
      continue;
    }
    const all = items(value);
    if (exploded.includes(name) && typeof value === "object") {
      const own = all.map(
        ([key, text]) => [key ?? name, quoted(text)] as const,
      );
      pairs.push(...own);
    } else {
      pairs.push([name, joined(all, quoted)]);
    }
  }
  return pairs.map(([name, text]) => `${quoted(name)}=${text}`).join("&");
}

/** Names and values of headers. UTF-8 passes through HTTP/1.1 as opaque bytes. */
export function headersOf(values: Parts): [string, string][] {
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(values)) {
    if (isAbsent(value)) {
      continue;
    }
    const text = joined(items(value), String);
    if (hasControls(text)) {
      throw new ResultError(
        `the header ${name} has control characters: ${JSON.stringify(text)}`,
      );
    }
    headers.push([name, Buffer.from(text, "utf8").toString("latin1")]);
  }
  return headers;
}

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) {
      return true;
    }
  }
  return false;
}

/** The value of the header `Cookie`. */
export function cookiesOf(values: Parts): string {
  return Object.entries(values)
    .filter(([, value]) => !isAbsent(value))
    .map(([name, value]) => `${name}=${joined(items(value), quoted)}`)
    .join("; ");
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** Percent-encoded but for letters, digits and `-._~`. */
function quoted(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The items, with their keys where they have any, with commas between them. */
function joined(all: Item[], escaped: (text: string) => string): string {
  return all
    .flatMap(([key, text]) => (key === undefined ? [text] : [key, text]))
    .map(escaped)
    .join(",");
}

/** The texts of a value: one, unless it is a list or an object, whose texts have keys. */
function items(value: unknown): Item[] {
  if (Array.isArray(value)) {
    return value
      .filter((item) => !isAbsent(item))
      .map((item) => [undefined, textOf(item)]);
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .filter(([, item]) => !isAbsent(item))
      .map(([key, item]) => [key, textOf(item)]);
  }
  return [[undefined, textOf(value)]];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : dumps(value);
}

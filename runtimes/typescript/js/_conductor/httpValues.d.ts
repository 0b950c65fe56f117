/**
 * Values as the parts of an HTTP request: path, query, headers, cookies, fields of a form.
 *
 * It deliberately sends nothing. Values are JSON; null is left out everywhere but in a path. No part is built from a value unescaped.
 */
export type Parts = Readonly<Record<string, unknown>>;
/** The template with each `{name}` replaced by its value, percent-encoded. */
export declare function pathOf(template: string, values: Parts): string;
/** A query without its question mark, or a form. An exploded list is a pair for each item, an exploded object one for each of its fields. */
export declare function queryOf(
  values: Parts,
  exploded: readonly string[],
): string;
/** Names and values of headers. UTF-8 passes through HTTP/1.1 as opaque bytes. */
export declare function headersOf(values: Parts): [string, string][];
/** The value of the header `Cookie`. */
export declare function cookiesOf(values: Parts): string;

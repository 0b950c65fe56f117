/**
 * CEL's macros over lists and maps.
 *
 * It deliberately knows no expressions: a body is a function of its variables. Maps are gone through in the order of keys,
 * so that every language goes through them alike.
 */
import { condition } from "./cel.js";
/** Whether the test holds for each; one that denies it hides errors of others. */
export declare function every<T>(
  of: Iterable<T>,
  test: (value: T) => unknown,
): boolean;
/** Whether the test holds for one; one that does hides errors of others. */
export declare function some<T>(
  of: Iterable<T>,
  test: (value: T) => unknown,
): boolean;
export declare function everyPair<K, T>(
  of: Iterable<readonly [K, T]>,
  test: (key: K, value: T) => unknown,
): boolean;
export declare function somePair<K, T>(
  of: Iterable<readonly [K, T]>,
  test: (key: K, value: T) => unknown,
): boolean;
/** Whether the test holds for exactly one. */
export declare function existsOne<T>(
  of: Iterable<T>,
  test: (value: T) => boolean,
): boolean;
export declare function existsOnePair<K, T>(
  of: Iterable<readonly [K, T]>,
  test: (key: K, value: T) => boolean,
): boolean;
/** The values for which the test holds. */
export declare function filterPairs<K, T>(
  of: readonly (readonly [K, T])[],
  test: (key: K, value: T) => boolean,
): T[];
/** A value for each pair for which the filter holds. */
export declare function mapPairs<K, T, R>(
  of: readonly (readonly [K, T])[],
  make: (key: K, value: T) => R,
  filter?: (key: K, value: T) => boolean,
): R[];
/** A map of the same keys, as far as the filter holds. */
export declare function transformMap<K, T, R>(
  of: readonly (readonly [K, T])[],
  make: (key: K, value: T) => R,
  filter?: (key: K, value: T) => boolean,
): Record<string, R>;
/** A map of the entries that are made of each value. */
export declare function mergedMap<T, R>(
  of: readonly T[],
  make: (value: T) => Readonly<Record<string, R>>,
  filter?: (value: T) => boolean,
): Record<string, R>;
/** A map of the entries that are made of each pair. */
export declare function mergedPairs<K, T, R>(
  of: readonly (readonly [K, T])[],
  make: (key: K, value: T) => Readonly<Record<string, R>>,
  filter?: (key: K, value: T) => boolean,
): Record<string, R>;
/** `body` with a name for `value`. */
export declare function bind<T, R>(value: T, body: (value: T) => R): R;
/** Keys of a map, in their order. */
export declare function keys(of: Readonly<Record<string, unknown>>): string[];
/** Keys and values of a map, in the order of the keys. */
export declare function entries<T>(
  of: Readonly<Record<string, T>>,
): [string, T][];
/** Indexes and elements of a list. */
export declare function indexed<T>(of: readonly T[]): [number, T][];
/** Elements of a list or keys of a map: which of them is known only now. */
export declare function elements(of: unknown): unknown[];
/** Indexes and elements, or keys and values. */
export declare function pairs(of: unknown): [unknown, unknown][];
/** A map of entries, of which no key comes twice. */
export declare function mapping<T>(
  of: Iterable<readonly [unknown, T]>,
): Record<string, T>;
/** A map of the entries of all, of which no key comes twice. */
export declare function merged<T>(
  maps: Iterable<Readonly<Record<string, T>>>,
): Record<string, T>;
export declare function first<T>(of: readonly T[]): T | null;
export declare function last<T>(of: readonly T[]): T | null;
export { condition };

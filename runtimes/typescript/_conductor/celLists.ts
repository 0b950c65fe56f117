/**
 * CEL's macros over lists and maps.
 *
 * It deliberately knows no expressions: a body is a function of its variables. Maps are gone through in the order of keys,
 * so that every language goes through them alike.
 */

import { compareText, condition, isMapping, noOverload } from "./cel.js";
import { ExpressionError } from "./errors.js";

/** Whether the test holds for each; one that denies it hides errors of others. */
export function every<T>(
  of: Iterable<T>,
  test: (value: T) => unknown,
): boolean {
  return decided(false, of, test);
}

/** Whether the test holds for one; one that does hides errors of others. */
export function some<T>(of: Iterable<T>, test: (value: T) => unknown): boolean {
  return decided(true, of, test);
}

export function everyPair<K, T>(
  of: Iterable<readonly [K, T]>,
  test: (key: K, value: T) => unknown,
): boolean {
  return decided(false, of, ([key, value]) => test(key, value));
}

export function somePair<K, T>(
  of: Iterable<readonly [K, T]>,
  test: (key: K, value: T) => unknown,
): boolean {
  return decided(true, of, ([key, value]) => test(key, value));
}

function decided<T>(
  by: boolean,
  of: Iterable<T>,
  test: (value: T) => unknown,
): boolean {
  let failure: ExpressionError | undefined;
  for (const each of of) {
    try {
      if (condition(test(each)) === by) {
        return by;
      }
    } catch (error) {
      if (!(error instanceof ExpressionError)) {
        throw error;
      }
      failure ??= error;
    }
  }
  if (failure !== undefined) {
    throw failure;
  }
  return !by;
}

/** Whether the test holds for exactly one. */
export function existsOne<T>(
  of: Iterable<T>,
  test: (value: T) => boolean,
): boolean {
  let count = 0;
  for (const each of of) {
    count += test(each) ? 1 : 0;
  }
  return count === 1;
}

export function existsOnePair<K, T>(
  of: Iterable<readonly [K, T]>,
  test: (key: K, value: T) => boolean,
): boolean {
  return existsOne(of, ([key, value]) => test(key, value));
}

/** The values for which the test holds. */
export function filterPairs<K, T>(
  of: readonly (readonly [K, T])[],
  test: (key: K, value: T) => boolean,
): T[] {
  return of
    .filter(([key, value]) => test(key, value))
    .map(([, value]) => value);
}

/** A value for each pair for which the filter holds. */
export function mapPairs<K, T, R>(
  of: readonly (readonly [K, T])[],
  make: (key: K, value: T) => R,
  filter: (key: K, value: T) => boolean = always,
): R[] {
  return of
    .filter(([key, value]) => filter(key, value))
    .map(([key, value]) => make(key, value));
}

/** A map of the same keys, as far as the filter holds. */
export function transformMap<K, T, R>(
  of: readonly (readonly [K, T])[],
  make: (key: K, value: T) => R,
  filter: (key: K, value: T) => boolean = always,
): Record<string, R> {
  return mapping(
    of
      .filter(([key, value]) => filter(key, value))
      .map(([key, value]) => [key, make(key, value)] as const),
  );
}

/** A map of the entries that are made of each value. */
export function mergedMap<T, R>(
  of: readonly T[],
  make: (value: T) => Readonly<Record<string, R>>,
  filter: (value: T) => boolean = always,
): Record<string, R> {
  return merged(
    of.filter((value) => filter(value)).map((value) => make(value)),
  );
}

/** A map of the entries that are made of each pair. */
export function mergedPairs<K, T, R>(
  of: readonly (readonly [K, T])[],
  make: (key: K, value: T) => Readonly<Record<string, R>>,
  filter: (key: K, value: T) => boolean = always,
): Record<string, R> {
  return merged(mapPairs(of, make, filter));
}

function always(): boolean {
  return true;
}

/** `body` with a name for `value`. */
export function bind<T, R>(value: T, body: (value: T) => R): R {
  return body(value);
}

/** Keys of a map, in their order. */
export function keys(of: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(of).sort(compareText);
}

/** Keys and values of a map, in the order of the keys. */
export function entries<T>(of: Readonly<Record<string, T>>): [string, T][] {
  return keys(of).map((key) => [key, of[key] as T]);
}

/** Indexes and elements of a list. */
export function indexed<T>(of: readonly T[]): [number, T][] {
  return of.map((value, at) => [at, value]);
}

/** Elements of a list or keys of a map: which of them is known only now. */
export function elements(of: unknown): unknown[] {
  if (Array.isArray(of)) {
    return of;
  }
  if (isMapping(of)) {
    return keys(of);
  }
  throw noOverload("comprehension", of);
}

/** Indexes and elements, or keys and values. */
export function pairs(of: unknown): [unknown, unknown][] {
  if (Array.isArray(of)) {
    return indexed<unknown>(of);
  }
  if (isMapping(of)) {
    return entries(of);
  }
  throw noOverload("comprehension", of);
}

/** A map of entries, of which no key comes twice. */
export function mapping<T>(
  of: Iterable<readonly [unknown, T]>,
): Record<string, T> {
  const made = new Map<string, T>();
  for (const [key, value] of of) {
    if (typeof key !== "string") {
      throw noOverload("key", key);
    }
    if (made.has(key)) {
      throw new ExpressionError(`the key ${JSON.stringify(key)} stands twice`);
    }
    made.set(key, value);
  }
  return Object.fromEntries(made);
}

/** A map of the entries of all, of which no key comes twice. */
export function merged<T>(
  maps: Iterable<Readonly<Record<string, T>>>,
): Record<string, T> {
  const all: [string, T][] = [];
  for (const each of maps) {
    if (!isMapping(each)) {
      throw noOverload("entries", each);
    }
    all.push(...entries(each));
  }
  return mapping(all);
}

export function first<T>(of: readonly T[]): T | null {
  return of[0] ?? null;
}

export function last<T>(of: readonly T[]): T | null {
  return of.at(-1) ?? null;
}

export { condition };

/**
 * CEL's macros over lists and maps.
 *
 * It deliberately knows no expressions: a body is a function of its variables. Maps are gone through in the order of keys,
 * so that every language goes through them alike.
 */
import { compareText, condition, isMapping, noOverload } from "./cel.js";
import { ExpressionError } from "./errors.js";
/** Whether the test holds for each; one that denies it hides errors of others. */
export function every(of, test) {
  return decided(false, of, test);
}
/** Whether the test holds for one; one that does hides errors of others. */
export function some(of, test) {
  return decided(true, of, test);
}
export function everyPair(of, test) {
  return decided(false, of, ([key, value]) => test(key, value));
}
export function somePair(of, test) {
  return decided(true, of, ([key, value]) => test(key, value));
}
function decided(by, of, test) {
  let failure;
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
export function existsOne(of, test) {
  let count = 0;
  for (const each of of) {
    count += test(each) ? 1 : 0;
  }
  return count === 1;
}
export function existsOnePair(of, test) {
  return existsOne(of, ([key, value]) => test(key, value));
}
/** The values for which the test holds. */
export function filterPairs(of, test) {
  return of
    .filter(([key, value]) => test(key, value))
    .map(([, value]) => value);
}
/** A value for each pair for which the filter holds. */
export function mapPairs(of, make, filter = always) {
  return of
    .filter(([key, value]) => filter(key, value))
    .map(([key, value]) => make(key, value));
}
/** A map of the same keys, as far as the filter holds. */
export function transformMap(of, make, filter = always) {
  return mapping(
    of
      .filter(([key, value]) => filter(key, value))
      .map(([key, value]) => [key, make(key, value)]),
  );
}
/** A map of the entries that are made of each value. */
export function mergedMap(of, make, filter = always) {
  return merged(
    of.filter((value) => filter(value)).map((value) => make(value)),
  );
}
/** A map of the entries that are made of each pair. */
export function mergedPairs(of, make, filter = always) {
  return merged(mapPairs(of, make, filter));
}
function always() {
  return true;
}
/** `body` with a name for `value`. */
export function bind(value, body) {
  return body(value);
}
/** Keys of a map, in their order. */
export function keys(of) {
  return Object.keys(of).sort(compareText);
}
/** Keys and values of a map, in the order of the keys. */
export function entries(of) {
  return keys(of).map((key) => [key, of[key]]);
}
/** Indexes and elements of a list. */
export function indexed(of) {
  return of.map((value, at) => [at, value]);
}
/** Elements of a list or keys of a map: which of them is known only now. */
export function elements(of) {
  if (Array.isArray(of)) {
    return of;
  }
  if (isMapping(of)) {
    return keys(of);
  }
  throw noOverload("comprehension", of);
}
/** Indexes and elements, or keys and values. */
export function pairs(of) {
  if (Array.isArray(of)) {
    return indexed(of);
  }
  if (isMapping(of)) {
    return entries(of);
  }
  throw noOverload("comprehension", of);
}
/** A map of entries, of which no key comes twice. */
export function mapping(of) {
  const made = new Map();
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
export function merged(maps) {
  const all = [];
  for (const each of maps) {
    if (!isMapping(each)) {
      throw noOverload("entries", each);
    }
    all.push(...entries(each));
  }
  return mapping(all);
}
export function first(of) {
  return of[0] ?? null;
}
export function last(of) {
  return of.at(-1) ?? null;
}
export { condition };

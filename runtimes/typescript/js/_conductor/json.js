/**
 * JSON without loss: whole numbers beyond 2^53 are `bigint`, and what is a float stays one when it is written and read.
 *
 * It deliberately knows no types of a manifest.
 */
/** A float that `JSON.stringify` would write as something else: `-0`, or a whole number beyond 2^53. */
export class FloatText {
  constructor(value) {
    this.value = value;
  }
  /** Only `dumps` can write it: `JSON.stringify` is told that it cannot, as it says itself of a `bigint`. */
  toJSON() {
    throw new TypeError("a float that JSON.stringify would round");
  }
  toString() {
    return Object.is(this.value, -0) ? "-0.0" : this.value.toExponential();
  }
}
/** A float as JSON that reads back as the same float. */
export function floatJson(value) {
  if (Object.is(value, -0)) {
    return new FloatText(value);
  }
  return Number.isInteger(value) && !Number.isSafeInteger(value)
    ? new FloatText(value)
    : value;
}
/** Compact JSON on one line. */
export function dumps(value) {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof TypeError) {
      return exactly(value);
    }
    throw error;
  }
}
/** The JSON of a value, and the value as it reads back. */
export function wire(value) {
  try {
    return { text: JSON.stringify(value), json: value };
  } catch (error) {
    if (error instanceof TypeError) {
      const text = exactly(value);
      return { text, json: loads(text) };
    }
    throw error;
  }
}
function exactly(value) {
  if (typeof value === "bigint" || value instanceof FloatText) {
    return value.toString();
  }
  if (Array.isArray(value)) {
    return `[${value.map(exactly).join(",")}]`;
  }
  if (typeof value !== "object" || value === null) {
    return JSON.stringify(value) ?? "null";
  }
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([name, field]) => `${JSON.stringify(name)}:${exactly(field)}`);
  return `{${fields.join(",")}}`;
}
/** So many digits may make a number that is not safe; those of shorter ones never do. It is not looked for from within a number. */
const LONG = /(?:^|[^0-9])[0-9]{16}/;
/** Reads JSON that may hold whole numbers beyond 2^53. */
export function loads(text) {
  const value = JSON.parse(text);
  return LONG.test(text) ? new Reader(text).all(value) : value;
}
/** Strings, numbers, and what stands between them. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[{}[\],:]|true|false|null/g;
/** Reads again what `JSON.parse` has taken, so that it may rely on its form. */
class Reader {
  constructor(text) {
    this.tokens = text.matchAll(TOKEN);
    this.next = "";
    this.step();
  }
  /** The value, in which only whole numbers that `JSON.parse` has rounded are replaced. */
  all(rounded) {
    if (typeof rounded === "string") {
      return rounded;
    }
    return this.value();
  }
  step() {
    const taken = this.next;
    const found = this.tokens.next();
    this.next = found.done === true ? "" : found.value[0];
    return taken;
  }
  value() {
    const token = this.step();
    switch (token) {
      case "[":
        return this.list();
      case "{":
        return this.object();
      case "true":
        return true;
      case "false":
        return false;
      case "null":
        return null;
      default:
        return token.startsWith('"') ? JSON.parse(token) : number(token);
    }
  }
  list() {
    const items = [];
    while (this.next !== "]") {
      items.push(this.value());
      if (this.next === ",") {
        this.step();
      }
    }
    this.step();
    return items;
  }
  object() {
    const fields = [];
    while (this.next !== "}") {
      const name = JSON.parse(this.step());
      this.step();
      fields.push([name, this.value()]);
      if (this.next === ",") {
        this.step();
      }
    }
    this.step();
    // Unlike an assignment this takes `__proto__` for a name.
    return Object.fromEntries(fields);
  }
}
const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 63n - 1n;
function number(token) {
  const value = Number(token);
  if (Number.isSafeInteger(value) || !/^-?[0-9]+$/.test(token)) {
    return value;
  }
  const whole = BigInt(token);
  // Beyond 64 bits there are no ints, so that it can only be a float.
  return whole >= SMALLEST && whole <= LARGEST ? whole : value;
}
/** A field that is text; empty where it is not. */
export function textAt(object, name) {
  const found = object[name];
  return typeof found === "string" ? found : "";
}
/** Whether it is an object with names and values, and neither a list nor of a class. */
export function isRecord(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return false;
  }
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

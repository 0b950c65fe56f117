/** Every function and operator of an expression comes to what `conductor eval` says: the table that all languages share. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as cel from "../js/_conductor/cel.js";
import * as lists from "../js/_conductor/celLists.js";
import * as math from "../js/_conductor/celMath.js";
import * as text from "../js/_conductor/celText.js";
import * as time from "../js/_conductor/celTime.js";
import { ExpressionError, ResultError } from "../js/_conductor/errors.js";
import { loads } from "../js/_conductor/json.js";
import * as scalars from "../js/_conductor/scalars.js";

const TABLE = new URL(
  "../../../tests/expressions/calls.jsonl",
  import.meta.url,
);

/** The value of an argument, and the type by which generated code chooses the function. */
function argument(json) {
  if (json === null || typeof json !== "object") {
    return [json, json === null ? "null" : typeof json];
  }
  const [[type, of]] = Object.entries(json);
  switch (type) {
    case "int":
      return [cel.int64(BigInt(of)), type];
    case "float":
      return [Number(of), type];
    case "bytes":
      return [scalars.decodeBytes(of), type];
    case "decimal":
      return [scalars.decodeDecimal(of), type];
    case "timestamp":
      return [time.timestamp(of), type];
    case "duration":
      return [time.duration(of), type];
    case "list": {
      const items = of.map(argument);
      return [items.map(([value]) => value), `list<${items[0]?.[1] ?? ""}>`];
    }
    case "map":
      return [
        Object.fromEntries(
          Object.entries(of).map(([name, value]) => [name, argument(value)[0]]),
        ),
        type,
      ];
    default:
      return [of, type];
  }
}

const compared = (compare) => ({
  "<": (a, b) => compare(a, b) < 0,
  "<=": (a, b) => compare(a, b) <= 0,
  ">": (a, b) => compare(a, b) > 0,
  ">=": (a, b) => compare(a, b) >= 0,
  "==": (a, b) => compare(a, b) === 0,
  "!=": (a, b) => compare(a, b) !== 0,
});

const ORDER = {
  decimal: compared(cel.compareDecimal),
  duration: compared(time.compareDurations),
  timestamp: compared(time.compareTimestamps),
};

const ANY_ORDER = {
  "<": cel.less,
  "<=": cel.lessOrEqual,
  ">": cel.greater,
  ">=": cel.greaterOrEqual,
  "==": cel.equal,
  "!=": (a, b) => !cel.equal(a, b),
  in: cel.contained,
};

/** By the types of the arguments. */
const TYPED = {
  "int,int": {
    "+": cel.addInt,
    "-": cel.subtractInt,
    "*": cel.multiplyInt,
    "/": cel.divideInt,
    "%": cel.moduloInt,
  },
  "float,float": {
    "+": cel.addFloat,
    "-": cel.subtractFloat,
    "*": cel.multiplyFloat,
    "/": cel.divideFloat,
  },
  "decimal,decimal": {
    "+": cel.addDecimal,
    "-": cel.subtractDecimal,
    "*": cel.multiplyDecimal,
    "/": cel.divideDecimal,
  },
  "string,string": { "+": (a, b) => a + b },
  "timestamp,duration": { "+": time.later, "-": time.earlier },
  "timestamp,timestamp": { "-": time.since },
  "date,duration": { "+": time.daysLater, "-": time.daysEarlier },
  "date,date": { "-": time.daysSince },
  "duration,duration": { "+": time.spansAdded, "-": time.spansSubtracted },
  int: {
    neg: cel.negateInt,
    decimal: cel.intToDecimal,
    double: cel.intToFloat,
    "math.abs": math.absoluteInt,
    "math.sign": math.signInt,
  },
  float: {
    neg: (a) => -a,
    decimal: cel.floatToDecimal,
    int: cel.floatToInt,
    string: cel.floatText,
  },
  decimal: {
    neg: cel.negateDecimal,
    int: cel.decimalToInt,
    double: cel.decimalToFloat,
    "math.abs": math.absoluteDecimal,
    "math.sign": math.signDecimal,
    "math.ceil": math.ceilDecimal,
    "math.floor": math.floorDecimal,
    "math.round": math.roundDecimal,
    "math.trunc": math.truncDecimal,
  },
  timestamp: { string: time.timestampText },
  date: { timestamp: time.timestampOfDate },
  bytes: { string: text.fromBytes },
  "list<decimal>": {
    "math.greatest": math.greatestDecimal,
    "math.least": math.leastDecimal,
  },
};

const UNTYPED = {
  size: cel.size,
  contains: cel.contains,
  startsWith: cel.startsWith,
  endsWith: cel.endsWith,
  matches: cel.matches,
  string: cel.text,
  int: cel.toInt,
  double: cel.toFloat,
  decimal: cel.toDecimal,
  bool: cel.toBool,
  bytes: text.toBytes,
  charAt: text.charAt,
  indexOf: text.indexOf,
  lastIndexOf: text.lastIndexOf,
  join: text.join,
  lowerAscii: text.lowerAscii,
  upperAscii: text.upperAscii,
  replace: text.replace,
  split: text.split,
  substring: text.substring,
  trim: text.trim,
  reverse: text.reverse,
  format: text.format,
  "strings.quote": text.quote,
  "base64.encode": text.base64Encode,
  "base64.decode": text.base64Decode,
  timestamp: time.timestamp,
  duration: time.duration,
  date: time.date,
  getFullYear: time.getFullYear,
  getMonth: time.getMonth,
  getDate: time.getDate,
  getDayOfMonth: time.getDayOfMonth,
  getDayOfWeek: time.getDayOfWeek,
  getDayOfYear: time.getDayOfYear,
  getHours: time.getHours,
  getMinutes: time.getMinutes,
  getSeconds: time.getSeconds,
  getMilliseconds: time.getMilliseconds,
  first: lists.first,
  last: lists.last,
  "math.greatest": math.greatest,
  "math.least": math.least,
  "math.abs": math.absolute,
  "math.sign": math.sign,
  "math.ceil": math.ceil,
  "math.floor": math.floor,
  "math.round": math.round,
  "math.trunc": math.trunc,
  "math.sqrt": math.sqrt,
  "math.isNaN": math.isNaN,
  "math.isInf": math.isInf,
  "math.isFinite": math.isFinite,
  "math.bitAnd": math.bitAnd,
  "math.bitOr": math.bitOr,
  "math.bitXor": math.bitXor,
  "math.bitNot": math.bitNot,
  "math.bitShiftLeft": math.shiftLeft,
  "math.bitShiftRight": math.shiftRight,
};

/** As generated code would choose. */
function chosen(name, types) {
  return (
    TYPED[types.join(",")]?.[name] ??
    ORDER[types[0]]?.[name] ??
    ANY_ORDER[name] ??
    UNTYPED[name]
  );
}

const ENCODE = {
  float: scalars.encodeFloat,
  decimal: scalars.encodeDecimal,
  bytes: scalars.encodeBytes,
  timestamp: scalars.encodeTimestamp,
  date: scalars.encodeDate,
  duration: scalars.encodeDuration,
};

/** Arguments of a template whose text depends on their type say which they are. */
function marked(value, type) {
  return type === "decimal"
    ? text.decimal(value)
    : type === "float"
      ? text.float(value)
      : value;
}

function made({ call, args, type }) {
  const given = args.map(argument);
  const values = given.map(([value]) => value);
  if (call === "format") {
    values[1] = args[1].list.map((item) => marked(...argument(item)));
  }
  const work = chosen(
    call,
    given.map(([, kind]) => kind),
  );
  assert.ok(work, `nobody does ${call}`);
  const value = work(...values);
  // What is too small to be written down has no value.
  const isDecimal =
    given.every(([, kind]) => kind === "decimal") && typeof value === "string";
  return (ENCODE[type] ?? (isDecimal ? scalars.encodeDecimal : (same) => same))(
    value,
  );
}

/** Whether both are the same JSON: a float's sign of zero and digits beyond 2^53 included. */
function same(found, wanted, type) {
  if (type === "float") {
    return Object.is(scalars.decodeFloat(found), scalars.decodeFloat(wanted));
  }
  if (Array.isArray(wanted)) {
    return (
      wanted.length === found.length &&
      wanted.every((item, at) => item === found[at])
    );
  }
  return found === wanted;
}

test("the table of calls", () => {
  const wrong = [];
  let count = 0;
  for (const line of readFileSync(TABLE, "utf8").trim().split("\n")) {
    const row = loads(line);
    count += 1;
    try {
      const found = made(row);
      if (row.error === true || !same(found, row.value, row.type)) {
        wrong.push(
          `${row.expr}: ${String(found)}, not ${row.error ? "an error" : String(row.value)}`,
        );
      }
    } catch (error) {
      if (
        row.error !== true ||
        !(error instanceof ExpressionError || error instanceof ResultError)
      ) {
        wrong.push(`${row.expr}: ${error.stack}`);
      }
    }
  }
  assert.ok(count > 3000);
  assert.deepEqual(wrong, []);
});

/**
 * CEL's `template.format(args)`: the clauses `%s %d %f %e %b %o %x %X`.
 *
 * It deliberately knows no locale.
 */
import { compareText, floatText, isMapping, noOverload, text } from "./cel.js";
import * as decimals from "./decimal.js";
import { ExpressionError } from "./errors.js";
/** More decimals than this say nothing about a float. */
const MAX_PRECISION = 1000;
const CLAUSE = /%(?:(%)|(?:\.([0-9]+))?([^]))?/gu;
/** A decimal among the arguments: as it is only text, whoever knows its type says so. */
class DecimalArgument {
  constructor(of) {
    this.text = of;
  }
}
/** A float among the arguments, which may be a whole number. */
class FloatArgument {
  constructor(of) {
    this.number = of;
  }
}
/** Says of an argument that it is a decimal. */
export function decimal(of) {
  return new DecimalArgument(of);
}
/** Says of an argument that it is a float. */
export function float(of) {
  return new FloatArgument(of);
}
/** The template with its clauses filled in. */
export function format(template, args) {
  let next = 0;
  return template.replace(CLAUSE, (clause, percent, precision, letter) => {
    if (percent !== undefined) {
      return percent;
    }
    if (letter === undefined || (letter === "." && precision === undefined)) {
      throw new ExpressionError(`a clause of the template is wrong: ${clause}`);
    }
    if (precision !== undefined && Number(precision) > MAX_PRECISION) {
      throw new ExpressionError("the precision of a clause is wrong");
    }
    if (next >= args.length) {
      throw new ExpressionError("there are fewer arguments than clauses");
    }
    const arg = args[next];
    next += 1;
    return filled(letter, precision === undefined ? 6 : Number(precision), arg);
  });
}
function filled(letter, places, arg) {
  const found = clause(letter, places, arg);
  if (found === undefined) {
    throw "sdfeboxX".includes(letter)
      ? noOverload(`%${letter}`, arg)
      : new ExpressionError(`%${letter} is not a clause`);
  }
  return found;
}
function clause(letter, places, arg) {
  switch (letter) {
    case "s":
      return shown(arg);
    case "d": {
      const number = arg instanceof FloatArgument ? arg.number : arg;
      return typeof number === "number" && !Number.isFinite(number)
        ? floatText(number)
        : digits(arg, 10);
    }
    case "b":
      return typeof arg === "boolean" ? (arg ? "1" : "0") : digits(arg, 2);
    case "o":
      return digits(arg, 8);
    case "x":
      return hexadecimal(arg);
    case "X":
      return hexadecimal(arg)?.toUpperCase();
    case "f":
      return arg instanceof DecimalArgument
        ? fixedDecimal(arg.text, places)
        : written(arg, (number) => fixed(number, places));
    case "e":
      return written(arg, (number) => scientific(number, places));
    default:
      return undefined;
  }
}
function digits(arg, radix) {
  const isInt = typeof arg === "bigint" || Number.isSafeInteger(arg);
  return isInt ? arg.toString(radix) : undefined;
}
function hexadecimal(arg) {
  if (typeof arg === "string") {
    return Buffer.from(arg).toString("hex");
  }
  return arg instanceof Uint8Array
    ? Buffer.from(arg).toString("hex")
    : digits(arg, 16);
}
function written(of, write) {
  const arg = of instanceof FloatArgument ? of.number : of;
  if (typeof arg !== "number" && typeof arg !== "bigint") {
    return undefined;
  }
  const number = Number(arg);
  return Number.isFinite(number) ? write(number) : floatText(number);
}
/** The exact digits of the float, rounded half to even: `toFixed` knows no more than 100 places, and not all numbers. */
function fixed(number, places) {
  const text = decimals.withPlaces(exact(number), places);
  return text ?? String(number);
}
function fixedDecimal(of, places) {
  const found = decimals.withPlaces(decimals.read(of), places);
  if (found === undefined) {
    throw new ExpressionError(
      "the decimal is too large or too small to be written out",
    );
  }
  return found;
}
/** A float is a whole number of halves of halves. */
function exact(number) {
  let size = Math.abs(number);
  let halvings = 0;
  while (!Number.isInteger(size)) {
    size *= 2;
    halvings += 1;
  }
  const digits = BigInt(size) * 5n ** BigInt(halvings);
  const negative = number < 0 || Object.is(number, -0);
  return { negative, digits, exponent: -halvings };
}
function scientific(number, places) {
  const [mantissa, power] = scientificParts(number, places);
  const sign = power < 0 ? "-" : "+";
  return `${mantissa}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}
function scientificParts(number, places) {
  const of = exact(number);
  if (of.digits === 0n) {
    const zero = decimals.withPlaces({ ...of, exponent: 0 }, places) ?? "0";
    return [zero, 0];
  }
  const power = decimals.adjusted(of);
  const mantissa = { ...of, exponent: of.exponent - power };
  const text = decimals.withPlaces(mantissa, places) ?? "";
  // 9.99... became 10.00...
  if (text.replace("-", "").startsWith("10")) {
    const less = { ...mantissa, exponent: mantissa.exponent - 1 };
    return [decimals.withPlaces(less, places) ?? "", power + 1];
  }
  return [text, power];
}
function shown(arg) {
  if (arg instanceof DecimalArgument) {
    return arg.text;
  }
  if (arg instanceof FloatArgument) {
    return floatText(arg.number);
  }
  if (Array.isArray(arg)) {
    return `[${arg.map(shown).join(", ")}]`;
  }
  if (arg instanceof Uint8Array) {
    return new TextDecoder().decode(arg);
  }
  if (isMapping(arg)) {
    const pairs = Object.entries(arg).sort(([one], [other]) =>
      compareText(one, other),
    );
    const shownPairs = pairs.map(([key, value]) => `${key}: ${shown(value)}`);
    return `{${shownPairs.join(", ")}}`;
  }
  return text(arg);
}

/**
 * Decimals as strings of exact digits, rounded half to even to 34 of them where an operation makes more.
 *
 * It deliberately knows only the arithmetic of the General Decimal Arithmetic specification, as `compiler/cel/src/eval/decimal.rs` has it.
 */
import { ExpressionError } from "./errors.js";
/** Digits that an operation keeps: those of IEEE 754's decimal128. */
const PRECISION = 34;
const MAX_EXPONENT = 999_999;
/** The exponent of the smallest digit that is kept. */
const LAST_PLACE = -MAX_EXPONENT - 33;
/** Digits of a number that is read. */
const MAX_DIGITS = 1000;
const FORM =
  /^([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]{1,9}))?$/;
/** The decimal in its usual form; nothing where the text is none. */
export function canonical(text) {
  const number = parse(text);
  return number === undefined ? undefined : write(number);
}
/** Digits with an optional point and exponent: `-1.50e3`. */
export function parse(text) {
  const match = FORM.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign, whole = "", fraction = match[4] ?? "", , power = "0"] = match;
  const all = whole + fraction;
  const number = {
    negative: sign === "-",
    digits: BigInt(all),
    exponent: Number(power) - fraction.length,
  };
  const isTooLarge = Math.abs(adjusted(number)) > MAX_EXPONENT;
  return all.length > MAX_DIGITS || isTooLarge ? undefined : number;
}
/** The number that a text is known to be. */
export function read(text) {
  const found = parse(text);
  if (found === undefined) {
    throw new ExpressionError(`\`${text}\` is not a decimal`);
  }
  return found;
}
function count(digits) {
  return digits === 0n ? 0 : digits.toString().length;
}
/** The exponent of the first digit. */
export function adjusted(of) {
  return of.exponent + Math.max(1, count(of.digits)) - 1;
}
/** As the specification has it: without an exponent where the number is neither large nor tiny. */
export function write(of) {
  const digits = of.digits.toString();
  const sign = of.negative ? "-" : "";
  const first = adjusted(of);
  if (of.exponent <= 0 && first >= -6) {
    return sign + placed(digits, -of.exponent);
  }
  const rest = digits.slice(1);
  const point = rest === "" ? "" : ".";
  const power = first < 0 ? String(first) : `+${String(first)}`;
  return `${sign}${digits.charAt(0)}${point}${rest}E${power}`;
}
function placed(digits, places) {
  const padded = digits.padStart(places + 1, "0");
  const whole = padded.slice(0, padded.length - places);
  return places === 0 ? whole : `${whole}.${padded.slice(-places)}`;
}
function power(places) {
  return 10n ** BigInt(places);
}
/** `digits` without the last `drop`, rounded. */
function rounded(digits, drop, negative, rounding) {
  if (digits === 0n) {
    return 0n;
  }
  // Beyond all digits one more place says as much as thousands.
  const places = Math.min(drop, count(digits) + 1);
  const divisor = power(places);
  const kept = digits / divisor;
  const rest = digits % divisor;
  const twice = 2n * rest;
  const up = {
    truncate: false,
    ceiling: !negative && rest > 0n,
    floor: negative && rest > 0n,
    half: twice >= divisor,
    halfEven: twice > divisor || (twice === divisor && kept % 2n === 1n),
  }[rounding];
  return up ? kept + 1n : kept;
}
/** Rounded to the precision; an error where it is too large. */
function fixed(of) {
  let { digits, exponent } = of;
  const surplus = Math.max(0, count(digits) - PRECISION);
  const drop = Math.max(surplus, LAST_PLACE - exponent, 0);
  if (drop > 0) {
    digits = rounded(digits, drop, of.negative, "halfEven");
    exponent += drop;
    // 9.99... became 10.00...: one digit more, which is a zero.
    if (count(digits) > PRECISION) {
      digits /= 10n;
      exponent += 1;
    }
  }
  if (digits === 0n) {
    exponent = Math.min(Math.max(exponent, LAST_PLACE), MAX_EXPONENT);
  }
  const result = { negative: of.negative, digits, exponent };
  if (adjusted(result) > MAX_EXPONENT) {
    throw new ExpressionError("the decimal is too large");
  }
  return result;
}
function toExponent(of, exponent, rounding) {
  const drop = exponent - of.exponent;
  const digits =
    drop >= 0
      ? rounded(of.digits, drop, of.negative, rounding)
      : of.digits === 0n
        ? 0n
        : of.digits * power(-drop);
  return { negative: of.negative, digits, exponent };
}
/** The number without a fraction. */
export function whole(of, rounding) {
  return of.exponent >= 0 ? of : toExponent(of, 0, rounding);
}
/** The number with so many digits after the point; nothing where its exponent is far off. */
export function withPlaces(of, places) {
  if (Math.abs(adjusted(of)) > 2000) {
    return undefined;
  }
  const made = toExponent(of, -places, "halfEven");
  const sign = made.negative ? "-" : "";
  return sign + placed(made.digits.toString(), places);
}
export function negated(of) {
  // Zero minus the number: zero has no sign then, and what is too long is rounded.
  const negative = !of.negative && of.digits !== 0n;
  return fixed({ ...of, negative });
}
export function absolute(of) {
  return fixed({ ...of, negative: false });
}
export function sum(left, right) {
  if (left.digits === 0n || right.digits === 0n) {
    return plusZero(left, right);
  }
  const [high, low] = aligned(left, right);
  const signed = (of) => (of.negative ? -of.digits : of.digits);
  const total = signed(high) + signed(low);
  return fixed({
    negative: total < 0n,
    digits: total < 0n ? -total : total,
    exponent: low.exponent,
  });
}
/** A sum of which one side is zero: the other, with the smaller exponent as far as there is room. */
function plusZero(left, right) {
  const exponent = Math.min(left.exponent, right.exponent);
  const [kept, zero] = left.digits === 0n ? [right, left] : [left, right];
  if (kept.digits === 0n) {
    const negative = kept.negative && zero.negative;
    return fixed({ negative, digits: 0n, exponent });
  }
  const room = Math.max(0, PRECISION + 1 - count(kept.digits));
  const lowest = Math.max(exponent, kept.exponent - room);
  return fixed(toExponent(kept, lowest, "halfEven"));
}
/** Both with the smaller exponent. What lies far below the last digit that counts becomes a one there. */
function aligned(left, right) {
  const [above, below] =
    left.exponent < right.exponent ? [right, left] : [left, right];
  const room = Math.min(-1, count(above.digits) - PRECISION - 2);
  const last = above.exponent + room;
  const low =
    adjusted(below) < last
      ? { negative: below.negative, digits: 1n, exponent: last }
      : below;
  const digits = above.digits * power(above.exponent - low.exponent);
  return [{ ...above, digits, exponent: low.exponent }, low];
}
export function difference(left, right) {
  return sum(left, { ...right, negative: !right.negative });
}
export function product(left, right) {
  return fixed({
    negative: left.negative !== right.negative,
    digits: left.digits * right.digits,
    exponent: left.exponent + right.exponent,
  });
}
export function quotient(left, right) {
  if (right.digits === 0n) {
    throw new ExpressionError("division by zero");
  }
  const negative = left.negative !== right.negative;
  const ideal = left.exponent - right.exponent;
  if (left.digits === 0n) {
    return fixed({ negative, digits: 0n, exponent: ideal });
  }
  const shift = count(right.digits) - count(left.digits) + PRECISION + 1;
  let exponent = ideal - shift;
  const above = shift >= 0 ? left.digits * power(shift) : left.digits;
  const below = shift >= 0 ? right.digits : right.digits * power(-shift);
  let digits = above / below;
  if (above % below !== 0n) {
    // What is cut off must not look like a half or like nothing.
    digits += digits % 5n === 0n ? 1n : 0n;
  } else {
    while (exponent < ideal && digits % 10n === 0n) {
      digits /= 10n;
      exponent += 1;
    }
  }
  return fixed({ negative, digits, exponent });
}
/** Negative, zero or positive. */
export function compare(left, right) {
  const sign = (of) => (of.digits === 0n ? 0 : of.negative ? -1 : 1);
  if (sign(left) !== sign(right) || left.digits === 0n) {
    return sign(left) - sign(right);
  }
  const places = adjusted(left) - adjusted(right);
  if (places !== 0) {
    return places * sign(left);
  }
  const least = Math.min(left.exponent, right.exponent);
  const one = left.digits * power(left.exponent - least);
  const other = right.digits * power(right.exponent - least);
  return one === other ? 0 : (one < other ? -1 : 1) * sign(left);
}
/** The number that the shortest spelling of a double stands for. */
export function ofFloat(number) {
  if (!Number.isFinite(number)) {
    return undefined;
  }
  const text = Object.is(number, -0) ? "-0.0" : spelled(number);
  return parse(text);
}
/** As other languages spell it, whose digits after the point count: `1.0` and `1e+16`. */
function spelled(number) {
  const scientific = number.toExponential();
  const places = Number(scientific.slice(scientific.indexOf("e") + 1));
  if (places < -4 || places >= 16) {
    return scientific;
  }
  return Number.isInteger(number) ? `${String(number)}.0` : String(number);
}
/** A whole number of at most 64 bits, cut off after the point; nothing where it does not fit. */
export function toWhole(of) {
  const cut = whole(of, "truncate");
  if (cut.digits === 0n) {
    return 0n;
  }
  if (adjusted(cut) > 20) {
    return undefined;
  }
  const size = cut.digits * power(cut.exponent);
  const value = cut.negative ? -size : size;
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

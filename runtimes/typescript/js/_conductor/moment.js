/**
 * Points in time to the microsecond: a `Date` that knows what a `Date` cannot hold, and their texts.
 *
 * It deliberately reads no clock and knows no zones; those are in `celTime`.
 */
/** Milliseconds of the first and the last moment of the years 1 to 9999. */
export const FIRST = -62_135_596_800_000;
export const LAST = 253_402_300_799_999;
/** A moment of an expression. Whoever is handed one has a `Date`. */
export class Moment extends Date {
  constructor(milliseconds, micros = 0, isLocal = false) {
    super(milliseconds);
    this.micros = micros;
    this.isLocal = isLocal;
  }
}
/** Microseconds beyond the millisecond. */
export function microsOf(at) {
  return at instanceof Moment ? at.micros : 0;
}
export function isLocal(at) {
  return at instanceof Moment && at.isLocal;
}
/** Microseconds since 1970. */
export function epochMicros(at) {
  return BigInt(at.getTime()) * 1000n + BigInt(microsOf(at));
}
/** The moment so many microseconds after 1970; nothing outside of the years 1 to 9999. */
export function momentOf(micros, local = false) {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const milliseconds = Number((micros - rest) / 1000n);
  return milliseconds < FIRST || milliseconds > LAST
    ? undefined
    : new Moment(milliseconds, Number(rest), local);
}
const CLOCK =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(Z|z|[+-][0-9]{2}:[0-9]{2})?$/;
/** Reads ISO 8601, with an offset or without one. What is smaller than a microsecond is cut off. */
export function readMoment(text) {
  const match = CLOCK.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, date = "", clock = "", fraction = "", zone] = match;
  const milliseconds = readClock(date, clock);
  const offset = zone === undefined ? 0 : readOffset(zone);
  if (milliseconds === undefined || offset === undefined) {
    return undefined;
  }
  const micros = BigInt(fraction.slice(0, 6).padEnd(6, "0"));
  const at = BigInt(milliseconds - offset * 60_000) * 1000n + micros;
  return momentOf(at, zone === undefined);
}
function readClock(date, clock) {
  const day = readDate(date);
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(":").map(Number);
  if (day === undefined || hours > 23 || minutes > 59 || seconds > 59) {
    return undefined;
  }
  return day + ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
/** Milliseconds of the midnight of `2026-01-31` in UTC. */
export function readDate(text) {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) {
    return undefined;
  }
  const [year = 0, month = 0, day = 0] = text.split("-").map(Number);
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  const isReal =
    at.getUTCFullYear() === year &&
    at.getUTCMonth() === month - 1 &&
    at.getUTCDate() === day &&
    year >= 1;
  return isReal ? at.getTime() : undefined;
}
/** Minutes east of UTC of `Z`, `+02:00`, `-02:30` or `02:00`. */
export function readOffset(zone) {
  if (zone === "Z" || zone === "z") {
    return 0;
  }
  const match = /^([+-]?)([0-9]{2}):([0-9]{2})$/.exec(zone);
  if (match === null) {
    return undefined;
  }
  const [, sign, hours = "", minutes = ""] = match;
  if (Number(hours) > 23 || Number(minutes) > 59) {
    return undefined;
  }
  const offset = Number(hours) * 60 + Number(minutes);
  return sign === "-" ? -offset : offset;
}
/** Date and time to the second, without a zone. */
export function clockText(at) {
  return at.toISOString().slice(-24, -5).padStart(19, "0");
}
/** As the journal has it: with the offset of UTC, and six decimals or none. */
export function momentJson(at) {
  const fraction = (at.getUTCMilliseconds() * 1000 + microsOf(at)).toString();
  const decimals = fraction === "0" ? "" : `.${fraction.padStart(6, "0")}`;
  return `${clockText(at)}${decimals}${isLocal(at) ? "" : "+00:00"}`;
}
/** RFC 3339 in UTC, with as many decimals as needed. */
export function momentText(at) {
  const fraction = (at.getUTCMilliseconds() * 1000 + microsOf(at)).toString();
  const decimals = fraction.padStart(6, "0").replace(/0+$/, "");
  const point = decimals === "" ? "" : `.${decimals}`;
  return `${clockText(at)}${point}${isLocal(at) ? "" : "Z"}`;
}
/** `2026-01-31`, of a moment in UTC. */
export function dateText(at) {
  return clockText(at).slice(0, 10);
}

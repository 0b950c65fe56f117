/**
 * What a calendar shows of a moment, in UTC, at an offset or in a zone by its name.
 *
 * It deliberately knows no text of a moment, and no local zone.
 */
import { ExpressionError } from "./errors.js";
import { FIRST, LAST } from "./moment.js";
/** In a zone by its name, or so many minutes east of UTC. */
export function fieldsIn(at, zone) {
  const offset =
    typeof zone === "number" ? zone * 60_000 : offsetOf(at.getTime(), zone);
  const shifted = at.getTime() + offset;
  if (shifted < FIRST || shifted > LAST) {
    throw new ExpressionError("this timestamp is outside the years 1 to 9999");
  }
  const shown = new Date(shifted);
  const year = shown.getUTCFullYear();
  const newYear = new Date(0);
  newYear.setUTCFullYear(year, 0, 1);
  return {
    year,
    month: shown.getUTCMonth(),
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
    millisecond: shown.getUTCMilliseconds(),
    weekday: shown.getUTCDay(),
    dayOfYear: Math.floor((shifted - newYear.getTime()) / 86_400_000),
  };
}
const clocks = new Map();
function clockOf(zone) {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = made(zone);
    clocks.set(zone, clock);
  }
  return clock;
}
/** The names of zones are told apart by case, as in the database of other languages. */
function made(zone) {
  const isNamed = /^[A-Z]/.test(zone);
  try {
    if (isNamed) {
      return new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        era: "short",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    }
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
  }
  throw new ExpressionError(`there is no time zone ${JSON.stringify(zone)}`);
}
/** Milliseconds east of UTC at a moment. */
function offsetOf(time, zone) {
  const parts = new Map(
    clockOf(zone)
      .formatToParts(time)
      .map(({ type, value }) => [type, value]),
  );
  const part = (name) => Number(parts.get(name));
  const year = parts.get("era") === "BC" ? 1 - part("year") : part("year");
  const shown = new Date(0);
  shown.setUTCFullYear(year, part("month") - 1, part("day"));
  shown.setUTCHours(part("hour"), part("minute"), part("second"));
  return shown.getTime() - Math.floor(time / 1000) * 1000;
}

/**
 * Points in time to the microsecond: a `Date` that knows what a `Date` cannot hold, and their texts.
 *
 * It deliberately reads no clock and knows no zones; those are in `celTime`.
 */
/** Milliseconds of the first and the last moment of the years 1 to 9999. */
export declare const FIRST = -62135596800000;
export declare const LAST = 253402300799999;
/** A moment of an expression. Whoever is handed one has a `Date`. */
export declare class Moment extends Date {
  /** Microseconds beyond the millisecond, 0 to 999. */
  readonly micros: number;
  /** A moment without an offset shows its own clock, and has no place among others. */
  readonly isLocal: boolean;
  constructor(milliseconds: number, micros?: number, isLocal?: boolean);
}
/** Microseconds beyond the millisecond. */
export declare function microsOf(at: Date): number;
export declare function isLocal(at: Date): boolean;
/** Microseconds since 1970. */
export declare function epochMicros(at: Date): bigint;
/** The moment so many microseconds after 1970; nothing outside of the years 1 to 9999. */
export declare function momentOf(
  micros: bigint,
  local?: boolean,
): Moment | undefined;
/** Reads ISO 8601, with an offset or without one. What is smaller than a microsecond is cut off. */
export declare function readMoment(text: string): Moment | undefined;
/** Milliseconds of the midnight of `2026-01-31` in UTC. */
export declare function readDate(text: string): number | undefined;
/** Minutes east of UTC of `Z`, `+02:00`, `-02:30` or `02:00`. */
export declare function readOffset(zone: string): number | undefined;
/** Date and time to the second, without a zone. */
export declare function clockText(at: Date): string;
/** As the journal has it: with the offset of UTC, and six decimals or none. */
export declare function momentJson(at: Date): string;
/** RFC 3339 in UTC, with as many decimals as needed. */
export declare function momentText(at: Date): string;
/** `2026-01-31`, of a moment in UTC. */
export declare function dateText(at: Date): string;

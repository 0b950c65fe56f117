/**
 * What a calendar shows of a moment, in UTC, at an offset or in a zone by its name.
 *
 * It deliberately knows no text of a moment, and no local zone.
 */
export interface Fields {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  /** Sunday is 0. */
  readonly weekday: number;
  /** From 0. */
  readonly dayOfYear: number;
}
/** In a zone by its name, or so many minutes east of UTC. */
export declare function fieldsIn(at: Date, zone: string | number): Fields;

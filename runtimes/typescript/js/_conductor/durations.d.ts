/**
 * Durations as the manifest writes them in JSON: seconds with a fraction and an `s`.
 *
 * It deliberately knows no calendar.
 */
/** Microseconds of a duration such as `1.5s`. */
export declare function decodeMicros(value: unknown): bigint;
/** A duration in its usual form: `90s`, `-0.5s`. */
export declare function microsText(micros: bigint): string;
/** Milliseconds of a duration, with a fraction. */
export declare function decodeMilliseconds(value: unknown): number;

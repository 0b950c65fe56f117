/**
 * Timers of any length: those of Node fire at once where they are set to more than 24 days.
 *
 * It deliberately knows nothing of cancellation.
 */
/** Node's own timers can be no longer. */
export declare const LONGEST: number;
/** Takes a timer back. */
export type Stop = () => void;
/** Calls `action` in so many milliseconds. */
export declare function after(milliseconds: number, action: () => void): Stop;
/** Milliseconds of a clock that is never set back. */
export declare function monotonic(): number;
/** Milliseconds since the Unix epoch. */
export declare function nowMs(): number;

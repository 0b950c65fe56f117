/**
 * Timers of any length: those of Node fire at once where they are set to more than 24 days.
 *
 * It deliberately knows nothing of cancellation.
 */

/** Node's own timers can be no longer. */
export const LONGEST = 2 ** 31 - 1;

/** Takes a timer back. */
export type Stop = () => void;

/** Calls `action` in so many milliseconds. */
export function after(milliseconds: number, action: () => void): Stop {
  if (milliseconds <= LONGEST) {
    const timer = setTimeout(action, Math.max(0, milliseconds));
    return () => {
      clearTimeout(timer);
    };
  }
  let stop: Stop;
  const timer = setTimeout(() => {
    stop = after(milliseconds - LONGEST, action);
  }, LONGEST);
  stop = () => {
    clearTimeout(timer);
  };
  return () => {
    stop();
  };
}

/** Milliseconds of a clock that is never set back. */
export function monotonic(): number {
  return performance.now();
}

/** Milliseconds since the Unix epoch. */
export function nowMs(): number {
  return Date.now();
}

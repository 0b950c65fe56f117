/**
 * Who this process is, in the kernel's own terms.
 *
 * It deliberately knows nothing of sessions.
 */
/** Field 22 of `/proc/PID/stat`, 0 where the system has none: with it a pid that is used again is noticed. */
export declare function startTime(): number;

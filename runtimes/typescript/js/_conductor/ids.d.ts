/**
 * Ids of runs and sessions: UUIDs of version 7, which sort by time.
 *
 * It deliberately knows nothing of what they name.
 */
/** A UUID of version 7 (RFC 9562, section 5.7). */
export declare function newRunId(): string;

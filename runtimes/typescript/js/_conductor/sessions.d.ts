/**
 * The session of this thread: made on first use, and closed when it is asked to. Each worker thread has modules, and a session, of its own.
 *
 * It deliberately knows nothing of what a session says.
 */
import { Session } from "./session.js";
/** The thread's session, connected; throws where no sidecar can be reached. */
export declare function sessionFor(
  workflow: string,
  run: string,
): Promise<Session>;
/** Closes the thread's session; the next use makes another. */
export declare function closeSession(): Promise<void>;
/** The thread's session, where it has one. */
export declare function openSession(): Session | undefined;

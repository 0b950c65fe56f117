/**
 * The session of this thread: made on first use, and closed when it is asked to. Each worker thread has modules, and a session, of its own.
 *
 * It deliberately knows nothing of what a session says.
 */
import { mayConnect, unavailable } from "./config.js";
import { Session } from "./session.js";
let current;
/** The thread's session, connected; throws where no sidecar can be reached. */
export async function sessionFor(workflow, run) {
  mayConnect(workflow, run);
  current ??= new Session();
  const session = current;
  const reason = await session.open();
  if (reason !== undefined) {
    throw unavailable(workflow, run, reason);
  }
  return session;
}
/** Closes the thread's session; the next use makes another. */
export async function closeSession() {
  const session = current;
  current = undefined;
  await session?.close();
}
/** The thread's session, where it has one. */
export function openSession() {
  return current;
}

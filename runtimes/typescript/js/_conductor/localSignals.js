/**
 * Signals of runs that keep no journal: what such a run sends itself, and what it sends to durable runs.
 *
 * It deliberately keeps nothing longer than the run.
 */
import { SignalRefused, SignalTimeout, StepFailed } from "./errors.js";
import { Mailbox } from "./mailbox.js";
import { Refused } from "./messages.js";
import { sessionFor } from "./sessions.js";
/** The signals of one run. */
export class LocalMail {
  constructor() {
    this.box = new Mailbox(new Set(), true, () => Promise.resolve([]));
    this.ordinal = 0;
  }
  deliver(signal, id, data) {
    this.ordinal += 1;
    this.box.deliver({ ordinal: this.ordinal, signal, id, data });
  }
}
export async function waitLocally(run, mail, id, options) {
  const { signal, timeout, onTimeout, critical } = options;
  const came = await mail.box.take(signal, timeout, run.scope);
  if (came !== undefined) {
    return came.data;
  }
  if (onTimeout === "null") {
    return null;
  }
  const message = `the signal \`${signal}\` did not come within ${String(timeout ?? 0)} ms`;
  tolerable(run, id, new SignalTimeout(message), critical);
  return null;
}
export async function emitLocally(run, mail, id, options) {
  const { signal, data = null, run: to, critical } = options;
  run.check();
  if (to === undefined || to === run.id) {
    mail.deliver(signal, run.key(id), data);
    return;
  }
  const session = await sessionFor(`that sends ${signal}`, run.id);
  try {
    const sent = { run: to, signal, id: run.key(id), data };
    await session.request("signal.send", sent);
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    const message = `there is no run \`${to}\` that could get the signal \`${signal}\``;
    tolerable(run, id, new SignalRefused(message), critical);
  }
}
function tolerable(run, id, error, critical) {
  const failure = new StepFailed(run.path(id), 1, error);
  if (critical !== false) {
    throw failure;
  }
  run.tolerate(id, failure);
}

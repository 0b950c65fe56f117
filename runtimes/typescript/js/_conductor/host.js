/**
 * Permits that all processes of the host share: the sidecar grants them; without one this process decides alone.
 *
 * One that nobody else waits for is leased: it serves one attempt after the other with no word to the sidecar. Starts of
 * a rate are leased ahead, for a moment, to who makes many.
 * It deliberately knows nothing of whose turn it is: that is the sidecar's to say.
 */
import { findSocket, HOW_TO_START, sidecarMode } from "./config.js";
import { SidecarUnavailable } from "./errors.js";
import { logger } from "./log.js";
import { Refused } from "./messages.js";
import { sessionFor } from "./sessions.js";
import { monotonic } from "./timer.js";
import { Work } from "./work.js";
/** How long a workflow without durability waits for a sidecar that has gone; durable ones wait for its return. */
const AWAY_MS = 10_000;
/** How long a process that found no sidecar decides alone before it looks for one again. */
const ASK_AGAIN_MS = 5_000;
let lastPermit = 0;
let aloneUntil = 0;
const said = new Set();
/** Takes a permit in its turn among all processes, and says how it is given back. Nothing where this process has to decide alone. */
export async function takeOfHost(wanted, scope, given) {
  const session = given ?? (await find(wanted));
  if (session === undefined) {
    return undefined;
  }
  const now = monotonic();
  let mayStart = wanted.rate === undefined;
  if (session.isConnected && session.lease.isHeld) {
    mayStart ||= session.permits.mayStart(wanted.id, now);
    if (mayStart && wanted.limit === undefined) {
      return () => undefined; // a start is not given back
    }
    const again = mayStart ? session.permits.again(wanted.id) : undefined;
    if (again !== undefined) {
      return () => {
        session.permits.unneeded(again);
      };
    }
  }
  lastPermit += 1;
  const permit = lastPermit;
  const limit = wanted.limit === undefined ? {} : { limit: wanted.limit };
  const claim = { permit, resource: wanted.id, held: false, ...limit };
  const rate =
    wanted.rate === undefined || mayStart
      ? {}
      : {
          rate: { permits: wanted.rate.permits, per_ms: wanted.rate.perMs },
          ...spare(session, wanted.id, now),
        };
  const request = { permit, resource: wanted.id, ...limit, ...rate };
  session.permits.wanted(claim);
  const answer = Work.start(() => session.request("permit.acquire", request));
  try {
    if (await isGranted(session, answer, scope, given !== undefined)) {
      const { keep, starts } = answer.result();
      session.permits.granted(claim, keep);
      if (starts !== undefined) {
        const until = now + starts.within_ms;
        session.permits.leased(wanted.id, starts.count, until);
      }
    }
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    sayOnce(wanted.id, `the sidecar refuses: ${error.message}`);
  } finally {
    if (!claim.held) {
      session.permits.unneeded(claim);
    }
  }
  if (!claim.held) {
    return undefined;
  }
  return () => {
    session.permits.unneeded(claim);
  };
}
/** What is said of leased starts that were not made. */
function spare(session, resource, now) {
  const left = session.permits.spare(resource, now);
  return left === 0 ? {} : { spare: left };
}
/** Whether the permit was granted; not where nobody is there to grant it for too long. */
async function isGranted(session, answer, scope, isPatient) {
  let awaySince;
  for (;;) {
    const end = await answer.ended(isPatient ? undefined : 1000, scope);
    if (end === "ended") {
      answer.result();
      return true;
    }
    scope.check();
    const now = monotonic();
    if (session.isConnected) {
      awaySince = undefined;
    } else if (awaySince === undefined) {
      awaySince = now;
    } else if (now - awaySince > AWAY_MS) {
      return false;
    }
  }
}
/** The thread's session; connected on first need, because a workflow without durability has none. */
async function find(wanted) {
  const mode = sidecarMode() ?? "auto";
  if (mode === "off") {
    sayOnce(wanted.id, "CONDUCTOR_SIDECAR=off forbids a sidecar");
    return undefined;
  }
  if (mode === "auto" && aloneUntil > monotonic()) {
    return undefined;
  }
  let reason = "there is no sidecar";
  if (mode !== "auto" || findSocket() !== undefined) {
    try {
      return await sessionFor(`that uses ${wanted.id}`, "");
    } catch (error) {
      if (!(error instanceof SidecarUnavailable)) {
        throw error;
      }
      if (mode !== "auto") {
        throw new SidecarUnavailable(
          `the limit of ${wanted.id} is the whole host's and needs a sidecar: ${HOW_TO_START}`,
          { workflow: "", run: "", cause: error },
        );
      }
      reason = error.message;
    }
  }
  aloneUntil = monotonic() + ASK_AGAIN_MS;
  sayOnce(wanted.id, reason);
  return undefined;
}
function sayOnce(pool, reason) {
  if (!said.has(pool)) {
    said.add(pool);
    logger().warn(
      `the limit of ${pool} holds in this process only, not on the whole host: ${reason}`,
    );
  }
}

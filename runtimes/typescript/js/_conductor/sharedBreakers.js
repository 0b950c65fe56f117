/**
 * Circuit breakers that all processes of the host share: what the sidecar says of them, and what it is told.
 *
 * It deliberately counts no calls; `breaker` does. Without a sidecar each process decides alone, and says so.
 */
import { findSocket, sidecarMode } from "./config.js";
import { SidecarUnavailable } from "./errors.js";
import { textAt } from "./json.js";
import { logger } from "./log.js";
import { Refused } from "./messages.js";
import { sessionFor } from "./sessions.js";
/** How long a process that found no sidecar decides alone before it looks for one again. */
const ASK_AGAIN_MS = 5_000;
/** How long a call waits for the answer whether it may try, before this process decides alone. */
const ANSWER_MS = 1_000;
const circuits = new Map();
/** What the sidecar last said of breakers that this thread may not have yet. */
let standing = new Map();
/** Any of them will do to speak for the thread. */
const sessions = new Set();
const said = new Set();
let sidecar;
/** The sidecar hears, or was looked for not long ago: calls look at nothing else while it holds. */
let settled = false;
let joining;
let reason = "there is no sidecar";
/** Whether the sidecar hears what happens here. */
export function isJoined() {
  return sessions.size > 0;
}
/** Whether there is nothing to be looked for before a call. */
export function isSettled() {
  return settled;
}
/** Whether a session is worth having for breakers alone. */
export function isUsed() {
  return circuits.size > 0;
}
/** A breaker that is used from now on. */
export function add(circuit) {
  const { id } = circuit;
  let known = circuits.get(id);
  if (known === undefined) {
    known = new Set();
    circuits.set(id, known);
  }
  known.add(circuit);
  const change = standing.get(id);
  if (change !== undefined) {
    circuit.told(change);
  } else if (isJoined() && !id.includes(":")) {
    report({ breaker: id, event: "used" });
  }
}
/** A breaker of which nothing is remembered any more. */
export function remove(circuit) {
  const known = circuits.get(circuit.id);
  known?.delete(circuit);
  if (known?.size === 0) {
    circuits.delete(circuit.id);
  }
}
/** Looks for the sidecar where it is not heard yet: a workflow without durability has no session. */
export function join() {
  if (settled && joining === undefined) {
    return undefined;
  }
  joining ??= find().finally(() => {
    joining = undefined;
    // Nobody waits again and again for one that has gone: its session looks for it by itself.
    settled = true;
    setTimeout(() => {
      settled = isJoined();
    }, ASK_AGAIN_MS).unref();
  });
  return joining;
}
async function find() {
  if (sidecarMode() === "off") {
    reason = "CONDUCTOR_SIDECAR=off forbids a sidecar";
  } else if (findSocket() === undefined) {
    reason = "there is no sidecar";
  } else {
    try {
      await sessionFor("with policies", "");
    } catch (error) {
      if (!(error instanceof SidecarUnavailable)) {
        throw error;
      }
      reason = error.message;
    }
  }
}
/** Tells the sidecar; again where the connection is lost meanwhile. */
export function report(params) {
  const [session] = sessions;
  session?.request("breaker.report", params).catch(() => undefined);
}
/** Tells the sidecar where it hears; nothing is answered. */
export function notify(method, params) {
  const [session] = sessions;
  session?.notify(method, params);
}
/** A breaker opens of which no other process hears. */
export function decidedAlone(id) {
  if (!said.has(id)) {
    said.add(id);
    logger().warn(
      `the circuit breaker of \`${id}\` opens in this process alone: ${reason}`,
    );
  }
}
/** Whether a call may try, while the breaker is open for all; nothing where this process has to decide alone. */
export async function probe(id) {
  const [session] = sessions;
  if (session === undefined) {
    return undefined;
  }
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, ANSWER_MS);
  });
  const asked = session
    .request("breaker.probe", { breaker: id })
    .then((answer) => {
      const of = answer["of"];
      if (timer === undefined && of !== undefined) {
        // Nobody makes the call any more for which it is granted.
        report({ breaker: id, event: "abandoned", of });
      }
      return answer;
    })
    .catch((error) => {
      if (error instanceof Refused) {
        return undefined;
      }
      throw error;
    });
  const answer = await Promise.race([asked, late]);
  clearTimeout(timer);
  timer = undefined;
  return answer;
}
/** The session is connected: takes over what holds, and reports what the sidecar cannot know. */
export function attach(session, answer) {
  const now = answer["sidecar"]?.["pid"];
  const isSame = sidecar === now;
  sidecar = now;
  const changes = answer["breakers"] ?? [];
  standing = new Map(changes.map((change) => [change.breaker, change]));
  sessions.add(session);
  settled = true;
  for (const [id, known] of circuits) {
    const change = standing.get(id);
    let isSaid = isSame;
    for (const circuit of known) {
      const own = circuit.own(isSame);
      if (change !== undefined) {
        circuit.told(change);
      } else if (own === undefined || isSame) {
        circuit.unmentioned();
      }
      if (own !== undefined) {
        report(own);
        isSaid = true;
      }
    }
    if (!isSaid && !id.includes(":")) {
      report({ breaker: id, event: "used" });
    }
  }
}
/** The sidecar says what has become of a breaker. */
export function told(params) {
  const change = {
    ...params,
    breaker: textAt(params, "breaker"),
    generation: Number(params["generation"]),
  };
  if (change.state === "closed" && change.forced !== true) {
    standing.delete(change.breaker);
  } else {
    standing.set(change.breaker, change);
  }
  for (const circuit of circuits.get(change.breaker) ?? []) {
    circuit.told(change);
  }
}
/** The session is not connected any more. */
export function detach(session, isWanted) {
  if (!sessions.delete(session)) {
    return;
  }
  settled = isJoined();
  reason = "the sidecar is away";
  if (!isWanted && sessions.size === 0 && isUsed()) {
    logger().warn(
      "the sidecar is away: circuit breakers decide for this process alone",
    );
  }
}

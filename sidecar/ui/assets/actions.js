// What a person can do to a run: each asks for a reason first.
// It knows which action belongs to which state, and its request; not what comes of it.

import { path, send } from "./api.js";
import { confirm } from "./dialog.js";
import { inert } from "./format.js";

const ENDED = ["succeeded", "failed", "cancelled"];

// The actions for a run as it is, the most likely first: {verb, primary, open()}.
export function actions(run, done) {
  const all = [];
  const act = (verb, dialog, primary) => all.push({ verb, primary, open: () => confirm({ verb, ...dialog, act: (given) => dialog.act(given).then(done) }) });
  const waits = run.steps.filter((step) => step.kind === "wait_for" && step.state === "running");
  for (const signal of new Set(waits.map((step) => step.task).filter(Boolean))) {
    act(`Send \u201c${inert(signal)}\u201d`, sending(run, signal), true);
  }
  const doubt = run.steps.find((step) => step.state === "in_doubt");
  if (run.state === "paused") {
    if (doubt) act("Decide\u2026", deciding(run, doubt), true);
    else act("Resume", resuming(run), true);
  }
  const failed = run.error?.step;
  if (run.state === "failed" && failed && run.steps.some((step) => step.key === failed)) {
    act("Resume from the failed step", restarting(run, failed), true);
  }
  if (ENDED.includes(run.state) || run.state === "paused") act("Restart from\u2026", choosing(run));
  if (!ENDED.includes(run.state)) {
    if (waits.length === 0) act("Send a signal\u2026", sending(run, null));
    act("Cancel", cancelling(run));
  }
  return all;
}

function sending(run, signal) {
  const fields = [{ name: "data", label: "Data, as JSON", kind: "json", hint: "Nothing stands for null.", value: "" }];
  if (signal === null) fields.unshift({ name: "signal", label: "Signal", kind: "text", value: "" });
  return {
    title: signal === null ? "Send a signal" : `Send the signal \u201c${inert(signal)}\u201d`,
    text: `To run ${inert(run.id)}. It goes on as soon as its step takes the signal.`,
    fields,
    verb: "Send",
    act: (given) => {
      const who = new URLSearchParams({ reason: given.reason, by: given.by });
      const to = path("runs", run.id, "signals", given.signal ?? signal);
      return send("POST", `${to}?${who}`, given.data ?? null, { "idempotency-key": `ui-${crypto.randomUUID?.() ?? Date.now()}` });
    },
  };
}

function resuming(run) {
  return {
    title: "Resume this run",
    text: `Run ${inert(run.id)} is paused: ${inert(run.error?.message ?? "")}`,
    act: ({ reason, by }) => send("POST", path("runs", run.id, "resume"), { reason, by }),
  };
}

function deciding(run, step) {
  const options = [
    { value: "retry", label: "It did not happen, or may happen again: try it again" },
    { value: "happened", label: "It happened: go on with its result" },
    { value: "failed", label: "It failed: the run fails, or goes on, as the manifest says" },
  ];
  return {
    title: `What came of ${inert(step.key)}?`,
    text: "Nobody knows whether its last attempt happened. Find out where it would have left a trace, then decide.",
    verb: "Decide",
    fields: [
      { name: "decision", label: "Outcome", kind: "choice", options },
      { name: "result", label: "Result, as JSON", kind: "json", when: (given) => given.decision === "happened" },
      { name: "message", label: "What went wrong", kind: "text", when: (given) => given.decision === "failed" },
    ],
    act: (given) => send("POST", path("runs", run.id, "resume"), {
      ...given, message: given.message || undefined, result: given.decision === "happened" ? given.result ?? null : undefined,
    }),
  };
}

const WARNING = "What comes after it is done again, under keys of a new generation: what happened there may happen twice.";

function restarting(run, step) {
  return {
    title: `Resume from ${inert(step)}`,
    text: `${inert(step)} and what comes after it run again; what was done before counts.`,
    verb: "Resume",
    act: ({ reason, by }) => send("POST", path("runs", run.id, "restart"), { from: step, reason, by }),
  };
}

function choosing(run) {
  const begun = run.steps.filter((step) => step.started_at && !step.key.includes("/") && !step.key.endsWith(".compensate"));
  const options = [{ value: "", label: "the beginning" }, ...begun.map((step) => ({ value: step.key, label: inert(step.key) }))];
  const input = run.input ? JSON.stringify(run.input) : "";
  return {
    title: "Restart from a step",
    text: WARNING,
    verb: "Restart",
    danger: true,
    fields: [
      { name: "from", label: "Step", kind: "select", options, value: begun.at(-1)?.key ?? "" },
      { name: "input", label: "Inputs, as JSON", kind: "json", hint: "As they are, unless you change them.", value: input },
    ],
    act: ({ from, input: given, reason, by }) => {
      const changed = given !== undefined && JSON.stringify(given) !== input;
      return send("POST", path("runs", run.id, "restart"), { from: from || null, input: changed ? given : undefined, reason, by });
    },
  };
}

function cancelling(run) {
  return {
    title: "Cancel this run",
    text: `Run ${inert(run.id)} is asked to stop. What it has done is undone where the manifest says how. This cannot be taken back.`,
    verb: "Cancel the run",
    danger: true,
    act: ({ reason, by }) => send("POST", path("runs", run.id, "cancel"), { reason, by }),
  };
}

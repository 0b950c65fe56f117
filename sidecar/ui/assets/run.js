// One run: what became of it and why, its steps along time, and what can be done.
// It knows the API's form of a run; what a time line is, is `timeline`'s.

import { actions } from "./actions.js";
import { follow, get, path, text } from "./api.js";
import { eachFrame, h, show } from "./dom.js";
import { graph } from "./graph.js";
import { cut, inert, many, moment, span, when } from "./format.js";
import { grid } from "./overview.js";
import { cell, table } from "./rows.js";
import { badge } from "./runs.js";
import { timeline } from "./timeline.js";
import { error, value } from "./value.js";

const OPEN = ["running", "waiting", "paused"];

// What a person has unfolded; a change is shown at once.
class Opened extends Set {
  add(key) {
    super.add(key);
    this.changed?.();
    return this;
  }
}

export function run(main, query, id) {
  const page = { run: null, fault: null, chosen: query.get("step"), audit: [], only: "", filter: "", drawing: null, drawn: null, undrawn: null, given: null };
  const opened = new Opened();
  const draw = eachFrame(() => show(main, page.run ? view(page, opened, draw, () => followed.now()) : nothing(id, page.fault)));
  opened.changed = draw;
  const load = async (signal) => {
    try {
      page.run = await get(path("runs", id), signal);
      page.fault = null;
      await draws(page, signal);
      await gives(page, signal);
      page.audit = (await get(`${path("audit")}?kind=run&id=${encodeURIComponent(id)}`, signal).catch(() => ({ decisions: [] }))).decisions;
    } catch (cause) {
      if (cause.name === "AbortError") throw cause;
      // A sidecar that is away is told of above all pages.
      if (cause.status !== 0 || !page.run) page.fault = cause.message;
    }
    draw();
  };
  draw();
  const wanted = (changed) => changed === null || changed.some((one) => one.id === id);
  const followed = follow(load, { every: 15_000, least: 250, wanted });
  // Bars of what runs now grow.
  const growing = setInterval(() => page.run && OPEN.includes(page.run.state) && !document.hidden && draw(), 1000);
  return {
    title: `Run ${id}`,
    stop() {
      clearInterval(growing);
      followed.stop();
    },
  };
}

// A Plan never changes: it is drawn once, and asked for again only while the sidecar was not told it.
async function draws(page, signal) {
  const { plan } = page.run;
  if (plan === page.drawn) return;
  try {
    page.drawing = plan ? JSON.parse(await text(path("plans", plan, "drawing"), signal)) : null;
    page.undrawn = plan ? null : "no process has taken the run yet, so that its Plan is not known";
    page.drawn = plan;
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    [page.drawing, page.drawn, page.undrawn] = [null, null, cause.message];
  }
}

// What the chosen step is called with, which the sidecar computes.
async function gives(page, signal) {
  const key = page.chosen;
  if (key === null || !page.run.steps.some((step) => step.key === key)) return;
  try {
    page.given = { key, list: (await get(path("runs", page.run.id, "steps", key, "input"), signal)).arguments };
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    page.given = { key, why: cause.message };
  }
}

function nothing(id, fault) {
  return [h("h1", null, h("bdi", null, cut(id, 300))), fault
    ? h("p", { class: "fault", role: "alert" }, inert(fault)) : h("p", { class: "quiet" }, "Loading\u2026")];
}

function view(page, opened, draw, again) {
  const { run } = page;
  const line = timeline(run, Date.now());
  const chosen = run.steps.find((step) => step.key === page.chosen);
  const choose = (key) => {
    page.chosen = page.chosen === key ? null : key;
    gives(page).then(draw);
    draw();
  };
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/runs" }, "Runs"), " / ", h("a", { href: `#/runs?workflow=${encodeURIComponent(run.workflow)}` }, h("bdi", null, cut(run.workflow, 100)))),
    h("div", { class: "title" }, h("h1", null, h("bdi", null, cut(run.id, 300))), badge(run.state)),
    page.fault && h("p", { class: "fault", role: "alert" }, inert(page.fault)),
    facts(run),
    h("p", { class: "buttons" }, actions(run, again).map((one) =>
      h("button", { type: "button", class: one.primary && "primary", "data-key": one.verb, onclick: one.open }, one.verb))),
    why(run, opened, choose),
    h("div", { class: page.drawing?.width <= 540 ? "beside" : null }, picture(page, choose), steps(page, line, choose, draw)),
    chosen && details(chosen, opened, choose, page.given?.key === chosen.key ? page.given : {}),
    h("div", { class: "columns" },
      h("section", { class: "panel" }, h("h2", null, "Input"), value("input", run.input, opened)),
      run.state === "succeeded" && h("section", { class: "panel" }, h("h2", null, "Output"), value("output", run.output, opened))),
    history(page),
  ];
}

function facts(run) {
  const [from, to] = [moment(run.started_at), moment(run.finished_at)];
  const all = [
    ["Started", when(run.started_at)], ["By", run.started_by],
    [to === null ? "For" : "Took", from === null ? null : span((to ?? Date.now()) - from)],
    ["Language", run.language], ["Plan", run.plan?.replace("blake3:", "").slice(0, 12)],
    ["Processes", run.owners.length > 1 ? `${run.owners.length}, one after the other` : null],
    ["Generation", run.restarted?.length ? run.restarted.at(-1).generation : null],
  ];
  return h("dl", { class: "facts" }, all.filter(([, one]) => one !== null && one !== undefined).map(([name, one]) =>
    h("div", null, h("dt", null, name), h("dd", null, h("bdi", null, inert(one))))),
  run.parent && h("div", null, h("dt", null, "Parent"), h("dd", null, h("a", { href: `#/run/${encodeURIComponent(run.parent.run)}` }, h("bdi", null, cut(run.parent.run, 100))))));
}

// Why it stands where it stands.
function why(run, opened, choose) {
  const waits = run.steps.filter((step) => step.state === "running" && step.kind);
  const step = run.error?.step;
  return h("section", { class: "why" },
    run.waiting_for && h("p", null, "Waits for ", h("bdi", null, inert(run.waiting_for)), "."),
    run.cancel_reason && h("p", null, "Asked to stop: ", h("bdi", null, inert(run.cancel_reason))),
    OPEN.includes(run.state) && waits.map((one) => h("p", { "data-key": one.key }, h("bdi", null, inert(one.key)),
      one.kind === "wait_for" ? ` waits for the signal \u201c${inert(one.task ?? "")}\u201d` : " sleeps", one.until && ` until ${when(one.until)}`, ".")),
    run.error && h("div", { "data-key": "error" }, h("h2", null, run.state === "paused" ? "Why it is paused" : run.state === "cancelled" ? "Why it was cancelled" : "Why it failed"),
      error("error", run.error, opened),
      step && run.steps.some((one) => one.key === step) && h("button", { type: "button", class: "small", onclick: () => choose(step) }, `Show step ${inert(step)}`)));
}

function picture(page, choose) {
  const { drawing, undrawn, run, chosen } = page;
  if (!drawing && !undrawn) return null;
  return h("section", { class: "panel", "data-key": "picture" }, h("h2", null, "Graph"),
    drawing ? graph({ drawing, steps: run.steps, chosen, choose }) : h("p", { class: "quiet" }, `There is no graph of this run: ${inert(undrawn)}.`));
}

const SHOWN = [["", "all steps"], ["wrong", "what went wrong"], ["critical", "critical path"]];
const WRONG = ["failed", "tolerated", "in_doubt", "cancelled"];

function steps(page, line, choose, draw) {
  const { run } = page;
  const kept = line.rows.filter((row) => (page.only === "" || (page.only === "critical" ? row.critical : WRONG.includes(row.step.state) || row.step.history.some((one) => one.outcome !== "succeeded" && one.outcome !== "running")))
    && row.step.key.includes(page.filter));
  const total = line.end - line.start;
  const percent = (at) => `${(100 * Math.min(1, Math.max(0, (at - line.start) / total))).toFixed(3)}%`;
  const bar = (one) => h("span", { class: "bar", "data-kind": one.kind, at: { left: percent(one.from), width: `max(3px, ${(100 * Math.max(0, one.to - one.from) / total).toFixed(3)}%)` } });
  const bands = () => line.gaps.map((gap) => h("span", { class: "bar", "data-kind": gap.person ? "person" : "gap", at: { left: percent(gap.from), width: `${(100 * (gap.to - gap.from) / total).toFixed(3)}%` } }));
  const row = ({ step, bars, critical }) => h("div", { "data-key": step.key, class: page.chosen === step.key ? "chosen" : "" },
    cell({ class: "name" }, h("button", { type: "button", class: "link", "aria-expanded": String(page.chosen === step.key), "aria-label": said(step, critical), onclick: () => choose(step.key) }, h("bdi", null, cut(step.key, 120)))),
    cell({ class: "state" }, badge(step.state), step.attempts > 1 && h("small", null, ` \u00d7${step.attempts}`)),
    cell({ class: critical ? "track critical" : "track" }, bands(), bars.map(bar)),
    cell({ class: "took" }, took(step)));
  const foot = () => [
    line.gaps.map((gap) => h("p", { "data-key": `gap${gap.epoch}` }, gap.person ? `Stopped from ${span(gap.from - line.start)} to ${span(gap.to - line.start)}, when a person let it go on.`
      : `Owner last heard of at ${span(gap.from - line.start)}, resumed by process ${gap.pid} at ${span(gap.to - line.start)}.`)),
    h("p", { class: "legend" }, [["attempt", "attempt"], ["lost", "failed or cut off"], ["wait", "waiting"], ["gap", "no owner"], ["person", "waited for a person"]].map(([kind, name]) =>
      h("span", null, h("span", { class: "bar", "data-kind": kind }), name)), h("span", null, h("span", { class: "bar mark" }), "critical path, by the times at which steps ended"))];
  return h("section", { class: "panel" },
    h("div", { class: "head" }, h("h2", null, `Time line: ${many(run.steps.length, "step")} in ${span(total)}`),
      h("label", { class: "inline" }, "Show ", h("select", { onchange: (event) => { page.only = event.target.value; draw(); } }, SHOWN.map(([key, name]) => h("option", { value: key, selected: page.only === key }, name)))),
      run.steps.length > 20 && h("label", { class: "inline" }, "Step has ", h("input", { oninput: (event) => { page.filter = event.target.value; draw(); } }))),
    run.steps.length === 0 ? h("p", { class: "quiet" }, "No step has begun.") : table({ label: "Steps along time", key: "steps", class: "steps", rows: kept, height: 34, row, end: foot, columns: ["Step", "State", `0 \u2013 ${span(total)}`, "Took"] }));
}

function took(step) {
  const [from, to] = [moment(step.started_at), moment(step.finished_at)];
  return from === null || to === null ? "\u2013" : span(to - from);
}

const said = (step, critical) => `${inert(step.key)}, ${step.state.replace("_", " ")}, ${many(step.attempts, "attempt")}, ${took(step)}${critical ? ", on the critical path" : ""}`;

function input({ list, why }, key, opened) {
  const known = list?.filter((one) => "value" in one) ?? [];
  return h("div", { "data-key": "in" }, h("h3", null, "Input"),
    why && h("p", { class: "quiet" }, inert(why)),
    list?.length === 0 && h("p", { class: "quiet" }, "It takes nothing."),
    known.length > 0 && value(`${key}: input`, Object.fromEntries(known.map((one) => [one.name, one.value])), opened),
    list?.filter((one) => !("value" in one)).map((one) => h("p", { class: "quiet", "data-key": `unknown ${one.name}` }, `${inert(one.name)}: ${inert(one.unknown)}`)));
}

function details(step, opened, choose, given) {
  const key = `step ${step.key}`;
  const attempts = step.history.map((one) => {
    const [from, to] = [moment(one.started_at), moment(one.finished_at)];
    return [one.attempt, one.outcome, when(one.started_at), from !== null && to !== null ? span(to - from) : "\u2013", one.retry_at ? when(one.retry_at) : "\u2013", one.error ? cut(`${one.error.types?.[0] ?? ""} ${one.error.message}`, 300) : ""];
  });
  return h("section", { class: "panel details", "data-key": key, "aria-label": `Step ${inert(step.key)}` },
    h("div", { class: "head" }, h("h2", null, h("bdi", null, cut(step.key, 200))), badge(step.state),
      h("button", { type: "button", class: "small", onclick: () => choose(step.key) }, "Close")),
    h("p", { class: "quiet" }, step.kind ? `${step.kind.replace("_", " ")} ${inert(step.task ?? "")}` : `task ${inert(step.task ?? "unknown: it has not begun")}`, step.until && `, until ${when(step.until)}`),
    !step.kind && input(given, key, opened),
    step.error && error(`${key}: error`, step.error, opened),
    step.fell_back && h("div", { "data-key": "fell" }, h("h3", null, "Its attempts failed, and its fallback took their place"), error(`${key}: fallback`, step.fell_back, opened)),
    step.state === "succeeded" || step.output !== null ? h("div", { "data-key": "out" }, h("h3", null, "Output"), value(`${key}: output`, step.output, opened)) : null,
    attempts.length > 0 && grid("Attempts", ["Attempt", "Outcome", "Began", "Took", "Next at", "Error"], attempts));
}

// What processes and people have done with it.
function history(page) {
  const { run } = page;
  const told = [
    ...run.owners.map((one, at) => ({ at: one.at, what: at === 0 ? `begun by process ${one.pid}` : `resumed by process ${one.pid}` })),
    ...(run.reopened ?? []).map((one) => ({ at: one.at, what: one.step ? `resumed, with a decision on ${one.step}` : "resumed", by: one.by, reason: one.reason })),
    ...(run.restarted ?? []).map((one) => ({ at: one.at, what: `restarted from ${one.from ?? "the beginning"}, generation ${one.generation}${one.forgotten.length ? `; may happen again: ${one.forgotten.join(", ")}` : ""}`, by: one.by, reason: one.reason })),
    ...page.audit.map((one) => ({ at: one.at, what: one.decision?.action === "signal" ? `signal ${one.decision.signal} sent` : `${one.decision?.action ?? "changed"}`, by: one.by, reason: one.reason })),
  ].sort((a, b) => (moment(a.at) ?? 0) - (moment(b.at) ?? 0));
  return grid("History", ["When", "What", "By", "Reason"], told.map((one) => [when(one.at), cut(one.what, 400), one.by ?? "", one.reason ?? ""]));
}


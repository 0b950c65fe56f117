// The list of runs, with filters.
// It knows a run as a list shows it: without its steps.

import { follow, get } from "./api.js";
import { h, show } from "./dom.js";
import { cut, inert, moment, span, when } from "./format.js";
import { cell, table } from "./rows.js";

export const STATES = ["running", "waiting", "paused", "succeeded", "failed", "cancelled"];

// How long a search goes on by itself.
const SEARCH = 4000;

const FIELDS = ["workflow", "state", "since", "until", "error", "input"];

export function runs(main, query) {
  const page = { rows: [], next: null, asked: null, fault: null, loaded: false, known: [], until: Date.now() + SEARCH };
  const filters = new URLSearchParams();
  for (const name of FIELDS) if (query.get(name)) filters.set(name, query.get(name));
  const address = (cursor) => {
    const asked = new URLSearchParams(filters);
    for (const end of ["since", "until"]) {
      const at = asked.get(end) && new Date(asked.get(end));
      if (at && !Number.isNaN(at.getTime())) asked.set(end, at.toISOString());
    }
    asked.set("limit", "100");
    if (cursor) asked.set("cursor", cursor);
    return `/v1/runs?${asked}`;
  };
  const stopped = new AbortController();

  async function more() {
    if (!page.next || page.asked === page.next) return;
    page.asked = page.next;
    draw();
    try {
      const found = await get(address(page.next), stopped.signal);
      const there = new Set(page.rows.map((run) => run.id));
      page.rows.push(...found.runs.filter((run) => !there.has(run.id)));
      page.next = found.next;
    } catch (cause) {
      page.fault = cause.message;
    }
    page.asked = null;
    draw();
    onward();
  }

  // A page of a search may hold nothing yet: it goes on by itself for a while.
  function onward() {
    if (page.searched && page.next && !page.fault && page.rows.length < 20 && Date.now() < page.until) more();
  }

  function again() {
    page.until = Date.now() + SEARCH;
    more();
  }

  async function load(signal) {
    try {
      const found = await get(address(null), signal);
      const fresh = new Map(found.runs.map((run) => [run.id, run]));
      // What was loaded further down stays; the beginning is as it is now.
      const rest = page.rows.filter((run) => !fresh.has(run.id)).slice(page.loaded && page.rows.length > found.runs.length ? 0 : page.rows.length);
      if (!page.loaded || rest.length === 0) page.next = found.next;
      page.rows = [...found.runs, ...(found.next ? rest : [])];
      page.fault = null;
      page.loaded = true;
      if (page.known.length === 0) page.known = (await get("/v1/workflows", signal).catch(() => ({ workflows: [] }))).workflows;
    } catch (cause) {
      if (cause.name === "AbortError") throw cause;
      // A sidecar that is away is told of above all pages.
      if (cause.status !== 0) page.fault = cause.message;
    }
    draw();
    onward();
  }

  function end() {
    if (page.fault) return h("p", { class: "fault", role: "alert" }, inert(page.fault));
    if (!page.loaded || page.asked) return h("p", { class: "quiet" }, "Loading\u2026");
    if (page.next) {
      return h("p", null, h("button", { type: "button", onclick: again },
        page.searched ? "Go on searching" : "Show older runs"));
    }
    if (page.rows.length > 0) return h("p", { class: "quiet" }, "That is all.");
    return h("p", { class: "empty" }, [...filters.keys()].length > 0 ? "No run is like that." : "There are no runs yet. They appear here as soon as one starts.");
  }

  function draw() {
    page.searched = filters.has("error") || filters.has("input");
    show(main, h("h1", null, "Runs"), form(filters, page.known), table({
      label: "Runs, the newest first", key: "runs", class: "runs", rows: page.rows, height: 40, row, end,
      columns: ["Run", "Workflow", "State", "Started", "Took", "What is wrong"],
      reached: () => !page.searched && more(),
    }));
  }

  draw();
  const followed = follow(load, { every: 20_000, least: 800 });
  return {
    title: "Runs",
    stop() {
      followed.stop();
      stopped.abort();
    },
  };
}

function row(run) {
  const [from, to] = [moment(run.started_at), moment(run.finished_at)];
  const wrong = run.error?.message ?? run.cancel_reason ?? run.waiting_for ?? "";
  return h("div", { "data-key": run.id },
    cell({ class: "name" }, h("a", { href: `#/run/${encodeURIComponent(run.id)}` }, h("bdi", null, cut(run.id, 200)))),
    cell({ class: "workflow" }, h("bdi", null, cut(run.workflow, 200))),
    cell({ class: "state" }, badge(run.state)),
    cell({ class: "started" }, when(run.started_at)),
    cell({ class: "took" }, to === null || from === null ? "\u2013" : span(to - from)),
    cell({ class: "wrong" }, h("bdi", { title: cut(wrong, 500) }, cut(wrong, 200))));
}

export function badge(state) {
  return h("span", { class: "badge", "data-state": state }, String(state).replace("_", " "));
}

function form(filters, known) {
  const value = (name) => filters.get(name) ?? "";
  const field = (name, title, control) => h("div", { class: "field" }, h("label", { for: `filter-${name}` }, title), control);
  const input = (name, more) => h("input", { id: `filter-${name}`, name, value: value(name), autocomplete: "off", spellcheck: "false", ...more });
  const submit = (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    const next = new URLSearchParams();
    for (const name of FIELDS) if (String(given.get(name) ?? "").trim()) next.set(name, String(given.get(name)).trim());
    const id = String(given.get("run") ?? "").trim();
    location.hash = id ? `#/run/${encodeURIComponent(id)}` : `#/runs?${next}`;
  };
  return h("form", { class: "filters", onsubmit: submit, role: "search", "aria-label": "Filter runs" },
    field("workflow", "Workflow", input("workflow", { list: "workflows" })),
    h("datalist", { id: "workflows" }, known.map((name) => h("option", { value: name }))),
    field("state", "State", h("select", { id: "filter-state", name: "state", onchange: (event) => event.target.form.requestSubmit() },
      h("option", { value: "" }, "any"), STATES.map((state) => h("option", { value: state, selected: value("state") === state }, state)))),
    field("since", "Started after", input("since", { type: "datetime-local" })),
    field("until", "Started before", input("until", { type: "datetime-local" })),
    field("error", "Error has", input("error", { placeholder: "card declined" })),
    field("input", "Input has", input("input", { placeholder: "user_id=u1" })),
    field("run", "Run", input("run", { placeholder: "its whole id" })),
    h("div", { class: "buttons" }, h("button", { class: "primary" }, "Find"), h("a", { class: "button", href: "#/runs" }, "Clear")));
}

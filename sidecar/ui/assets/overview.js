// The first page: how much goes on, what fails, what is slow, what is open.
// It knows counts since the sidecar's start, and those since the page was opened.

import { follow, get, text } from "./api.js";
import { h, show } from "./dom.js";
import { inert, many, span, when } from "./format.js";
import { quantile, read, sum, values } from "./metrics.js";

const WINDOW = 60_000;
const SLOW = 12;

export function overview(main) {
  const seen = [];
  const told = { samples: null, breakers: [], sessions: [], failed: [], paused: [], waiting: [] };
  const load = async (signal) => {
    const list = async (state) => (await get(`/v1/runs?state=${state}&limit=6`, signal)).runs;
    const [metrics, breakers, sessions, failed, paused, waiting] = await Promise.all([
      text("/metrics", signal), get("/v1/breakers", signal), get("/v1/sessions", signal),
      list("failed"), list("paused"), list("waiting"),
    ]);
    told.samples = read(metrics);
    Object.assign(told, { breakers: breakers.breakers, sessions: sessions.sessions, failed, paused, waiting });
    seen.push({ at: Date.now(), samples: told.samples });
    while (seen.length > 2 && seen[1].at < Date.now() - WINDOW) seen.shift();
    show(main, view(told, seen));
  };
  show(main, h("h1", null, "Overview"), h("p", { class: "quiet" }, "Loading\u2026"));
  const followed = follow(load, { every: 5000, least: 1500 });
  return { title: "Overview", stop: followed.stop };
}

// How often a minute, since the oldest look that is kept.
function rate(seen, name, wanted) {
  const [first, last] = [seen[0], seen.at(-1)];
  const minutes = (last.at - first.at) / 60_000;
  if (minutes < 0.02) return null;
  const grown = sum(last.samples, name, wanted) - sum(first.samples, name, wanted);
  return Math.max(0, grown) / minutes;
}

function view(told, seen) {
  const { samples } = told;
  const stopped = (outcome) => sum(samples, "conductor_runs_stopped_total", { outcome });
  const open = told.breakers.filter((one) => one.state !== "closed" || one.mode === "forced" || one.alone.length > 0);
  const perMinute = (number) => (number === null ? "measuring" : `${number < 10 ? number.toFixed(1) : Math.round(number)} / min`);
  const cards = [
    ["Open runs", sum(samples, "conductor_open_runs"), `${told.sessions.filter((one) => one.connected).length} processes connected`, "#/runs?state=running"],
    ["Started", sum(samples, "conductor_runs_started_total"), perMinute(rate(seen, "conductor_runs_started_total")), "#/runs"],
    ["Succeeded", stopped("succeeded"), perMinute(rate(seen, "conductor_runs_stopped_total", { outcome: "succeeded" })), "#/runs?state=succeeded"],
    ["Failed", stopped("failed"), perMinute(rate(seen, "conductor_runs_stopped_total", { outcome: "failed" })), "#/runs?state=failed"],
    ["Paused", stopped("paused"), "waiting for a person", "#/runs?state=paused"],
    ["Breakers", open.length, open.length === 0 ? "all closed" : "not closed, or forced", "#/breakers"],
  ];
  return [
    h("h1", null, "Overview"),
    h("p", { class: "quiet" }, "Counts are since this sidecar started."),
    h("ul", { class: "cards" }, cards.map(([title, number, hint, to]) =>
      h("li", null, h("a", { class: "card", href: to, "data-state": number > 0 && ["Failed", "Paused", "Breakers"].includes(title) ? title.toLowerCase() : null },
        h("span", { class: "what" }, title), h("strong", null, Number(number).toLocaleString()), h("small", null, hint))))),
    h("div", { class: "columns" },
      short("Failed last", "failed", told.failed), short("Waiting for a person", "paused", told.paused),
      short("Waiting for a signal or a time", "waiting", told.waiting)),
    tasks(samples), workflows(samples), sessions(told.sessions),
  ];
}

function short(title, state, runs) {
  return h("section", { class: "panel" },
    h("h2", null, title),
    runs.length === 0 ? h("p", { class: "quiet" }, "None.") : h("ul", { class: "plain" }, runs.map((run) =>
      h("li", { "data-key": run.id }, h("a", { href: `#/run/${encodeURIComponent(run.id)}` }, h("bdi", null, inert(run.id))), " ",
        h("small", null, h("bdi", null, inert(run.workflow)), ", ", when(run.finished_at ?? run.started_at))))),
    runs.length > 0 && h("p", null, h("a", { href: `#/runs?state=${state}` }, "All of them")));
}

const STEPS = "conductor_steps_total";
const SECONDS = "conductor_step_duration_seconds";

function tasks(samples) {
  const all = new Map();
  for (const { labels } of samples.get(STEPS) ?? []) all.set(`${labels.workflow}\n${labels.task}`, { workflow: labels.workflow, task: labels.task });
  const rows = [...all.values()].map((wanted) => {
    const count = sum(samples, STEPS, wanted);
    const failed = sum(samples, STEPS, { ...wanted, outcome: "failed" });
    const p95 = quantile(samples, SECONDS, wanted, 0.95);
    return { ...wanted, count, failed, retried: sum(samples, "conductor_attempts_total", { ...wanted, outcome: "failed" }), p95, p50: quantile(samples, SECONDS, wanted, 0.5) };
  });
  rows.sort((a, b) => b.failed - a.failed || (b.p95 ?? -1) - (a.p95 ?? -1));
  if (rows.length === 0) return null;
  return grid("Tasks: failing most, then slowest", ["Task", "Workflow", "Ended", "Failed", "Attempts failed", "Median", "95 of 100 within"],
    rows.slice(0, SLOW).map((row) => [row.task, row.workflow, row.count, row.failed, row.retried, time(row.p50), time(row.p95)]),
    rows.length > SLOW && `${many(rows.length - SLOW, "more task")} not shown.`);
}

const time = (seconds) => (seconds === null ? "\u2013" : span(seconds * 1000));

function workflows(samples) {
  const names = values(samples, "conductor_runs_started_total", "workflow");
  if (names.length === 0) return null;
  const stopped = (workflow, outcome) => sum(samples, "conductor_runs_stopped_total", { workflow, outcome });
  return grid("Workflows", ["Workflow", "Started", "Succeeded", "Failed", "Cancelled", "Paused"], names.map((workflow) => [
    h("a", { href: `#/runs?workflow=${encodeURIComponent(workflow)}` }, h("bdi", null, inert(workflow))),
    sum(samples, "conductor_runs_started_total", { workflow }), stopped(workflow, "succeeded"), stopped(workflow, "failed"),
    stopped(workflow, "cancelled"), stopped(workflow, "paused")]));
}

function sessions(all) {
  return grid("Processes", ["Process", "Client", "Connected", "Serves", "Runs given to it"], all.map((one) => [
    one.pid, `${one.client?.name ?? "?"} ${one.client?.version ?? ""}`, one.connected ? "yes" : "lost", one.serve > 0 ? "yes" : "no", one.dispatched]));
}

// A small table. Texts are shown inert.
export function grid(title, head, rows, foot) {
  const shown = (one) => (one instanceof Node ? one : typeof one === "number" ? one.toLocaleString() : h("bdi", null, inert(one)));
  const number = (one) => typeof one === "number" && "number";
  return h("section", { class: "panel" }, h("h2", null, title),
    rows.length === 0 ? h("p", { class: "quiet" }, "None.") : h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": title },
      h("table", null, h("thead", null, h("tr", null, head.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", null, rows.map((row) => h("tr", null, row.map((one) => h("td", { class: number(one) }, shown(one)))))))),
    foot && h("p", { class: "quiet" }, foot));
}

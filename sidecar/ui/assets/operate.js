// Breakers, policies, resources and schedules: how they stand, and what people decided on them.
// It knows no run.

import { follow, get, path, send, text } from "./api.js";
import { confirm } from "./dialog.js";
import { h, show } from "./dom.js";
import { inert, span, when } from "./format.js";
import { quantile, read, sum, values } from "./metrics.js";
import { grid } from "./overview.js";
import { badge } from "./runs.js";

// A page that asks, shows, and asks again.
function page(title, ask, view) {
  return (main) => {
    show(main, h("h1", null, title), h("p", { class: "quiet" }, "Loading\u2026"));
    const load = async (signal) => {
      try {
        const found = await ask(signal);
        show(main, h("h1", null, title), view(found, () => followed.now()));
      } catch (cause) {
        if (cause.name === "AbortError") throw cause;
        if (cause.status !== 0) show(main, h("h1", null, title), h("p", { class: "fault", role: "alert" }, inert(cause.message)));
      }
    };
    const followed = follow(load, { every: 3000, least: 1500, wanted: (runs) => runs === null });
    return { title, stop: followed.stop };
  };
}

const button = (verb, open, attributes = {}) => h("button", { type: "button", class: "small", "data-key": verb, onclick: open, ...attributes }, verb);

export const breakers = page("Breakers", (signal) => get("/v1/breakers", signal), ({ breakers: all, history }, again) => {
  const decide = (id, state, title, text, danger) => confirm({
    title: `${title} ${inert(id)}`, text, verb: title, danger,
    act: ({ reason, by }) => send("PUT", path("breakers", id), { state, reason, by }).then(again),
  });
  const buttons = (id) => h("span", { class: "buttons" },
    button("Open", () => decide(id, "open", "Open", "No call is let through until somebody decides otherwise.", true), { "aria-label": `Open ${inert(id)}` }),
    button("Close", () => decide(id, "closed", "Close", "All calls are let through, and failures do not count, until somebody decides otherwise."), { "aria-label": `Close ${inert(id)}` }),
    button("Auto", () => decide(id, "auto", "Leave to itself:", "It opens and closes by its policy again."), { "aria-label": `Auto: leave ${inert(id)} to itself` }));
  return [
    h("p", { class: "quiet" }, "A breaker appears here when a process has used it, or somebody has decided on it."),
    grid("Breakers of this host", ["Breaker", "State", "Decided by", "Since", "Tries again in", "Reason", "Change"], all.map((one) => [
      one.id, badge(one.state), one.mode === "forced" ? one.by || "a person" : "its policy", when(one.since), one.left_ms === null ? "\u2013" : span(one.left_ms), one.reason ?? "", buttons(one.id)])),
    grid("Decisions", ["When", "Breaker", "To", "By", "Reason"], history.map((one) => [when(one.at), one.id, String(one.state), one.by, one.reason])),
  ];
});

const written = (numbers) => Object.entries(numbers).map(([name, value]) => `${name} ${value}`).join(", ");

// The numbers that a person has filled in: what is left empty is the manifest's again, where it was changed before.
function changed(live, given) {
  const numbers = {};
  for (const [name, text] of Object.entries(given)) {
    const [value, before] = [text.trim(), String(live[name] ?? "")];
    if (value === before) continue;
    numbers[name] = value === "" ? null : Number.isFinite(Number(value)) ? Number(value) : value;
  }
  return numbers;
}

export const policies = page("Policies", (signal) => get("/v1/policies", signal), ({ policies: all, history }, again) => {
  const change = ({ id, live, built }) => confirm({
    title: `Change ${inert(id)}`, verb: "Change",
    text: "Every process that has the policy takes the new numbers for its next attempt. A field that is left empty is the manifest's number.",
    fields: Object.keys(Object.assign({}, ...built.map((one) => one.numbers), live)).map((name) => ({
      name: `number-${name}`, label: name, kind: "text", value: String(live[name] ?? ""),
      hint: `The manifest says ${[...new Set(built.map((one) => inert(String(one.numbers[name] ?? "nothing"))))].join(" or ") || "what nobody who is connected knows"}.`,
    })),
    act: ({ reason, by, ...fields }) => {
      const given = Object.fromEntries(Object.entries(fields).map(([name, text]) => [name.replace("number-", ""), text]));
      return send("PUT", path("policies", id), { numbers: changed(live, given), reason, by }).then(again);
    },
  });
  const reset = ({ id }) => confirm({
    title: `Reset ${inert(id)}`, text: "The manifest's numbers hold again.", verb: "Reset",
    act: ({ reason, by }) => send("DELETE", path("policies", id), { reason, by }).then(again),
  });
  const buttons = (one) => h("span", { class: "buttons" },
    button("Change", () => change(one), { "aria-label": `Change ${inert(one.id)}` }),
    Object.keys(one.live).length > 0 && button("Reset", () => reset(one), { "aria-label": `Reset ${inert(one.id)}` }));
  return [
    h("p", { class: "quiet" }, "The named policies of the manifest, as the processes that are connected have them, and what people have changed on them while they run."),
    grid("Numbers", ["Policy", "Changed live", "In the manifest", "Processes", "By", "Since", "Reason", "Change"], all.map((one) => [
      one.id, written(one.live) || "\u2013", one.built.map((two) => written(two.numbers)).join(" or ") || "\u2013",
      one.built.reduce((sum, two) => sum + two.processes.length, 0), one.by ?? "", one.since ? when(one.since) : "\u2013", one.reason ?? "", buttons(one)])),
    grid("Changes", ["When", "Policy", "From", "To", "By", "Reason"], history.map((one) => [
      when(one.at), one.id, written(one.from) || "the manifest\u2019s", written(one.to) || "the manifest\u2019s", one.by, one.reason])),
  ];
});

export const resources = page("Resources", async (signal) => read(await text("/metrics", signal)), (samples) => {
  const names = values(samples, "conductor_resource_in_use", "resource");
  const rows = names.map((resource) => {
    const of = (name) => sum(samples, `conductor_resource_${name}`, { resource });
    const [used, limit] = [of("in_use"), of("limit")];
    const waited = quantile(samples, "conductor_resource_wait_duration_seconds", { resource }, 0.95);
    return [resource, meter(resource, used, limit), used, limit || "\u2013", of("waiting"), waited === null ? "\u2013" : span(waited * 1000), of("opened_total"), of("open_failures_total")];
  });
  return [
    h("p", { class: "quiet" }, "As the processes that are connected report them, a few times a second at most."),
    grid("Permits", ["Resource", "", "In use", "Permits", "Waited for", "95 of 100 waited at most", "Opened", "Failed to open"], rows),
    grid("Calls between processes", ["Waiting for a process", "Running"], [[sum(samples, "conductor_task_calls_waiting"), sum(samples, "conductor_task_calls_running")]]),
  ];
});

function meter(name, used, limit) {
  const part = limit > 0 ? Math.min(1, used / limit) : 0;
  return h("span", { class: "meter", role: "meter", "aria-label": `Permits of ${inert(name)} in use`, "aria-valuemin": "0", "aria-valuemax": String(limit || 1), "aria-valuenow": String(used) },
    h("span", { at: { width: `${part * 100}%` } }));
}

export const schedules = page("Schedules", (signal) => get("/v1/schedules", signal), ({ schedules: all }) =>
  grid("Workflows that begin by themselves", ["Workflow", "Times", "Time zone", "Next", "Missed times", "Served", "Problem"], all.map((one) => [
    h("a", { href: `#/runs?workflow=${encodeURIComponent(one.workflow)}` }, h("bdi", null, inert(one.workflow))), one.cron, one.time_zone, one.next ? when(one.next) : "\u2013",
    one.missed_since ? `${one.missed}, since ${when(one.missed_since)}` : one.missed, one.served ? "yes" : "by nobody", one.problem ?? ""])));

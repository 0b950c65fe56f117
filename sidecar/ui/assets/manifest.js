// The manifests of the projects that were built here, each line by its number, with the checker's advice beside them.
// It knows no manifest's language.

import { follow, get, path } from "./api.js";
import { eachFrame, h, show } from "./dom.js";
import { cut, inert, many, when } from "./format.js";

const ORDER = ["error", "warning", "advice"];
// Of a line that is shown.
const WIDTH = 2000;

export function manifest(main, query) {
  const page = { found: null, fault: null, name: query.get("name"), line: null };
  const draw = eachFrame(() => show(main, view(page, draw)));
  const load = async (signal) => {
    try {
      page.found = (await get(path("manifests"), signal)).manifests;
      page.fault = null;
    } catch (cause) {
      if (cause.name === "AbortError") throw cause;
      if (cause.status !== 0 || !page.found) page.fault = cause.message;
    }
    draw();
  };
  draw();
  const followed = follow(load, { every: 20_000, wanted: (changed) => changed === null });
  return { title: "Manifest", stop: followed.stop };
}

function view(page, draw) {
  const { found, fault } = page;
  const head = h("h1", null, "Manifest");
  if (!found) return [head, fault ? h("p", { class: "fault", role: "alert" }, inert(fault)) : h("p", { class: "quiet" }, "Loading\u2026")];
  if (found.length === 0) {
    return [head, h("p", { class: "empty" }, "No manifest has been told to this sidecar: ", h("code", null, "conductor build"), " in the project\u2019s folder does so.")];
  }
  const shown = found.find((one) => one.name === page.name) ?? newest(found);
  const advice = [...(shown.advice ?? [])].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) || (a.line ?? 0) - (b.line ?? 0));
  const choose = (name) => {
    [page.name, page.line] = [name, null];
    draw();
  };
  const go = (line) => {
    page.line = line;
    draw();
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(`line-${line}`)?.scrollIntoView({ block: "center" })));
  };
  return [head, fault && h("p", { class: "fault", role: "alert" }, inert(fault)),
    found.length > 1 && h("p", null, h("label", { class: "inline" }, "Project ", h("select", { onchange: (event) => choose(event.target.value) },
      found.map((one) => h("option", { value: one.name, selected: one === shown }, cut(one.name, 120)))))),
    h("p", { class: "quiet" }, h("bdi", null, cut(shown.name, 255)), `, as it was built ${when(shown.told_at)}`, shown.by && ` by ${inert(shown.by)}`, `: ${many(shown.workflows?.length ?? 0, "workflow")}.`),
    h("div", { class: "manifest" },
      h("section", { class: "panel" }, h("h2", null, advice.length ? `Advice: ${many(advice.length, "piece")}` : "Advice"),
        advice.length === 0 ? h("p", { class: "quiet" }, "The checker has none.") : h("ul", { class: "plain advice" }, advice.map((one) => piece(one, go)))),
      h("section", { class: "panel" }, h("h2", null, "Text"), text(shown, advice, page.line)))];
}

const newest = (found) => found.reduce((one, other) => (other.told_at > one.told_at ? other : one));

function piece(one, go) {
  const here = one.line && !one.file;
  return h("li", null,
    h("p", null, h("span", { class: "badge", "data-state": { error: "failed", warning: "paused" }[one.severity] }, inert(one.severity)), " ", h("code", null, inert(one.code)), " ",
      here ? h("button", { type: "button", class: "link", onclick: () => go(one.line) }, `line ${one.line}`) : one.file && h("span", { class: "quiet" }, `${cut(one.file, 120)}${one.line ? `:${one.line}` : ""}`)),
    h("p", null, cut(one.message, 1000)), one.help && h("p", { class: "quiet" }, cut(one.help, 1000)));
}

// Lines with advice are marked, in words for those who hear them.
function text(shown, advice, chosen) {
  const worst = new Map();
  for (const one of advice) if (!one.file && one.line && !worst.has(one.line)) worst.set(one.line, one);
  const lines = shown.text.replace(/\n$/, "").split("\n");
  return h("div", { class: "scroll code", tabindex: "0", role: "region", "aria-label": `Text of ${cut(shown.name, 255)}`, "data-key": shown.name },
    h("ol", null, lines.map((line, at) => {
      const one = worst.get(at + 1);
      return h("li", { id: `line-${at + 1}`, class: chosen === at + 1 ? "chosen" : null, "data-severity": one?.severity, title: one ? `${one.code}: ${cut(one.message, 300)}` : null }, h("bdi", null, cut(line, WIDTH) || " "));
    })));
}

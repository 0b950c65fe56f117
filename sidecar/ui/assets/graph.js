// A run as the graph of its workflow, in the colours of its steps' states.
// It knows boxes by the keys of steps; where they stand was decided by whoever drew the Plan.

import { eachFrame, h } from "./dom.js";
import { inert, many } from "./format.js";

const EDGE = 14;
const LINE = 17;

// Where several steps share a box, the first of these that one of them has is the box's.
const STATES = ["failed", "in_doubt", "running", "waiting", "cancelled", "tolerated", "succeeded", "skipped"];
const SIGNS = { failed: "\u2715", in_doubt: "?", running: "\u25b6", waiting: "\u2026", cancelled: "\u2013", tolerated: "!", succeeded: "\u2713", skipped: "\u00b7" };

const general = (key) => key.replace(/\[\d+\]/g, "[*]");
const stateOf = (step) => (step.state === "running" && step.kind ? "waiting" : step.state);

// What has become of each box: {state, counts, keys, undone}, or nothing where no step of it has begun.
function became(drawing, steps) {
  const found = new Map();
  for (const step of steps) {
    const key = general(step.key);
    const undo = key.endsWith(".compensate");
    if (undo || key.endsWith(".fallback")) {
      const own = found.get(key.slice(0, key.lastIndexOf(".")));
      if (own && undo && step.state === "succeeded") own.undone++;
      continue;
    }
    if (!found.has(key)) found.set(key, { counts: new Map(), keys: new Map(), undone: 0 });
    const { counts, keys } = found.get(key);
    const state = stateOf(step);
    counts.set(state, (counts.get(state) ?? 0) + 1);
    if (!keys.has(state)) keys.set(state, step.key);
  }
  const all = drawing.boxes.map((box) => {
    const own = box.key === null ? undefined : found.get(box.key);
    return own && { ...own, state: STATES.find((state) => own.counts.has(state)) };
  });
  // A block is as the worst of what is in it and has not ended well; of others the journal says nothing.
  for (let i = all.length - 1; i >= 0; i--) {
    if (all[i] || !drawing.boxes[i].is_block) continue;
    const inside = new Set();
    for (let j = i + 1; j < all.length && drawing.boxes[j].depth > drawing.boxes[i].depth; j++) inside.add(all[j]?.state);
    inside.delete(undefined);
    const state = STATES.slice(0, 4).find((one) => inside.has(one)) ?? "begun";
    if (inside.size) all[i] = { state, counts: new Map(), keys: new Map(), undone: 0 };
  }
  return all;
}

const total = (one) => [...one.counts.values()].reduce((sum, count) => sum + count, 0);

function said(box, one) {
  const name = inert(box.tip || box.title).replaceAll("\n", ", ");
  if (!one) return `${name}: not begun`;
  const count = total(one);
  const states = count > 1 ? [...one.counts].map(([state, many]) => `${many} ${state.replace("_", " ")}`).join(", ") : one.state.replace("_", " ");
  return `${name}: ${states}${one.undone ? `, ${one.undone > 1 ? `${one.undone} ` : ""}undone` : ""}`;
}

function badge(one) {
  const count = total(one);
  const done = one.counts.get("succeeded") ?? 0;
  return `${SIGNS[one.state]}${count > 1 ? ` ${done}/${count}` : ""}${one.undone ? " undone" : ""}`;
}

// `made` is {drawing, steps, chosen, choose}; it may be changed later by `live`.
export function graph(made) {
  const box = h("div", { class: "scroll graph", "data-key": "graph" });
  let [drawn, parts, shown, at] = [null, [], [], 0];
  const paint = eachFrame(() => {
    if (!box.isConnected) return;
    const { drawing, steps } = box.made;
    const isNew = drawn !== drawing;
    if (isNew) {
      drawn = drawing;
      parts = [];
      shown = [];
      at = Math.max(0, drawing.boxes.findIndex((one) => one.key !== null));
      box.replaceChildren(picture(drawing, parts, () => box.made, (to) => (at = move(parts, at, to))));
    }
    const all = became(drawing, steps);
    all.forEach((one, i) => colour(drawing.boxes[i], parts[i], one, box.made.chosen, shown, i, at));
    if (isNew) bring(box, parts, all);
  });
  box.live = (next) => {
    box.made = next;
    paint();
  };
  box.live(made);
  return box;
}

// What most likely is looked for, where it is not in view.
function bring(box, parts, all) {
  const found = STATES.slice(0, 4).map((state) => all.findIndex((one) => one?.state === state && one.keys.size > 0)).find((i) => i >= 0);
  if (found === undefined) return;
  const [outer, inner] = [box.getBoundingClientRect(), parts[found].hit.getBoundingClientRect()];
  if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.top - outer.height / 2;
  if (inner.right > outer.right) box.scrollLeft += inner.right - outer.left - outer.width / 2;
}

function colour(box, part, one, chosen, shown, i, at) {
  if (!part) return;
  const isChosen = chosen !== null && box.key === general(chosen);
  const text = `${one ? [one.state, ...one.counts, one.undone] : ""}|${isChosen}|${i === at}`;
  if (shown[i] === text) return;
  shown[i] = text;
  const { node, hit, pill, sign } = part;
  if (one) node.dataset.state = one.state;
  else delete node.dataset.state;
  if (box.key !== null) {
    hit.setAttribute("aria-label", said(box, one));
    hit.setAttribute("aria-pressed", String(isChosen));
    hit.setAttribute("tabindex", i === at ? "0" : "-1");
    hit.setAttribute("aria-disabled", String(!one?.keys.size));
    const label = one && one.counts.size ? badge(one) : "";
    sign.textContent = label;
    const width = label.length * 7.2 + 9;
    pill.setAttribute("width", label ? width : 0);
    pill.setAttribute("x", box.x + box.width + 6 - width);
    sign.setAttribute("x", box.x + box.width + 6 - width / 2);
  }
}

function picture(drawing, parts, made, move) {
  const open = (hit) => {
    const i = parts.findIndex((part) => part?.hit === hit);
    const one = became(drawing, made().steps)[i];
    const key = one?.keys.get(one.state);
    if (key) made().choose(key);
  };
  const told = {
    onclick: (event) => {
      if (event.target.closest("[role=button]")) open(event.target);
    },
    onkeydown: (event) => {
      const to = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
      if (to !== undefined) move(to);
      else if (event.key === "Enter" || event.key === " ") open(event.target);
      else return;
      event.preventDefault();
    },
  };
  const [width, height] = [drawing.width + 2 * EDGE, drawing.height + 2 * EDGE];
  // It shrinks a little before it has to be scrolled.
  return h("svg", { at: { width: `${width}px`, "max-width": `max(100%, ${0.75 * width}px)` }, viewBox: `${-EDGE} ${-EDGE} ${width} ${height}`, role: "group", "aria-label": `The ${many(drawing.boxes.filter((box) => box.key !== null).length, "step")} of ${inert(drawing.workflow)} as a graph`, ...told },
    drawing.boxes.map((box, i) => shape(box, (part) => (parts[i] = part))),
    h("g", { "aria-hidden": "true" }, drawing.arrows.map(arrow)));
}

function shape(box, keep) {
  const { x, y, width, height } = box;
  if (box.kind === "start" || box.kind === "end") return h("circle", { class: "dot", cx: x + width / 2, cy: y + height / 2, r: width / 2 });
  const kind = [box.kind === "workflow" && box.depth === 0 ? "whole" : "box", box.is_block && "block", box.kind === "part" && "part", box.is_write && "write", box.is_tolerated && "soft"].filter(Boolean).join(" ");
  const words = [box.title, ...box.lines].map((line, i) => h("text", { class: i ? "line" : null, x: x + 12, y: y + LINE + 2 + i * LINE }, inert(line)));
  const rect = h("rect", { class: kind, x, y, width, height, rx: 6 });
  if (box.key === null) {
    const node = h("g", { "aria-hidden": "true" }, rect, words);
    if (box.is_block && box.depth > 0) keep({ node });
    return node;
  }
  const pill = h("rect", { class: "pill", x, y: y - 9, width: 0, height: 16, rx: 8 });
  const sign = h("text", { class: "sign", x, y: y + 3.5 });
  // What is pressed lies over what is read, and has words of its own.
  const hit = h("rect", { class: "hit", role: "button", tabindex: -1, x, y, width, height, rx: 6 }, h("title", null, inert(box.tip)));
  const node = h("g", null, h("g", { "aria-hidden": "true" }, rect, words), hit, h("g", { class: "badge-of", "aria-hidden": "true" }, pill, sign));
  keep({ node, hit, pill, sign });
  return node;
}

// As `conductor graph` draws it: down, and in a curve where it goes aside.
function arrow({ points }) {
  let path = "";
  points.forEach(([x, y], i) => {
    const [before, above] = points[i - 1] ?? [];
    if (i === 0) path += `M${x} ${y}`;
    else if (Math.abs(before - x) < 0.1) path += `V${y}`;
    else path += `C${before} ${(above + y) / 2} ${x} ${(above + y) / 2} ${x} ${y}`;
  });
  const [x, y] = points.at(-1);
  return [h("path", { class: "arrow", d: path }), h("path", { class: "head", d: `M${x - 4} ${y - 7}L${x} ${y}L${x + 4} ${y - 7}z` })];
}

// The next one that can be reached, in the order in which they are drawn.
function move(parts, at, by) {
  const reached = parts.map((part, i) => (part?.hit ? i : -1)).filter((i) => i >= 0);
  const place = Math.min(reached.length - 1, Math.max(0, reached.indexOf(at) + by));
  const next = reached[place];
  parts[at].hit.setAttribute("tabindex", "-1");
  parts[next].hit.setAttribute("tabindex", "0");
  parts[next].hit.focus();
  return next;
}

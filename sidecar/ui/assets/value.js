// Shows values and errors of users' code: as text, cut where they are large.
// It knows no run.

import { h } from "./dom.js";
import { inert, size } from "./format.js";

const CUT = 2000;

// One block of text that came from outside. `opened` remembers what was unfolded, by key.
export function block(key, text, opened) {
  const whole = inert(text);
  const all = opened.has(key) || whole.length <= CUT;
  return h("div", { class: "value", "data-key": key },
    h("pre", { dir: "auto", tabindex: "0", role: "region", "aria-label": `Text of ${key}` }, all ? whole : whole.slice(0, CUT)),
    !all && h("button", { type: "button", class: "small", onclick: () => opened.add(key) },
      `Show all (${size(text.length)})`));
}

export function value(key, given, opened) {
  if (given === null || given === undefined) return h("p", { class: "quiet" }, "null");
  return block(key, JSON.stringify(given, null, 2), opened);
}

// An error in the journal's form, with its stack where it has one.
export function error(key, form, opened) {
  if (!form) return null;
  const name = form.types?.[0];
  const rest = { ...form.fields };
  return h("div", { class: "error", "data-key": key },
    h("p", null, name && h("strong", null, h("bdi", null, inert(name))), form.code && h("span", { class: "chip" }, inert(form.code)),
      form.step && h("span", { class: "chip" }, `in ${inert(form.step)}`)),
    form.message && block(`${key}: message`, form.message, opened),
    Object.keys(rest).length > 0 && h("details", { "data-key": `${key}:fields` }, h("summary", null, "Fields"), value(`${key}: fields`, rest, opened)),
    form.stack && h("details", { "data-key": `${key}:stack` }, h("summary", null, "Stack"), block(`${key}: stack`, form.stack, opened)));
}

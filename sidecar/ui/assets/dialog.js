// Asks a person before something is done, with a reason and a name.
// It knows no action: whoever opens it says what is done with the answers.

import { parse } from "./api.js";
import { h } from "./dom.js";
import { inert } from "./format.js";

const NAME = "conductor.by";

// `fields` are {name, label, kind: "text" | "json" | "choice", value, options, when(answers)}; `act(answers)` does it.
export function confirm({ title, text, fields = [], verb, danger, act }) {
  const answers = {};
  const told = h("p", { class: "fault", role: "alert" });
  const made = fields.map((field) => input(field, answers, () => refresh()));
  const reason = h("textarea", { id: "dialog-reason", required: true, rows: "2", maxlength: "1000", "data-own": "" });
  const by = h("input", { id: "dialog-by", required: true, maxlength: "200", autocomplete: "name", "data-own": "" });
  by.value = remembered();
  const go = h("button", { class: danger ? "danger" : "primary" }, verb);
  const form = h("form", { method: "dialog", onsubmit: submit },
    h("h2", { id: "dialog-title" }, title),
    text && h("p", null, text),
    made.map((one) => one.node),
    label("dialog-reason", "Reason", "It stands in the run's history.", reason),
    label("dialog-by", "Your name", null, by),
    told,
    h("p", { class: "buttons" }, h("button", { type: "button", onclick: () => box.close() }, "Back"), go));
  const box = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => box.remove() }, form);

  function refresh() {
    for (const one of made) one.node.hidden = !(one.field.when?.(answers) ?? true);
  }

  async function submit(event) {
    event.preventDefault();
    told.textContent = "";
    const given = { reason: reason.value.trim(), by: by.value.trim() };
    for (const one of made.filter((one) => !one.node.hidden)) {
      try {
        given[one.field.name] = one.read();
      } catch (cause) {
        told.textContent = `${one.field.label}: ${inert(cause.message)}`;
        return;
      }
    }
    if (!given.reason || !given.by) {
      told.textContent = "Say why, and who you are.";
      return;
    }
    keep(given.by);
    go.disabled = true;
    try {
      await act(given);
      box.close();
    } catch (cause) {
      told.textContent = inert(cause.message);
    } finally {
      go.disabled = false;
    }
  }

  document.body.append(box);
  refresh();
  box.showModal();
  (box.querySelector("[data-own]:not([type=radio])") ?? go).focus();
  return box;
}

function remembered() {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}

function keep(name) {
  try {
    localStorage.setItem(NAME, name);
  } catch {
    // Storage may be forbidden: then it is asked for each time.
  }
}

function label(id, name, hint, control) {
  return h("div", { class: "field" }, h("label", { for: id }, name), hint && h("small", null, hint), control);
}

function input(field, answers, changed) {
  const id = `dialog-${field.name}`;
  if (field.kind === "choice") {
    answers[field.name] = field.options[0].value;
    const options = field.options.map((option, at) => {
      const radio = h("input", {
        type: "radio", name: id, id: `${id}-${at}`, checked: at === 0,
        onchange: () => {
          answers[field.name] = option.value;
          changed();
        },
      });
      return h("div", { class: "choice" }, radio, h("label", { for: `${id}-${at}` }, option.label));
    });
    const node = h("fieldset", null, h("legend", null, field.label), options);
    return { field, node, read: () => answers[field.name] };
  }
  if (field.kind === "select") {
    const control = h("select", { id }, field.options.map((option) =>
      h("option", { value: option.value, selected: option.value === field.value }, option.label)));
    return { field, node: label(id, field.label, field.hint, control), read: () => control.value };
  }
  const json = field.kind === "json";
  const control = h(json ? "textarea" : "input", { id, rows: json && "3", spellcheck: "false", "data-own": "", class: json && "code" });
  control.value = field.value ?? "";
  const read = () => {
    if (!json) return control.value;
    return control.value.trim() ? parse(control.value) : undefined;
  };
  return { field, node: label(id, field.label, field.hint, control), read };
}

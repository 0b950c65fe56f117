// A long table of which only the rows in view are there.
// It knows a row's height and how it is made, not what stands in it.

import { eachFrame, h, show } from "./dom.js";

const AROUND = 8;

// `made` is {rows, row(item, index), height, columns, label, end()}; it may be changed later by `live`.
export function table(made) {
  const head = h("div", { class: "tr th", role: "row", "aria-rowindex": "1" });
  const body = h("div", { class: "tbody", role: "rowgroup" });
  const inner = h("div", { class: "table", role: "table" }, h("div", { role: "rowgroup" }, head), body);
  const foot = h("div", { class: "tfoot" });
  const box = h("div", { class: `scroll ${made.class ?? ""}`, tabindex: "0", role: "region", "data-key": made.key ?? made.label }, inner, foot);
  const paint = eachFrame(() => {
    if (!box.isConnected) return;
    const { rows, height } = box.made;
    const first = Math.max(0, Math.floor(box.scrollTop / height) - AROUND);
    const last = Math.min(rows.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + AROUND);
    body.style.height = `${rows.length * height}px`;
    const seen = rows.slice(first, last).map((item, at) => {
      const row = box.made.row(item, first + at);
      row.setAttribute("role", "row");
      row.setAttribute("aria-rowindex", String(first + at + 2));
      row.classList.add("tr");
      row.style.top = `${(first + at) * height}px`;
      row.style.height = `${height}px`;
      return row;
    });
    show(body, seen);
    if (last >= rows.length - AROUND) box.made.reached?.();
  });
  box.live = (next) => {
    box.made = next;
    box.setAttribute("aria-label", next.label);
    inner.setAttribute("aria-label", next.label);
    inner.setAttribute("aria-rowcount", String(next.rows.length + 1));
    show(head, next.columns.map((name) => h("span", { role: "columnheader" }, name)));
    show(foot, next.end?.() ?? null);
    paint();
  };
  box.addEventListener("scroll", paint, { passive: true });
  new ResizeObserver(paint).observe(box);
  box.live(made);
  return box;
}

export const cell = (attributes, ...children) => h("span", { role: "cell", ...attributes }, ...children);

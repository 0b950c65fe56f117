// When what happened in a run: attempts, waits, gaps without an owner, and the path that decided how long it took.
// It knows a run as the API tells it, and nothing of pixels: places are milliseconds.

import { moment } from "./format.js";

// {start, end, rows: [{step, bars, critical}], gaps}; a bar is {from, to, kind, attempt}.
export function timeline(run, now) {
  const start = moment(run.started_at) ?? now;
  const ended = ["succeeded", "failed", "cancelled"].includes(run.state) ? moment(run.finished_at) : null;
  const end = Math.max(start + 1, ended ?? now);
  const gaps = lost(run);
  const rows = run.steps.map((step) => ({ step, bars: bars(step, gaps, end), critical: false }));
  if (ended !== null || run.state === "paused") critical(rows);
  return { start, end, rows, gaps };
}

// Between the last sign of an owner and the next one's beginning: a crash, or a person was waited for.
function lost(run) {
  const gaps = [];
  for (let i = 1; i < run.owners.length; i++) {
    const [before, after] = [run.owners[i - 1], run.owners[i]];
    const to = moment(after.at);
    let from = moment(before.at) ?? to;
    for (const step of run.steps) {
      for (const one of step.history) {
        if (one.epoch > before.epoch) continue;
        for (const at of [moment(one.started_at), moment(one.finished_at)]) if (at !== null && at <= to && at > from) from = at;
      }
    }
    const person = [...(run.reopened ?? []), ...(run.restarted ?? [])].some((one) => moment(one.at) >= from && moment(one.at) <= to);
    if (to !== null && from < to) gaps.push({ from, to, epoch: before.epoch, pid: after.pid, person });
  }
  return gaps;
}

const LOST = ["failed", "interrupted", "unknown", "cancelled"];

function bars(step, gaps, end) {
  const all = [];
  if (step.kind) {
    const from = moment(step.started_at);
    if (from !== null) all.push({ from, to: moment(step.finished_at) ?? end, kind: "wait" });
  }
  for (const one of step.history) {
    const from = moment(one.started_at);
    if (from === null) continue;
    const gap = one.outcome === "interrupted" ? gaps.find((gap) => gap.epoch === one.epoch) : null;
    const to = Math.max(from, gap ? gap.from : moment(one.finished_at) ?? end);
    const kind = one.outcome === "running" ? "running" : LOST.includes(one.outcome) ? "lost" : "attempt";
    all.push({ from, to, kind, attempt: one });
    const retry = moment(one.retry_at);
    if (retry !== null) all.push({ from: to, to: Math.max(to, Math.min(retry, end)), kind: "wait" });
  }
  return all;
}

const from = (row) => moment(row.step.started_at);
const to = (row) => moment(row.step.finished_at);

// From the step that ended last back to what ended last before it began, and so on.
function critical(rows) {
  const ended = rows.filter((row) => from(row) !== null && to(row) !== null).sort((a, b) => to(a) - to(b));
  let at = ended.length - 1;
  while (at >= 0) {
    const row = ended[at];
    row.critical = true;
    const begun = from(row);
    do at--; while (at >= 0 && (to(ended[at]) > begun || ended[at] === row));
  }
}

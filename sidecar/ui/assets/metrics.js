// Reads the text of /metrics, and sums it up by labels.
// It knows the format, and which names mean what; no page.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? ([^ ]+)(?: |$)/;
const LABEL = /([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)"/g;

export function read(text) {
  const samples = new Map();
  for (const line of text.split("\n")) {
    const found = line.startsWith("#") ? null : LINE.exec(line);
    if (!found) continue;
    const labels = {};
    for (const [, name, value] of (found[2] ?? "").matchAll(LABEL)) {
      labels[name] = value.replace(/\\(.)/g, (_all, one) => (one === "n" ? "\n" : one));
    }
    if (!samples.has(found[1])) samples.set(found[1], []);
    samples.get(found[1]).push({ labels, value: Number(found[3]) });
  }
  return samples;
}

export function sum(samples, name, wanted = {}) {
  let total = 0;
  for (const { labels, value } of samples.get(name) ?? []) {
    if (Object.entries(wanted).every(([label, is]) => labels[label] === is)) total += value;
  }
  return total;
}

// The values that a label takes.
export function values(samples, name, label) {
  return [...new Set((samples.get(name) ?? []).map((sample) => sample.labels[label]))].filter((one) => one !== undefined).sort();
}

// The value below which that part of what a histogram has seen lies; null where it has seen nothing.
export function quantile(samples, name, wanted, part) {
  const buckets = new Map();
  for (const { labels, value } of samples.get(`${name}_bucket`) ?? []) {
    if (!Object.entries(wanted).every(([label, is]) => labels[label] === is)) continue;
    const le = labels.le === "+Inf" ? Infinity : Number(labels.le);
    buckets.set(le, (buckets.get(le) ?? 0) + value);
  }
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total === 0) return null;
  let [below, before] = [0, 0];
  for (const [le, count] of sorted) {
    if (count >= part * total) {
      if (le === Infinity) return below;
      return below + (le - below) * ((part * total - before) / Math.max(1, count - before));
    }
    [below, before] = [le, count];
  }
  return below;
}

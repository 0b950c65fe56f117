import { currentStep } from "./conductor_gen/index.js";

/**
 * @typedef {object} Part
 * @property {string} label
 * @property {number} pieces
 */

/**
 * @typedef {object} Parcel
 * @property {string} id
 * @property {string} [note]
 * @property {"small" | "large"} size
 * @property {bigint} serial
 * @property {number} pieces
 * @property {number} ratio
 * @property {string} price
 * @property {Date} due
 * @property {string} day
 * @property {string} spent
 * @property {Uint8Array} blob
 * @property {string} key
 * @property {Part[]} parts
 * @property {Record<string, Part>} by_name
 * @property {Parcel | null} inner
 * @property {string[]} trail
 */

/**
 * @param {string} label
 * @returns {bigint}
 */
function serial(label) {
  return label === "big" ? 2n ** 60n + 1n : 2n ** 53n - 1n;
}

/**
 * @param {string} label
 * @returns {Parcel}
 */
export function make(label) {
  const part = { label, pieces: 7 };
  const parcel = {
    id: `ü-${label}`,
    size: "large",
    serial: serial(label),
    pieces: -3,
    ratio: 0.1,
    price: "12345678901234567890.10",
    due: new Date("1911-12-14T15:00:00.123Z"),
    day: "1066-10-14",
    spent: "-1.5s",
    blob: new Uint8Array([0, 255, 254]),
    key: "00000000-0000-4000-8000-0000000000ff",
    parts: [part, part],
    trail: ["ts"],
  };
  const inner = { ...parcel, note: "noted", by_name: {}, inner: null };
  return { ...parcel, by_name: { "a b": part }, inner };
}

/**
 * @param {Parcel} parcel
 * @returns {Promise<Parcel>}
 */
export async function pass(parcel) {
  const { inner } = parcel;
  const seen = [
    parcel.note ?? null,
    inner?.note,
    parcel.size,
    parcel.serial,
    parcel.pieces,
    parcel.ratio,
    parcel.price,
    parcel.due.toISOString(),
    parcel.day,
    parcel.spent,
    [...parcel.blob].join(),
    parcel.key,
    parcel.parts[1]?.pieces,
    parcel.by_name["a b"]?.pieces,
  ];
  const wanted = [
    null,
    "noted",
    "large",
    serial(parcel.parts[0]?.label ?? ""),
    -3,
    0.1,
    "12345678901234567890.10",
    "1911-12-14T15:00:00.123Z",
    "1066-10-14",
    "-1.5s",
    "0,255,254",
    "00000000-0000-4000-8000-0000000000ff",
    7,
    7,
  ];
  const lost = wanted.findIndex((value, at) => value !== seen[at]);
  if (lost >= 0) {
    throw new Error(`${String(seen[lost])} is not ${String(wanted[lost])}`);
  }
  return { ...parcel, trail: [...parcel.trail, "ts"] };
}

/**
 * The trace in which the step is.
 *
 * @returns {string}
 */
export function where() {
  return currentStep()?.traceparent ?? "none";
}

/** What is opened once in the process that serves the function. */
export class Ledger {
  /** @type {string[]} */
  lines = [];
}

/** @returns {Ledger} */
export function openLedger() {
  return new Ledger();
}

/**
 * @param {Ledger} tsLedger
 * @param {string} line
 * @returns {string}
 */
export function book(tsLedger, line) {
  tsLedger.lines.push(line);
  return `ts ${tsLedger.lines.length}`;
}

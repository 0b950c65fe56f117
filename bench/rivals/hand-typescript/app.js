/**
 * What a careful engineer writes without an engine: each step's start and result are committed to SQLite before the next begins.
 */

import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";

import { drive, gate, note } from "./driver.js";

const db = new DatabaseSync("journal.db");
db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
db.exec("CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, work TEXT, ended INTEGER)");
db.exec("CREATE TABLE IF NOT EXISTS steps (run TEXT, step INTEGER, result TEXT, PRIMARY KEY (run, step))");
const known = db.prepare("SELECT step, result FROM steps WHERE run = ? AND result IS NOT NULL");
const opening = db.prepare("INSERT OR IGNORE INTO runs VALUES (?, ?, NULL)");
const beginning = db.prepare("INSERT OR IGNORE INTO steps (run, step) VALUES (?, ?)");
const ending = db.prepare("UPDATE steps SET result = ? WHERE run = ? AND step = ?");
const closing = db.prepare("UPDATE runs SET ended = ? WHERE run = ?");
const [begin, commit] = [db.prepare("BEGIN IMMEDIATE"), db.prepare("COMMIT")];

/** @typedef {() => Promise<unknown>} Step */

class Run {
  isOpen = false;
  /** @type {[number, unknown] | undefined} */
  ended;

  /** @param {string} work @param {string} run */
  constructor(work, run) {
    this.work = work;
    this.run = run;
    this.known = new Map(known.all(run).map((row) => [row.step, JSON.parse(String(row.result))]));
  }

  /** The end of one step and the start of the next ride in one commit. @param {number} step */
  begin(step) {
    begin.run();
    if (!this.isOpen) opening.run(this.run, this.work);
    this.isOpen = true;
    this.writeEnded();
    beginning.run(this.run, step);
    commit.run();
  }

  writeEnded() {
    if (this.ended) ending.run(JSON.stringify(this.ended[1] ?? null), this.run, this.ended[0]);
    this.ended = undefined;
  }

  /** @param {number} step @param {Step} work */
  async step(step, work) {
    if (this.known.has(step)) return this.known.get(step);
    this.begin(step);
    const result = await work();
    this.ended = [step, result];
    return result;
  }

  /** A step beside others: both its commits are its own. @param {number} step @param {Step} work */
  async alone(step, work) {
    if (this.known.has(step)) return this.known.get(step);
    this.begin(step);
    const result = await work();
    ending.run(JSON.stringify(result ?? null), this.run, step);
    return result;
  }

  end() {
    begin.run();
    this.writeEnded();
    closing.run(Date.now(), this.run);
    commit.run();
  }
}

const touch = async () => 1;
const look = async () => 1;
const failed = new Set();

/** @param {string} run */
async function charge(run) {
  if (!failed.has(run)) {
    failed.add(run);
    throw new Error("try again");
  }
  return 1;
}

/** @param {Step} work */
async function retried(work) {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      return await work();
    } catch {
      await setTimeout(1);
    }
  }
  return work();
}

/** @type {Record<string, (run: Run) => Promise<void>>} */
const WORKS = {
  async ten_steps(run) {
    for (let number = 0; number < 10; number++) await run.step(number, touch);
  },
  async one_write(run) {
    for (let number = 0; number < 9; number++) await look();
    await run.step(9, touch);
  },
  async parallel(run) {
    await Promise.all(Array.from({ length: 10 }, (_, number) => run.alone(number, touch)));
  },
  async order(run) {
    await run.step(0, touch);
    await run.step(1, () => retried(() => charge(run.run)));
    await run.step(2, touch);
  },
  async fan_out(run) {
    let next = 0;
    const lane = async () => {
      while (next < 1000) await run.alone(next++, touch);
    };
    await Promise.all(Array.from({ length: 50 }, lane));
  },
  async held(run) {
    for (let number = 0; number < 4; number++) await run.step(number, touch);
    await run.step(4, () => gate(run.run));
    for (let number = 5; number < 9; number++) await run.step(number, touch);
    await run.step(9, async () => note("mark", run.run));
  },
  async asleep(run) {
    const due = Number(await run.step(0, async () => Date.now() + Number(process.env.PAUSE) * 1000));
    await setTimeout(due - Date.now());
    await run.step(1, async () => note("mark", run.run));
  },
};

/** @param {string} work @param {string} name */
async function start(work, name) {
  const run = new Run(work, name);
  await WORKS[work](run);
  run.end();
}

if ("RELEASED" in process.env) {
  const left = db.prepare("SELECT run, work FROM runs WHERE ended IS NULL").all();
  for (const { run, work } of left) start(String(work), String(run));
}
await drive(start);

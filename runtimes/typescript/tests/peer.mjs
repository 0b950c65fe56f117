/**
 * A peer that takes every record at once and keeps it in memory: enough to execute durable workflows in one process.
 *
 * It deliberately keeps none of the sidecar's promises; those are tested against the sidecar itself.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { dumps, loads } from "../js/_conductor/json.js";

/** Listens on a socket of its own; `records` is what it was told, by run. */
export class Peer {
  records = new Map();
  runs = new Map();
  signals = new Map();
  permits = [];
  hellos = [];
  invocations = [];
  /** Acknowledges no record while it is true. */
  isSlow = false;
  #sockets = new Set();
  #folder = mkdtempSync(join(tmpdir(), "conductor-peer-"));
  path = join(this.#folder, "s");

  async open() {
    this.server = createServer((socket) => this.#accept(socket));
    await new Promise((resolve) => this.server.listen(this.path, resolve));
    process.env.CONDUCTOR_SOCKET = this.path;
    return this;
  }

  /** Hangs up on everybody; `open` lets them come back. */
  async hangUp() {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await new Promise((resolve) => this.server.close(resolve));
  }

  async close() {
    await this.hangUp();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What was recorded, in order, as `[kind, fields]`. */
  entries(run) {
    const records = this.records.get(run) ?? [];
    return records.flatMap(({ entries }) => entries.flatMap(Object.entries));
  }

  /** What was recorded, as `kind key`. */
  kinds(run) {
    return this.entries(run).map(([kind, { key = "" }]) =>
      `${kind} ${key}`.trim(),
    );
  }

  /** Sends a notification to every session. */
  notify(method, params) {
    for (const socket of this.#sockets) {
      socket.write(`${dumps({ jsonrpc: "2.0", method, params })}\n`);
    }
  }

  /** Answers a request that was left unanswered. */
  reply(id, result) {
    for (const socket of this.#sockets) {
      socket.write(`${dumps({ jsonrpc: "2.0", id, result })}\n`);
    }
  }

  /** Sends a request to every session. */
  request(id, method, params) {
    for (const socket of this.#sockets) {
      socket.write(`${dumps({ jsonrpc: "2.0", id, method, params })}\n`);
    }
  }

  #accept(socket) {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined);
    socket.setEncoding("utf8");
    let rest = "";
    socket.on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        this.#received(socket, loads(line));
      }
    });
  }

  #received(socket, { id, method, params, result }) {
    if (method === undefined) {
      this.invocations.push({ id, result });
      return;
    }
    const answer = this.answer(method, params, id);
    if (answer === undefined) {
      return;
    }
    const told = id === undefined ? answer : { id, ...answer };
    socket.write(`${dumps({ jsonrpc: "2.0", ...told })}\n`);
  }

  /** The answer to a message; tests replace what they need. */
  answer(method, params) {
    switch (method) {
      case "hello":
        this.hellos.push(params);
        return {
          result: {
            protocol: 1,
            lease_ms: 10_000,
            limits: { value_bytes: 4 << 20, message_bytes: 16 << 20 },
            owned: params.owned.map((own) => ({
              ...own,
              next_seq: 1 + (this.records.get(own.run)?.at(-1)?.seq ?? 0),
              cancelling: false,
            })),
          },
        };
      case "run.start":
        return { result: this.#start(params) };
      case "run.read":
        return { result: { records: this.#read(params), more: false } };
      case "step.record":
        this.records.get(params.run).push(params);
        return this.isSlow
          ? undefined
          : { method: "run.ack", params: { run: params.run, seq: params.seq } };
      case "run.cancel":
        this.notify("run.cancelling", {
          run: params.run,
          epoch: 1,
          reason: params.reason,
        });
        return { result: {} };
      case "signal.send":
        return { result: this.#signal(params) };
      case "signal.list":
        return { result: { signals: this.signals.get(params.run) ?? [] } };
      case "permit.acquire":
        this.permits.push(params);
        return { result: {} };
      case "ping":
        return { result: {} };
      default:
        return undefined;
    }
  }

  #start(params) {
    const { run, at } = params;
    this.runs.set(run, params);
    const known = this.records.get(run) ?? [];
    this.records.set(run, known);
    return {
      outcome: "owned",
      epoch: 1,
      next_seq: 1 + (known.at(-1)?.seq ?? 0),
      started_at: at,
      cancelling: false,
    };
  }

  #read({ run, from }) {
    const { input = {}, at = 0 } = this.runs.get(run) ?? {};
    const first = { seq: 0, entries: [{ run_started: { input, at } }] };
    const all = [first, ...(this.records.get(run) ?? [])];
    return all.filter(({ seq }) => seq >= from);
  }

  #signal({ run, signal, id, data }) {
    const known = this.signals.get(run) ?? [];
    this.signals.set(run, known);
    if (!known.some((one) => one.id === id)) {
      const told = { ordinal: known.length, signal, id, data };
      known.push(told);
      this.notify("run.signal", { run, epoch: 1, ...told });
    }
    return {};
  }
}

/**
 * A session with the sidecar: requests and answers, the lease, and a connection that comes back.
 *
 * It deliberately knows neither steps nor workflows; it keeps the journals of the runs that it owns.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Ahead } from "./ahead.js";
import { findSocket } from "./config.js";
import { Connection, ConnectionLost } from "./connection.js";
import { Definition } from "./definition.js";
import { Hurry } from "./hurry.js";
import { newRunId } from "./ids.js";
import { Journal } from "./journal.js";
import { dumps, loads, textAt } from "./json.js";
import { Lease } from "./lease.js";
import { Leases } from "./leases.js";
import { logger } from "./log.js";
import {
  acknowledgement,
  misunderstood,
  reasonOf,
  Refused,
} from "./messages.js";
import { startTime } from "./process.js";
import { Requests } from "./requests.js";
import { attach, detach } from "./saturation.js";
import * as standing from "./standing.js";
import * as starting from "./starting.js";
import { monotonic } from "./timer.js";
import { VERSION as CLIENT_VERSION } from "./version.js";
const VERSION = 1;
const LIMIT = -32016;
const STORE = -32017;
/** A refused record with one of these says that the run is another's, or that its start did not reach the disk. */
const LOST = [-32011, -32013, STORE];
const FIRST_CONNECT_DELAYS = [0, 50, 100, 200, 400];
const MAX_RECONNECT_DELAY = 1000;
const CLOSE_MS = 1000;
/** What one thread and the sidecar have to say to each other. */
export class Session {
  constructor(options = {}) {
    this.id = newRunId();
    this.valueBytes = 4 << 20;
    this.owned = new Map();
    this.permits = new Leases(this);
    this.lease = new Lease();
    this.definition = new Definition((line) => this.send(line));
    this.ahead = new Ahead(this);
    this.hurry = new Hurry(() => this.connection?.flush());
    this.messageBytes = 16 << 20;
    this.connection = undefined;
    this.greeted = false;
    this.isClosing = false;
    this.opening = undefined;
    this.reconnecting = undefined;
    this.requests = new Requests();
    this.helloId = 0;
    /** The sidecar is one that an application has started: where it is gone, another one is. */
    this.isBackground = false;
    this.timer = undefined;
    this.options = options;
  }
  get isConnected() {
    return this.greeted;
  }
  /** Connects where it is not. Says why that is not possible. */
  async open() {
    if (this.greeted || this.reconnecting !== undefined) {
      return undefined;
    }
    this.opening ??= this.openFirst().finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }
  async openFirst() {
    let reason;
    for (const delay of FIRST_CONNECT_DELAYS) {
      if (delay > 0) {
        await sleep(delay);
      }
      reason = await this.connect();
      if (reason === undefined) {
        break;
      }
      if (starting.mayStart()) {
        return starting.startAfter(reason, () => this.connect());
      }
    }
    return reason;
  }
  async connect() {
    const path = findSocket();
    if (path === undefined) {
      return "there is no .conductor/sidecar.sock in the working directory or above it, and CONDUCTOR_SOCKET is not set";
    }
    let connection;
    try {
      connection = await Connection.open(
        path,
        (line) => {
          this.received(line);
        },
        (lost) => {
          this.lost(lost);
        },
      );
    } catch (error) {
      return `${path} cannot be reached (${reasonOf(error, path)})`;
    }
    this.connection = connection;
    // A dispatch may come in the same breath as the answer: it was not claimed, so it is not lost.
    const claimed = [...this.owned.values()];
    try {
      const answer = await this.hello(connection, claimed);
      this.welcome(answer, claimed);
    } catch (error) {
      if (error instanceof Refused) {
        void connection.close(CLOSE_MS);
        return `the sidecar at ${path} refuses: ${error.message}`;
      }
      if (error instanceof ConnectionLost) {
        return `the sidecar at ${path} hung up`;
      }
      throw error;
    }
    return undefined;
  }
  async hello(connection, claimed) {
    const { serve = 0, plans = [], tasks = [] } = this.options;
    const params = {
      protocol: { min: VERSION, max: VERSION },
      session: this.id,
      client: {
        name: "conductor-typescript",
        version: CLIENT_VERSION,
        language: "typescript",
      },
      pid: process.pid,
      process_start: startTime(),
      serve,
      plans,
      owned: claimed.map(({ run, epoch }) => ({ run, epoch })),
      permits: this.permits.claims,
      ...(tasks.length > 0 ? { tasks } : {}),
    };
    const sent = monotonic();
    this.helloId = this.requests.newId();
    const answer = await this.ask(this.helloId, "hello", params, (request) => {
      request.sent = sent;
      connection.send(request.line);
    });
    this.lease.milliseconds = Number(answer["lease_ms"]);
    this.lease.renew(sent);
    return answer;
  }
  welcome(answer, claimed) {
    this.greeted = true;
    const limits = answer["limits"];
    this.isBackground = starting.isBackground(answer["sidecar"]);
    this.valueBytes = Number(limits["value_bytes"]);
    this.messageBytes = Number(limits["message_bytes"]);
    for (const request of this.requests.all()) {
      this.sendRequest(request);
    }
    const items = answer["owned"];
    const kept = new Map(items.map((item) => [item["run"], item]));
    for (const journal of claimed) {
      if (this.owned.get(journal.run) !== journal) {
        continue;
      }
      const item = kept.get(journal.run);
      if (item?.["epoch"] !== journal.epoch) {
        this.giveUp(journal, "another session owns the run");
        continue;
      }
      const nextSeq = Number(item["next_seq"]);
      journal.acknowledged(nextSeq - 1);
      journal.resend(nextSeq);
      journal.onReclaimed?.();
      if (item["cancelling"] === true) {
        journal.onCancelling?.("cancelled while the connection was lost");
      }
    }
    if (this.timer === undefined) {
      const third = this.lease.milliseconds / 3;
      this.timer = setInterval(() => {
        this.tick(third);
      }, third).unref();
    }
    attach(this);
    standing.attach(this, answer);
    this.breathe();
  }
  /** Renews the lease where nothing else has of late. */
  tick(third) {
    if (this.greeted && this.lease.until - monotonic() < 2 * third) {
      this.request("ping", {}).catch(() => undefined);
    }
  }
  /** An idle session does not keep the process alive. */
  breathe() {
    this.connection?.keepsAlive(this.isBusy);
  }
  /** Whether somebody waits for it. */
  get isBusy() {
    return (
      this.requests.areAwaited ||
      this.owned.size > 0 ||
      (this.options.serve ?? 0) > 0 ||
      (this.options.tasks?.length ?? 0) > 0
    );
  }
  /** Takes a journal of a run that it owns from now on. Where it had the run before, others had it in between. */
  own(journal) {
    const before = this.owned.get(journal.run);
    if (before !== undefined) {
      this.giveUp(before, "it was handed out again");
    }
    this.owned.set(journal.run, journal);
    this.breathe();
  }
  /** The run of this journal has ended, or is no longer this session's. */
  disown(journal) {
    if (this.owned.get(journal.run) === journal) {
      this.owned.delete(journal.run);
      this.breathe();
    }
  }
  /** Asks; the answer may take until the sidecar is back. */
  request(method, params) {
    return this.ask(this.requests.newId(), method, params, (request) => {
      // Before the greeting it waits: the answer to that sends it.
      if (this.greeted) {
        this.sendRequest(request);
      }
    });
  }
  ask(id, method, params, send) {
    return new Promise((resolve, reject) => {
      const line = `${dumps({ jsonrpc: "2.0", id, method, params })}\n`;
      const size = Buffer.byteLength(line);
      if (size > this.messageBytes) {
        // The sidecar would hang up on it, and again whenever it is sent after that.
        const limit = String(this.messageBytes);
        throw new Refused(
          LIMIT,
          `it takes ${String(size)} bytes; a message has at most ${limit}`,
        );
      }
      const request = { method, line, resolve, reject, sent: 0 };
      this.requests.add(id, request);
      send(request);
      this.breathe();
    });
  }
  sendRequest(request) {
    request.sent = monotonic();
    // The start of a run need not wait for what stands in the log.
    this.send(request.line, request.method === "run.start");
  }
  /** Tells; nothing is answered. */
  notify(method, params) {
    this.send(`${dumps({ jsonrpc: "2.0", method, params })}\n`);
  }
  /** Sends now, or not at all. */
  send(line, overtakes = false) {
    if (this.greeted && this.connection !== undefined) {
      this.connection.send(overtakes ? line : this.ahead.unsent() + line);
      return true;
    }
    return false;
  }
  received(line) {
    const ack = acknowledgement(line);
    if (ack !== undefined) {
      this.acknowledged(ack.run, ack.seq);
      return;
    }
    const message = loads(line);
    const { id, method, params = {} } = message;
    if (method !== undefined) {
      if (id === undefined || id === null) {
        this.notified(method, params);
      } else {
        void this.asked(id, method, params);
      }
      return;
    }
    if (id === null) {
      // Before the greeting is answered it says that we are not let in.
      const asked = this.greeted ? -1 : this.helloId;
      misunderstood(message, this.requests.take(asked));
    }
    const request = this.requests.take(id);
    if (request === undefined) {
      return;
    }
    this.breathe();
    this.lease.renew(request.sent);
    if (message.error === undefined) {
      request.resolve(message.result ?? {});
    } else {
      request.reject(new Refused(message.error.code, message.error.message));
    }
  }
  /** A request of the sidecar: a call of a function that is served here. */
  async asked(id, method, params) {
    const { invoked } = this.options;
    if (method !== "task.invoke" || invoked === undefined) {
      const error = { code: -32601, message: `unknown method ${method}` };
      this.send(`${dumps({ jsonrpc: "2.0", id, error })}\n`);
      return;
    }
    const result = await invoked(params);
    this.send(`${dumps({ jsonrpc: "2.0", id, result })}\n`);
  }
  notified(method, params) {
    if (method === "run.dispatch") {
      this.options.dispatched?.(params);
      return;
    }
    if (standing.told(method, params)) {
      return;
    }
    if (method === "permit.recall") {
      this.permits.recalled(params);
      return;
    }
    if (method === "task.cancel") {
      this.options.invocationCancelled?.(Number(params["call"]));
      return;
    }
    const run = textAt(params, "run");
    if (method === "run.ack") {
      this.acknowledged(run, Number(params["seq"]));
      return;
    }
    const journal = this.journalOf(run);
    if (journal !== undefined && params["epoch"] === journal.epoch) {
      this.told(method, params, journal);
    }
  }
  journalOf(run) {
    return this.owned.get(run) ?? this.ahead.ended.get(run);
  }
  acknowledged(run, seq) {
    const sent = this.journalOf(run)?.acknowledged(seq);
    if (sent !== undefined) {
      this.lease.renew(sent);
    }
  }
  told(method, params, journal) {
    if (method === "run.refused") {
      const code = Number(params["code"]);
      const message = textAt(params, "message");
      if (code === STORE && journal.refused(Number(params["seq"]))) {
        return;
      }
      if (!LOST.includes(code)) {
        journal.refusal = message;
      }
      this.giveUp(journal, message);
    } else if (method === "run.cancelling") {
      journal.onCancelling?.(textAt(params, "reason"));
    } else if (method === "run.signal") {
      journal.onSignal?.(params);
    }
  }
  giveUp(journal, reason) {
    logger().info(`run ${journal.run} is given up: ${reason}`);
    this.disown(journal);
    journal.lose(reason);
  }
  lost(connection) {
    if (connection !== this.connection) {
      return;
    }
    this.connection = undefined;
    this.greeted = false;
    this.ahead.lost();
    detach(this);
    standing.detach(this, this.isClosing);
    const hello = this.requests.take(this.helloId);
    hello?.reject(new ConnectionLost("the connection was lost"));
    const isNeeded =
      this.requests.size > 0 ||
      this.owned.size > 0 ||
      this.permits.isUsed ||
      standing.isUsed() ||
      (this.options.serve ?? 0) > 0 ||
      (this.options.tasks?.length ?? 0) > 0;
    const isUnderWay =
      this.isClosing ||
      this.opening !== undefined ||
      this.reconnecting !== undefined;
    this.permits.lost();
    for (const request of this.requests.takeMade("task.invoke")) {
      // A sidecar that comes back cannot know whether it was made.
      request.resolve({ lost: true });
    }
    if (isNeeded && !isUnderWay) {
      this.reconnecting = this.reconnect();
    }
  }
  async reconnect() {
    let delay = 20;
    let isSaid = false;
    for (;;) {
      const reason = await this.connect();
      if (reason === undefined || this.isClosing) {
        break;
      }
      if (!isSaid) {
        logger().warn(`the sidecar is away, waiting for it: ${reason}`);
        isSaid = true;
      }
      const ref = this.isBusy || this.permits.isBusy;
      await sleep(delay, undefined, { ref });
      if (this.isBackground && starting.mayStart()) {
        await starting.startSidecar();
      }
      await sleep(delay);
      delay = Math.min(delay * 2, MAX_RECONNECT_DELAY);
    }
    this.reconnecting = undefined;
  }
  /** Hangs up, after what is to be sent. */
  async close() {
    this.isClosing = true;
    clearInterval(this.timer);
    this.timer = undefined;
    for (const journal of [...this.owned.values()]) {
      this.release(journal);
    }
    this.permits.close();
    detach(this, true);
    standing.detach(this, true);
    this.ahead.lost();
    await this.connection?.close(CLOSE_MS);
  }
  /** Gives an unfinished run back. */
  release(journal) {
    journal.flush();
    journal.end("finished");
    this.disown(journal);
    this.notify("run.release", { run: journal.run, epoch: journal.epoch });
  }
}

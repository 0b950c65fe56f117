// A sidecar, an application and a browser for the journeys.
// It knows how they are started and ended, not what is looked at.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { createRequire } from "node:module";
import { join } from "node:path";

const { CONDUCTOR, PROJECT, ROOT } = process.env;
const require = createRequire(join(ROOT, "target/node/package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const PATIENCE = 20_000;

export function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

// What a command prints.
export function conductor(args, variables = {}) {
  return execFileSync(CONDUCTOR, args, { cwd: PROJECT, env: { ...process.env, ...variables }, encoding: "utf8" }).trim();
}

export function start(program, args, ready) {
  const child = spawn(program, args, { cwd: PROJECT, env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" }, stdio: ["ignore", "pipe", "inherit"] });
  const gone = new Promise((ended) => child.once("exit", ended));
  const told = new Promise((done, fail) => {
    if (!ready) return done();
    child.stdout.on("data", (text) => String(text).includes(ready) && done());
    gone.then((code) => fail(new Error(`${program} ended with ${code}`)));
  });
  return { told, kill: (signal = "SIGKILL") => (child.kill(signal), gone) };
}

// A client that has greeted the sidecar, and speaks the protocol by hand.
export async function client(session) {
  const socket = connect(join(PROJECT, ".conductor/sidecar.sock"));
  const waiting = new Map();
  let text = "";
  socket.setEncoding("utf8").on("data", (part) => {
    text += part;
    for (let at; (at = text.indexOf("\n")) >= 0; text = text.slice(at + 1)) {
      const message = JSON.parse(text.slice(0, at));
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    }
  });
  let next = 1;
  const it = {
    tell: (method, params, id) => socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`),
    ask: (method, params) => new Promise((told) => {
      waiting.set(next, told);
      it.tell(method, params, next++);
    }),
    end: () => socket.destroy(),
  };
  const greeting = { protocol: { min: 1, max: 1 }, session, client: { name: session, version: "0", language: "python" } };
  await it.ask("hello", { ...greeting, pid: process.pid, process_start: 0, serve: 0, plans: [] });
  return it;
}

export async function world() {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const it = { base, sidecar: null, worker: null };
  it.startSidecar = async () => {
    it.sidecar = start(CONDUCTOR, ["sidecar", "--http", `127.0.0.1:${port}`], "ready\n");
    await it.sidecar.told;
  };
  it.startWorker = () => (it.worker = start("python3", ["worker.py"]));
  it.get = async (path) => (await fetch(base + path)).json();
  it.post = (path, body) => fetch(base + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  it.begin = async (workflow, run_id, input) => {
    await eventually(`somebody who knows ${workflow}`, async () => (await it.post(`/v1/workflows/${workflow}/runs`, { run_id, input })).status === 202);
  };
  it.runIn = async (run, ...states) => {
    let found;
    await eventually(`${run} in ${states}`, async () => states.includes((found = await it.get(`/v1/runs/${run}`)).state));
    return found;
  };
  await it.startSidecar();
  it.startWorker();
  it.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  // A page that is open, with everything that it complained of.
  it.open = async (address, options = {}) => {
    const context = await it.browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.faults = [];
    page.on("pageerror", (error) => page.faults.push(String(error)));
    page.on("console", (said) => /Content.Security.Policy/i.test(said.text()) && page.faults.push(said.text()));
    page.on("request", (asked) => !asked.url().startsWith(base) && page.faults.push(`loads ${asked.url()}`));
    await page.goto(`${base}/#/${address}`);
    return page;
  };
  it.end = async () => {
    await it.browser?.close();
    await it.worker?.kill();
    await it.sidecar?.kill("SIGTERM");
  };
  return it;
}

export async function eventually(what, holds) {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((go) => setTimeout(go, 30));
  }
}

// What keeps people from using the page, seriously.
export async function barriers(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 150)).join(" | ")}`);
}

// What people do in the web UI, from what they see to what comes of it.
// It knows the pages by their words and roles alone.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { barriers, client, conductor, eventually, freePort, start, world } from "./world.mjs";

const { CONDUCTOR, PROJECT } = process.env;
const put = (name) => writeFileSync(join(PROJECT, name), "");
const take = (name) => rmSync(join(PROJECT, name), { force: true });

// Begins a run as a build does that is older than drawings.
async function older(run) {
  const old = await client("old");
  const begun = await old.ask("run.start", { run, workflow: "order", plan: "blake3:0", input: {}, at: Date.now() });
  assert.equal(begun.result.outcome, "owned", JSON.stringify(begun));
  await eventually(run, async () => (await it.get(`/v1/runs/${run}`)).plan === "blake3:0");
  old.end();
}

let it;
before(async () => {
  it = await world();
  for (let i = 1; i <= 4; i++) await it.begin("order", `order-${i}`, { user_id: `u${i}`, amount: i });
  await it.runIn("order-4", "succeeded");
  put("broken");
  await it.begin("order", "order-5", { user_id: "u5", amount: 50 });
  await it.begin("refund", "refund-1", { user_id: "u1", amount: 3 });
  await it.runIn("order-5", "failed");
  await it.runIn("refund-1", "waiting");
});
after(() => it?.end());

// Gives reason and name, and does what the dialog asks about.
async function agree(page, verb, reason) {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill(reason);
  await dialog.getByLabel("Your name").fill("ada");
  await dialog.getByRole("button", { name: verb }).click();
  await dialog.waitFor({ state: "detached" });
}

const state = (page, name) => page.locator(".title .badge", { hasText: name });

test("a failed run is found, understood, resumed, and seen to finish", async () => {
  const page = await it.open("");
  await page.getByRole("link", { name: "Failed 1" }).click();
  await page.getByRole("link", { name: "order-5" }).click();
  await page.getByText("Why it failed").waitFor();
  await page.getByText("card of u5 declined: insufficient funds for 50").first().waitFor();
  await page.getByText("Stack").first().click();
  await page.getByText("in charge").first().waitFor();
  assert.match(await page.locator(".error pre").nth(1).textContent(), /tasks\.py/);
  await page.getByRole("button", { name: /^charge, failed, 2 attempts/ }).click();
  // What it was called with, computed from the Plan.
  await page.locator(".details [data-key=in] pre", { hasText: "50" }).waitFor();
  const attempts = page.getByRole("region", { name: "Attempts" });
  await attempts.getByRole("row").nth(2).waitFor();
  assert.equal(await attempts.getByRole("row").count(), 3);

  take("broken");
  await page.getByRole("button", { name: "Resume from the failed step" }).click();
  const dialog = page.getByRole("dialog");
  // Nothing is done without a reason.
  await dialog.getByLabel("Reason").fill(" ");
  await dialog.getByLabel("Your name").fill("ada");
  await dialog.getByRole("button", { name: "Resume" }).click();
  await dialog.getByText("Say why").waitFor();
  await agree(page, "Resume", "the bank has topped up");
  await state(page, "succeeded").waitFor();
  await page.getByRole("cell", { name: "the bank has topped up" }).waitFor();
  const run = await it.get("/v1/runs/order-5");
  assert.deepEqual([run.restarted[0].from, run.restarted[0].by], ["charge", "ada"]);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a waiting run is approved", async () => {
  const page = await it.open("run/refund-1");
  await page.getByText("waits for the signal \u201capproved\u201d").waitFor();
  await page.getByRole("button", { name: "Send \u201capproved\u201d" }).click();
  await page.getByRole("dialog").getByLabel("Data, as JSON").fill('{"limit": 5}');
  await agree(page, "Send", "seen the papers");
  await state(page, "succeeded").waitFor();
  await page.getByRole("cell", { name: "signal approved sent" }).waitFor();
  const run = await it.get("/v1/runs/refund-1");
  assert.deepEqual(run.steps.find((step) => step.key === "approval").output, { limit: 5 });
  const { decisions } = await it.get("/v1/audit?kind=run&id=refund-1");
  assert.deepEqual([decisions[0].by, decisions[0].reason, decisions[0].decision.signal], ["ada", "seen the papers", "approved"]);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a breaker is opened, and left to itself again", async () => {
  const page = await it.open("breakers");
  await page.getByRole("button", { name: "Open charge" }).click();
  await agree(page, "Open", "the bank asked for it");
  const row = page.getByRole("row", { name: /^charge/ }).first();
  await row.getByText("open", { exact: true }).waitFor();
  await row.getByText("ada").waitFor();
  await it.begin("order", "order-6", { user_id: "u6", amount: 6 });
  const refused = await it.runIn("order-6", "failed");
  assert.match(refused.error.types[0], /CircuitOpen/);
  await page.getByRole("button", { name: "Auto: leave charge to itself" }).click();
  await agree(page, "Leave to itself", "they are back");
  await row.getByText("closed", { exact: true }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("the numbers of a policy are changed while it runs, and taken back", async () => {
  const page = await it.open("policies");
  const row = page.getByRole("region", { name: "Numbers" }).getByRole("row", { name: /^careful/ });
  await row.getByText(/retries 1/).waitFor();
  await page.getByRole("button", { name: "Change careful" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("retries").fill("-1");
  await dialog.getByLabel("Reason").fill("the bank is slow");
  await dialog.getByLabel("Your name").fill("ada");
  await dialog.getByRole("button", { name: "Change" }).click();
  await dialog.getByRole("alert").getByText("`retries` is a whole number").waitFor();
  await dialog.getByLabel("retries").fill("3");
  await agree(page, "Change", "the bank is slow");
  await row.getByText("retries 3", { exact: true }).waitFor();
  await row.getByText("ada").waitFor();
  put("broken");
  await it.begin("order", "order-8", { user_id: "u8", amount: 8 });
  const tried = await it.runIn("order-8", "failed");
  assert.equal(tried.steps.find((step) => step.key === "charge").attempts, 4);
  await page.getByRole("button", { name: "Reset careful" }).click();
  await agree(page, "Reset", "it is fast again");
  await page.getByRole("button", { name: "Reset careful" }).waitFor({ state: "detached" });
  await it.begin("order", "order-9", { user_id: "u9", amount: 9 });
  const again = await it.runIn("order-9", "failed");
  assert.equal(again.steps.find((step) => step.key === "charge").attempts, 2);
  take("broken");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a payment of which nobody knows whether it happened is decided on", async () => {
  put("stuck");
  await it.begin("payment", "payment-1", { amount: 12 });
  await eventually("the payment", async () => (await it.get("/v1/runs/payment-1")).steps.length > 0);
  await it.worker.kill();
  take("stuck");
  it.startWorker();
  const page = await it.open("run/payment-1");
  await state(page, "paused").waitFor();
  await page.getByRole("button", { name: "Decide\u2026" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("It happened").check();
  await dialog.getByLabel("Result, as JSON").fill("{");
  await dialog.getByLabel("Reason").fill("the bank's list has it");
  await dialog.getByLabel("Your name").fill("ada");
  await dialog.getByRole("button", { name: "Decide" }).click();
  await dialog.getByRole("alert").getByText("Result, as JSON:").waitFor();
  await dialog.getByLabel("Result, as JSON").fill('"paid 12"');
  await agree(page, "Decide", "the bank's list has it");
  await state(page, "succeeded").waitFor();
  // The kill is a gap in the time line.
  await page.getByText(/Owner last heard of at .*, resumed by process/).waitFor();
  await page.locator('.track .bar[data-kind="gap"]').first().waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a browser elsewhere is let in by a link, and by nothing else", async (t) => {
  const place = `localhost:${await freePort()}`;
  const files = ["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tokens", "tokens"];
  const token = conductor(["token", "ops", "--role", "operator", "--tokens", "tokens"]);
  const far = start(CONDUCTOR, ["sidecar", "--data", "far", "--http", "off", "--listen", place.replace("localhost", "127.0.0.1"), ...files], "ready\n");
  t.after(() => far.kill("SIGTERM"));
  await far.told;
  const context = await it.browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(`https://${place}/`);
  await page.getByText("The sidecar does not know who you are").waitFor();
  await page.getByText("conductor ui").waitFor();
  const link = conductor(["ui", "--socket", `tls://${place}`], { CONDUCTOR_TOKEN: token, CONDUCTOR_CA: "ca.pem" });
  await page.goto(link);
  await page.getByText("The sidecar does not know who you are").waitFor({ state: "detached" });
  await page.getByRole("status").getByText("live").waitFor();
  assert.equal(new URL(page.url()).hash, "#/", "the code stays in the address");
  assert.equal(await page.evaluate(() => document.cookie), "", "scripts can read what lets the browser in");
  await page.goto(`https://${place}/#/breakers`);
  await page.reload();
  await page.getByRole("heading", { name: "Breakers", exact: true }).waitFor();
  const by = await page.evaluate(async () => {
    const options = { method: "PUT", headers: { "content-type": "application/json" }, body: '{"state": "open", "by": "ada"}' };
    return (await (await fetch("/v1/breakers/charge", options)).json()).by;
  });
  assert.equal(by, "ada (token ops)");
  await page.getByText("The sidecar does not know who you are").waitFor({ state: "detached" });
  const other = await (await it.browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await other.goto(link);
  await other.getByText("the code is not valid any more").waitFor();
  await other.context().close();
  await context.close();
});

test("a lost connection comes back by itself", async () => {
  const page = await it.open("runs");
  await page.getByRole("status").getByText("live").waitFor();
  await it.sidecar.kill();
  await page.getByText("The sidecar does not answer").waitFor();
  await it.startSidecar();
  await page.getByRole("status").getByText("live").waitFor();
  await page.getByText("The sidecar does not answer").waitFor({ state: "detached" });
  // What happens from now on is seen without a hand being moved.
  await it.begin("order", "order-7", { user_id: "u7", amount: 7 });
  await page.getByRole("row", { name: /order-7 .*succeeded/ }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("hostile content is inert, and large content is cut", async () => {
  const evil = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script> \u001b[31m\u202eevil';
  await it.begin("rumour", "rumour-<b>1", { text: `fail:${evil}` });
  await it.begin("rumour", "rumour-2", { text: "long:abc" });
  await eventually("the rumour", async () => (await it.get(`/v1/runs/${encodeURIComponent("rumour-<b>1")}`)).state === "failed");
  await it.runIn("rumour-2", "succeeded");
  const page = await it.open("runs");
  await page.getByRole("link", { name: "rumour-<b>1" }).click();
  const shown = await page.locator(".error pre").first().textContent();
  assert.equal(shown, evil.replace("\u001b", "\u27e8U+001B\u27e9").replace("\u202e", "\u27e8U+202E\u27e9"));
  await page.locator(".graph text", { hasText: "if input.text != \"<img src=x onerror" }).waitFor();
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  await page.goto(`${it.base}/#/run/rumour-2`);
  await page.getByRole("button", { name: /speak, succeeded/ }).click();
  const output = page.locator(".details [data-key=out] .value");
  assert.ok((await output.locator("pre").textContent()).length <= 2000);
  await output.getByRole("button", { name: "Show all (3.8 MiB)" }).click();
  await eventually("all of it", async () => (await output.locator("pre").evaluate((pre) => pre.textContent.length)) > 3_900_000);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("runs are found by what stands in them, and where there is nothing it says so", async () => {
  const page = await it.open("runs");
  const find = async (fields) => {
    await page.getByRole("link", { name: "Clear" }).click();
    for (const [label, text] of Object.entries(fields)) await page.getByRole("search").getByLabel(label, { exact: true }).fill(text);
    await page.getByRole("button", { name: "Find" }).click();
  };
  const ids = () => page.locator(".runs .name a").allTextContents();
  await find({ "Input has": "user_id=u2" });
  await eventually("order-2", async () => (await ids()).join() === "order-2");
  await find({ "Error has": "circuitopen" });
  await eventually("order-6", async () => (await ids()).join() === "order-6");
  await find({ Workflow: "refund", "Started after": "2020-01-01T00:00" });
  await eventually("the refund", async () => (await ids()).join() === "refund-1");
  await find({ "Started before": "2020-01-01T00:00" });
  await page.getByText("No run is like that.").waitFor();
  await find({ Run: "order-3" });
  await page.getByRole("heading", { name: "order-3" }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const box = (page, name) => page.locator(".graph").getByRole("button", { name });

test("a run is followed in its graph, by the keyboard too", async () => {
  await it.begin("refund", "refund-2", { user_id: "u2", amount: 3 });
  await it.runIn("refund-2", "waiting");
  const page = await it.open("run/refund-2");
  await box(page, /^reserve, tasks\.reserve: succeeded/).waitFor();
  await box(page, /^approval, .*: waiting/).waitFor();
  await box(page, /^ship, .*: not begun/).waitFor();
  await box(page, /^reserve/).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Step approval", exact: true }).waitFor();
  assert.equal(await box(page, /^approval/).getAttribute("aria-pressed"), "true");
  // It changes its colours where it stands, and keeps the focus.
  assert.equal((await it.post("/v1/runs/refund-2/signals/approved", { limit: 1 })).status, 202);
  await box(page, /^ship, .*: succeeded/).waitFor();
  await box(page, /^approval, .*: succeeded/).waitFor();
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^approval, .*: succeeded$/);
  await page.keyboard.press("End");
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^ship/);
  // What waits is brought into view, however little of the graph is.
  await it.begin("refund", "refund-3", { user_id: "u3", amount: 3 });
  await it.runIn("refund-3", "waiting");
  await page.setViewportSize({ width: 1280, height: 260 });
  await page.goto(`${it.base}/#/run/refund-3`);
  await box(page, /^approval, .*: waiting/).waitFor();
  await eventually("it in view", () => page.locator(".graph").evaluate((graph) => {
    const [outer, inner] = [graph, graph.querySelector("[data-state=waiting] .hit")].map((one) => one.getBoundingClientRect());
    return graph.scrollTop > 0 && inner.top >= outer.top && inner.bottom <= outer.bottom;
  }));
  await page.setViewportSize({ width: 1280, height: 860 });
  // Steps of a map share a box.
  await it.begin("inventory", "inventory-1", { count: 12 });
  await it.runIn("inventory-1", "succeeded");
  await page.goto(`${it.base}/#/run/inventory-1`);
  await box(page, /^look, tasks\.look: 12 succeeded/).click();
  await page.getByRole("region", { name: "Step each[0].look", exact: true }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a run whose Plan nobody has told says why there is no graph", async () => {
  await older("old-1");
  const page = await it.open("run/old-1");
  await page.getByText("There is no graph of this run: no process has told the sidecar this Plan").waitFor();
  await page.getByText("No step has begun.").waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("the manifest of a build stands with the advice on it, without its secrets", async () => {
  const page = await it.open("manifest");
  await page.getByText("No manifest has been told to this sidecar").waitFor();
  mkdirSync(join(PROJECT, "search"));
  const text = `# <img src=x onerror="window.hurt=1"> \u202e
tasks:
  - id: search
    ref: shop.search
    effect: read
    with: {api_key: "sk-4242424242"}

workflows:
  - id: main
    entrypoint: true
    input:
      query: string
      pin: {type: string, secret: true, default: "4711"}
    steps:
      - task: search
`;
  writeFileSync(join(PROJECT, "search/concurrency.yaml"), text);
  writeFileSync(join(PROJECT, "search/shop.py"), "def search(query: str, api_key: str) -> str:\n    return query\n");
  conductor(["build", "--socket", ".conductor/sidecar.sock", "search"]);
  await page.reload();
  await page.getByText("stands in the manifest").waitFor();
  await page.getByRole("button", { name: "line 6" }).first().click();
  assert.match(await page.locator(".code .chosen").textContent(), /api_key: \u2022\u2022\u2022\}/);
  await page.locator(".code li", { hasText: "default: \"\u2022\u2022\u2022\"" }).waitFor();
  const shown = await page.locator(".code li").first().textContent();
  assert.equal(shown, "# <img src=x onerror=\"window.hurt=1\"> \u27e8U+202E\u27e9");
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  const said = JSON.stringify(await it.get("/v1/manifests"));
  assert.ok(!said.includes("4242424242") && !said.includes("4711"), said);
  // A second project is chosen from.
  conductor(["build"]);
  await page.reload();
  await page.getByLabel("Project").selectOption("search/concurrency.yaml");
  await page.getByText("stands in the manifest").waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("every page can be used by everybody, light and dark, wide and narrow", async () => {
  for (const [colorScheme, width] of [["light", 1280], ["dark", 390]]) {
    const page = await it.open("", { colorScheme, viewport: { width, height: 800 } });
    for (const address of ["", "runs", "run/order-5?step=charge", "run/old-1", "breakers", "policies", "resources", "schedules", "manifest", "run/nope", "nowhere"]) {
      await page.goto(`${it.base}/#/${address}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByText("Loading").waitFor({ state: "detached" });
      if (address.startsWith("run/order")) await box(page, /^charge/).waitFor();
      assert.deepEqual(await barriers(page), [], `${address} ${colorScheme} ${width}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${address} is ${over} pixels too wide at ${width}`);
    }
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test("the keyboard alone is enough", async () => {
  const page = await it.open("run/order-5");
  await page.getByRole("button", { name: /^reserve, succeeded/ }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
  await page.getByRole("button", { name: "Restart from" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Restart from/);
  await page.getByRole("button", { name: /^reserve, succeeded/ }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Step reserve", exact: true }).waitFor();
  await page.context().close();
});

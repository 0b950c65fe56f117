// How the web UI bears much at once: a run of 2,000 steps as a graph, and 500 runs that begin and end in each second.
// It knows the protocol as a client speaks it, and the pages by their words and roles.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { client, eventually, world } from "./world.mjs";

const STEPS = 2000;
const RATE = 500;
const SECONDS = 5;
// Nobody would call it stuck; what is usual is printed.
const STUCK = 5000;

let it;
before(async () => (it = await world()));
after(() => it?.end());

// The longest time in which the page drew nothing, since the last look.
async function watchFrames(page) {
  await page.evaluate(() => {
    let last = performance.now();
    window.longest = 0;
    const frame = (now) => {
      window.longest = Math.max(window.longest, now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return async () => {
    const longest = await page.evaluate(() => [window.longest, (window.longest = 0)][0]);
    return Math.round(longest);
  };
}

async function took(work) {
  const began = performance.now();
  await work();
  return Math.round(performance.now() - began);
}

test("a graph of 2,000 steps is drawn, coloured while they run, and walked through", async (t) => {
  const page = await it.open("runs");
  const longest = await watchFrames(page);
  await it.begin("long", "long-1", { number: 1 });
  const hits = page.locator(".graph .hit");
  const drawn = await took(async () => {
    await page.evaluate(() => (location.hash = "#/run/long-1"));
    await eventually("all boxes", async () => (await hits.count()) === STEPS);
  });
  const first = await longest();
  await page.getByRole("button", { name: "step_1999, tasks.look: succeeded", exact: true }).waitFor({ timeout: 120_000 });
  const running = await longest();
  await hits.first().focus();
  const walked = await took(async () => {
    for (const key of ["ArrowDown", "ArrowDown", "End", "ArrowUp", "Enter"]) await page.keyboard.press(key);
    await page.getByRole("region", { name: "Step step_1998", exact: true }).waitFor();
  });
  assert.equal(await page.locator(".graph [data-state=succeeded] .hit").count(), STEPS);
  const scrolled = await longest();
  t.diagnostic(`drawn after ${drawn} ms; five keys ${walked} ms; longest frame ${first} ms while it was drawn, ${running} ms while it ran, ${scrolled} ms while it was walked through`);
  for (const one of [running, walked, scrolled]) assert.ok(one < STUCK, `stuck for ${one} ms`);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

// Begins and ends runs, so many in a second, and says how long it took.
async function storm(count) {
  const speaker = await client("storm");
  const began = performance.now();
  const at = Date.now();
  for (let made = 0; made < count; ) {
    const due = Math.min(count, Math.ceil(((performance.now() - began) / 1000) * RATE));
    for (; made < due; made++) {
      const run = `storm-${made}`;
      speaker.tell("run.start", { run, workflow: "order", plan: "blake3:0", input: {}, at }, made + 10);
      speaker.tell("step.record", { run, epoch: 1, seq: 1, entries: [{ run_succeeded: { output: null, at } }] });
    }
    await new Promise((go) => setTimeout(go, 10));
  }
  await eventually("the last one", async () => (await it.get(`/v1/runs/storm-${count - 1}`)).state === "succeeded");
  speaker.end();
  return (performance.now() - began) / 1000;
}

// What the stream of events says of each run, last.
function listen() {
  const heard = { states: new Map(), events: 0, missed: 0 };
  const quit = new AbortController();
  const ready = (async () => {
    const answer = await fetch(`${it.base}/v1/events`, { signal: quit.signal });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    (async () => {
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        text += value;
        for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
          const block = text.slice(0, end);
          if (block.includes("event: missed")) heard.missed++;
          if (!block.includes("event: runs")) continue;
          const { runs } = JSON.parse(block.split("data: ")[1]);
          heard.events += runs.length;
          for (const run of runs) heard.states.set(run.id, run.state);
        }
      }
    })().catch(() => undefined);
  })();
  return { heard, ready, stop: () => quit.abort() };
}

test("500 runs a second begin and end, the page answers, and nothing is lost", async (t) => {
  const count = RATE * SECONDS;
  const { heard, ready, stop } = listen();
  await ready;
  const page = await it.open("runs");
  await page.getByRole("status").getByText("live").waitFor();
  const longest = await watchFrames(page);
  const blowing = storm(count);
  const answers = [];
  for (let i = 0; i < 2 * SECONDS; i++) {
    const field = page.getByRole("search").getByLabel("Run", { exact: true });
    answers.push(await took(async () => {
      await field.fill(`storm-${i}`);
      assert.equal(await field.inputValue(), `storm-${i}`);
      await page.getByRole("link", { name: i % 2 ? "Overview" : "Runs", exact: true }).click();
      await page.getByRole("link", { name: "Runs", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "Runs" }).waitFor();
    }));
    await page.waitForTimeout(200);
  }
  const seconds = await blowing;
  const all = () => [...heard.states].filter(([id, state]) => id.startsWith("storm-") && state === "succeeded").length;
  await eventually(`${count} ends`, async () => all() === count);
  await page.getByRole("row", { name: new RegExp(`storm-${count - 1} .*succeeded`) }).waitFor();
  const frame = await longest();
  t.diagnostic(`${count} runs in ${seconds.toFixed(1)} s; ${heard.events} events heard, ${heard.missed} times missed; ` +
    `two clicks and a field ${Math.max(...answers)} ms at most; longest frame ${frame} ms`);
  assert.equal(heard.missed, 0);
  assert.ok(Math.max(...answers) < 2 * STUCK && frame < STUCK, `stuck: ${answers}, ${frame}`);
  assert.deepEqual(page.faults, []);
  stop();
  await page.context().close();
});

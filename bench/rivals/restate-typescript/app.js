import * as restate from "@restatedev/restate-sdk";

import { gate, note } from "./driver.js";

/** @typedef {restate.Context} Context */

const touch = async () => 1;
/** @param {Context} ctx */
const step = (ctx) => ctx.run("touch", touch);

const failed = new Set();

/** @param {string} run */
async function charge(run) {
  if (!failed.has(run)) {
    failed.add(run);
    throw new Error("try again");
  }
  return 1;
}

export const rival = restate.service({
  name: "rival",
  handlers: {
    async ten_steps(/** @type {Context} */ ctx) {
      for (let number = 0; number < 10; number++) await step(ctx);
    },
    async parallel(/** @type {Context} */ ctx) {
      await restate.RestatePromise.all(Array.from({ length: 10 }, () => step(ctx)));
    },
    async order(/** @type {Context} */ ctx) {
      await step(ctx);
      await ctx.run("charge", () => charge(String(ctx.request().id)), { initialRetryInterval: 1, retryIntervalFactor: 1, maxRetryAttempts: 4 });
      await step(ctx);
    },
    async fan_out(/** @type {Context} */ ctx) {
      for (let first = 0; first < 1000; first += 50) {
        await restate.RestatePromise.all(Array.from({ length: 50 }, () => step(ctx)));
      }
    },
    async held(/** @type {Context} */ ctx) {
      const run = String(ctx.request().id);
      for (let number = 0; number < 4; number++) await step(ctx);
      await ctx.run("gate", () => gate(run));
      for (let number = 5; number < 9; number++) await step(ctx);
      await ctx.run("mark", async () => note("mark", run));
    },
    async asleep(/** @type {Context} */ ctx) {
      await ctx.sleep({ seconds: Number(process.env.PAUSE) });
      await ctx.run("mark", async () => note("mark", String(ctx.request().id)));
    },
  },
});

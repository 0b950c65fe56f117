import * as conductor from "./conductor_gen/index.js";
import { drive } from "./driver.js";

const WORKS = {
  ten_steps: conductor.tenSteps,
  one_write: conductor.oneWrite,
  parallel: conductor.parallel,
  order: conductor.order,
  fan_out: conductor.fanOut,
  held: conductor.held,
  asleep: conductor.asleep,
};
const pause = `${process.env.PAUSE ?? 0}s`;

if ("RELEASED" in process.env) conductor.serve();
await drive((work, run) => {
  const input = work === "asleep" ? { name: run, pause } : ["order", "held"].includes(work) ? { name: run } : {};
  return WORKS[work](input, { runId: run });
});

/** Workflows for the tests, as generated code would have them. */

import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { Pool } from "../js/_conductor/permits.js";
import { decodeAny, encodeAny } from "../js/_conductor/scalars.js";
import { Workflow } from "../js/_conductor/workflow.js";

/** A write that notes its key. */
async function noted(run, id, log, result) {
  const step = run.step(id, { effect: "write", idempotent: true });
  while (await step.nextAttempt()) {
    try {
      await step.call(() => appendFileSync(log, `${step.idempotencyKey}\n`));
      step.succeed(result);
    } catch (error) {
      throw step.failed(error);
    }
  }
  return step.output;
}

export const counting = new Workflow("counting", {
  plan: "blake3:00000000000000000000000000000001",
  body: async (run) => {
    let count = 0;
    for (let index = 0; index < run.input("steps"); index += 1) {
      const inner = run.iteration("each", index);
      count += await noted(inner, "write", run.input("log"), 1);
      const pause = run.input("pause", 0);
      if (pause > 0) {
        await run.pause("each", index, pause);
      }
    }
    return count;
  },
});

/** Books, and waits to be cancelled. */
export const held = new Workflow("held", {
  plan: "blake3:00000000000000000000000000000002",
  body: async (run) => {
    const step = run.step("book", {
      effect: "write",
      undo: () => ({ id: null }),
    });
    while (await step.nextAttempt()) {
      await step.call(() => undefined);
      step.succeed("b1", { id: "b1" });
    }
    appendFileSync(run.input("log"), "booked\n");
    await run.sleep("nap", 60_000);
    return null;
  },
  compensations: {
    book: async (run, { id }) => {
      const step = run.step("book.compensate", { effect: "write" });
      while (await step.nextAttempt()) {
        await step.call(() =>
          appendFileSync(run.input("log"), `undone ${id}\n`),
        );
        step.succeed(null);
      }
      step.raiseFailure();
    },
  },
});

export const echo = new Workflow("echo", {
  plan: "blake3:00000000000000000000000000000003",
  body: async (run) => {
    const step = run.step("say", { effect: "read" });
    while (await step.nextAttempt()) {
      step.succeed(
        encodeAny(await step.call(() => decodeAny(run.input("value")))),
      );
    }
    return encodeAny(decodeAny(step.output));
  },
});

/** Waits for a signal. */
export const waiting = new Workflow("waiting", {
  plan: "blake3:00000000000000000000000000000004",
  body: (run) => run.waitFor("approval", { signal: "approved" }),
});

/** Sends a signal. */
export const letter = new Workflow("letter", {
  plan: "blake3:00000000000000000000000000000005",
  body: async (run) => {
    await run.emit("tell", {
      signal: "approved",
      run: run.input("to"),
      data: { by: "ann" },
    });
    return null;
  },
});

const printer = new Pool("printer", { limit: 1, scope: "host" });

/** Begins and ends with the one permit of the host. */
export const ordered = new Workflow("ordered", {
  plan: "blake3:00000000000000000000000000000006",
  body: async (run) => {
    const step = run.step("print", { effect: "read", uses: [printer] });
    while (await step.nextAttempt()) {
      await step.call(async () => {
        appendFileSync(run.input("log"), `begin ${run.id}\n`);
        await sleep(50);
        appendFileSync(run.input("log"), `end ${run.id}\n`);
      });
      step.succeed(null);
    }
    return null;
  },
});

/** Calls a task of another process. */
export const remote = new Workflow("remote", {
  plan: "blake3:00000000000000000000000000000007",
  body: async (run) => {
    const timeout = run.input("timeout", 20_000);
    const step = run.step("slow", {
      effect: "write",
      idempotent: true,
      timeout,
    });
    while (await step.nextAttempt()) {
      try {
        step.succeed(await step.invoke("ts:shop.slow", "s1", {}));
      } catch (error) {
        throw step.failed(error);
      }
    }
    return step.output;
  },
});

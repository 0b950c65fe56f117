/** Clients of databases: opened once, lent for a call, held over a block, given up where they do not connect. The drivers are stand-ins. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { LocalRun } from "../js/_conductor/local.js";
import { Pool } from "../js/_conductor/permits.js";
import { Postgres } from "../js/_conductor/postgres.js";
import { Redis } from "../js/_conductor/redis.js";
import { closeResources } from "../js/_conductor/resources.js";

afterEach(closeResources);

class Connection {
  status = "I";
  queries = [];
  released = 0;
  query(text) {
    this.queries.push(text);
    this.status = text === "begin" ? "T" : "I";
  }
  getTransactionStatus() {
    return this.status;
  }
  release() {
    this.released += 1;
  }
}

function postgres() {
  const made = { connections: [], ended: 0 };
  const open = () => ({
    on: () => undefined,
    connect: async () => {
      const connection = new Connection();
      made.connections.push(connection);
      return connection;
    },
    end: async () => {
      made.ended += 1;
    },
  });
  const db = new Postgres(new Pool("db", { limit: 1 }), { open });
  return { db, made };
}

test("a connection is lent for a call, and an open transaction is rolled back", async () => {
  const { db, made } = postgres();
  const run = new LocalRun("w");
  const step = (work) => run.using([db], () => db.lend(work));
  assert.equal(await step(() => 5), 5);
  await assert.rejects(
    step((connection) => connection.query("begin")),
    { message: "a transaction is still open at the step's end" },
  );
  // The first says whether the server is there.
  const [, calm, open] = made.connections;
  assert.deepEqual([calm.queries, open.queries], [[], ["begin", "rollback"]]);
  assert.deepEqual([calm.released, open.released], [1, 1]);
  await closeResources();
  assert.equal(made.ended, 1);
});

test("the steps of a block share its connection one after the other, and take no further permit", async () => {
  const { db, made } = postgres();
  const run = new LocalRun("w");
  let at = 0;
  const step = (run) =>
    run.using([db], () =>
      db.lend(async (connection) => {
        at += 1;
        assert.equal(at, 1);
        await null;
        at -= 1;
        return connection;
      }),
    );
  const both = await run.hold("h", db, (run) =>
    run.parallel("p", { a: step, b: step }),
  );
  assert.equal(both.a, both.b);
  assert.equal(made.connections.length, 2);
  assert.equal(both.a.released, 1);
});

test("a client that does not connect is given up, and the next attempt opens another", async () => {
  let opened = 0;
  let destroyed = 0;
  const open = () => {
    opened += 1;
    const isDown = opened === 1;
    return {
      on: () => undefined,
      connect: async () => {
        if (isDown) throw new Error("refused");
      },
      destroy: () => (destroyed += 1),
      quit: async () => undefined,
    };
  };
  const cache = new Redis(new Pool("cache", {}), { open });
  const run = new LocalRun("w");
  const step = () => run.using([cache], () => typeof cache.client());
  await assert.rejects(step(), { name: "ResourceUnavailable" });
  assert.equal(await step(), "object");
  assert.deepEqual([opened, destroyed], [2, 1]);
});

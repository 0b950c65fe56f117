/** Calls of HTTP APIs: every part of the request, what a reply is, and what a failure says. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { call } from "../js/_conductor/httpCalls.js";
import { Http, HttpClient } from "../js/_conductor/httpClient.js";
import { headersOf, pathOf, queryOf } from "../js/_conductor/httpValues.js";
import { http, ready, tcp } from "../js/_conductor/health.js";
import { Pool, take } from "../js/_conductor/permits.js";
import { isRetryable } from "../js/_conductor/policy.js";
import { closeResources } from "../js/_conductor/resources.js";
import { Scope } from "../js/_conductor/scope.js";
import { shown } from "../js/_conductor/address.js";

let server;
let client;
let last;
let reply = [200, {}, "{}"];

before(async () => {
  server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    last = { method, url, headers, body: Buffer.concat(chunks).toString() };
    response.writeHead(reply[0], reply[1]);
    response.end(reply[2]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = new HttpClient(`http://127.0.0.1:${server.address().port}/v1/`, {
    authorization: "t",
  });
});

after(() => new Promise((resolve) => server.close(resolve)));

/** A port on which nobody listens. */
async function freePort() {
  const other = createServer();
  await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address();
  await new Promise((resolve) => other.close(resolve));
  return port;
}

const JSON_TYPE = { "content-type": "application/json" };

test("a request has its parts", async () => {
  reply = [200, JSON_TYPE, '{"big":9007199254740993}'];
  const request = {
    path: { id: "a/b ü" },
    query: { tags: ["x", "y&z"], filter: { a: 1 }, none: null },
    exploded: ["tags"],
    headers: { "x-name": "Zoë" },
    cookies: { s: "1;2" },
    body: { big: 9007199254740993n },
  };
  const found = await call(
    client,
    "POST",
    "/users/{id}",
    "run-1/step",
    request,
  );
  assert.deepEqual(found, { big: 9007199254740993n });
  assert.equal(
    last.url,
    "/v1/users/a%2Fb%20%C3%BC?tags=x&tags=y%26z&filter=a,1",
  );
  assert.equal(last.method, "POST");
  assert.equal(last.body, '{"big":9007199254740993}');
  assert.equal(last.headers["idempotency-key"], "run-1/step");
  assert.equal(last.headers.authorization, "t");
  assert.equal(last.headers.cookie, "s=1%3B2");
  assert.equal(Buffer.from(last.headers["x-name"], "latin1").toString(), "Zoë");
});

test("no part leads elsewhere", () => {
  assert.throws(() => pathOf("/a/{id}", { id: ".." }), { name: "ResultError" });
  assert.throws(() => pathOf("/a/{id}", { id: "" }), { name: "ResultError" });
  assert.throws(() => headersOf({ x: "a\r\nb: c" }), { name: "ResultError" });
  assert.equal(queryOf({ "a b": "!'()*" }, []), "a%20b=%21%27%28%29%2A");
});

test("a reply is JSON, text or bytes", async () => {
  const get = () => call(client, "GET", "/x", "k", {});
  reply = [
    200,
    { "content-type": "text/plain; charset=iso-8859-1" },
    Buffer.from([0xe9]),
  ];
  assert.equal(await get(), "é");
  reply = [
    200,
    { "content-type": "application/octet-stream" },
    Buffer.from([1, 2]),
  ];
  assert.equal(await get(), "AQI=");
  reply = [204, {}, ""];
  assert.equal(await get(), null);
  reply = [200, JSON_TYPE, "nonsense"];
  await assert.rejects(get(), { name: "ResultError" });
  reply = [200, JSON_TYPE, `"${"x".repeat(17 << 20)}"`];
  await assert.rejects(get(), /more than 16777216 bytes/);
});

test("a failure says its status, its name and what the service says", async () => {
  reply = [409, JSON_TYPE, '{"message":"taken","id":5}'];
  const request = { errors: { 409: "Conflict", "5xx": "Broken" } };
  const failure = await call(client, "PUT", "/x", "k", request).catch(
    (error) => error,
  );
  assert.deepEqual(failure.types, ["Conflict", "HttpError"]);
  assert.equal(failure.message, "409: taken");
  assert.deepEqual(failure.fields, { message: "taken", id: 5 });
  assert.equal(isRetryable(failure), false);
  reply = [503, {}, ""];
  const busy = await call(client, "PUT", "/x", "k", request).catch(
    (error) => error,
  );
  assert.equal(busy.code, "503");
  assert.deepEqual(busy.types, ["Broken", "HttpError"]);
  assert.equal(isRetryable(busy), true);
  assert.equal(isRetryable(busy, { abortOn: ["5xx"] }), false);
  reply = [302, { location: "/y" }, ""];
  await assert.rejects(call(client, "GET", "/x", "k", {}), { code: "302" });
});

test("nobody answers, and the caller gives up", async () => {
  const nobody = new HttpClient(`http://127.0.0.1:${await freePort()}`);
  const failure = await call(nobody, "GET", "/x", "k", {}).catch(
    (error) => error,
  );
  assert.equal(failure.code, undefined);
  assert.deepEqual(failure.types, ["ECONNREFUSED", "HttpError"]);
  const stopped = new Error("enough");
  const signal = AbortSignal.abort(stopped);
  await assert.rejects(call(client, "GET", "/x", "k", {}, signal), stopped);
});

test("a resource is opened once, on first use, and closed when it is not used", async () => {
  process.env.API_URL = client.base;
  reply = [200, {}, ""];
  const api = new Http(new Pool("api", { limit: 2 }), {
    address: (env) => env.get("API_URL"),
    ready: ready(1000, http("/v1/health")),
    headers: (env) => ({ "x-from": env.get("API_URL") }),
  });
  assert.throws(() => api.client(), /not open/);
  const taken = await take([api], { scope: new Scope() });
  assert.equal(last.url, "/v1/health");
  await api.client().fetch("y");
  assert.equal(last.headers["x-from"], client.base);
  let isClosed = false;
  const closing = closeResources().then(() => (isClosed = true));
  await null;
  assert.equal(isClosed, false);
  taken.over();
  await closing;
  assert.throws(() => api.client(), /not open/);
});

test("an address that is missing or wrong says so without its password", async () => {
  const lost = new Http(new Pool("lost", {}), {
    address: (env) => env.get("NOT_SET"),
  });
  await take([lost], { scope: new Scope() });
  assert.throws(
    () => lost.client(),
    /the resource lost is read from the environment variable NOT_SET/,
  );
  const wrong = new Http(new Pool("wrong", {}), {
    address: () => "http://me:pa%20ss@127.0.0.1:1/x?token=abc",
    ready: ready(10, async (address) => {
      throw new Error(`cannot reach ${address} as pa ss`);
    }),
  });
  await take([wrong], { scope: new Scope() });
  assert.throws(
    () => wrong.client(),
    (error) =>
      !/pa%20ss|pa ss|abc/.test(error.message) && error.cause === undefined,
  );
  assert.equal(
    shown("postgres://u:p@ss/w@h/db password='x y'"),
    "postgres://u:***@h/db password=***",
  );
  await assert.rejects(
    ready(20, tcp)("127.0.0.1:1"),
    /was not ready within 20 ms/,
  );
});

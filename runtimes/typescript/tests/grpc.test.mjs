/** Calls of gRPC methods: messages of every kind as JSON and back, and what a failure says. The server is one of `@grpc/grpc-js`. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { unary } from "../js/_conductor/grpcCalls.js";
import { Grpc } from "../js/_conductor/grpcClient.js";
import { fromMessage, toMessage } from "../js/_conductor/grpcMessages.js";
import { Schema } from "../js/_conductor/grpcSchema.js";
import { Pool, take } from "../js/_conductor/permits.js";
import { isRetryable } from "../js/_conductor/policy.js";
import { closeResources } from "../js/_conductor/resources.js";
import { Scope } from "../js/_conductor/scope.js";

// The library is installed beside the build, not beside this file.
const require = createRequire(
  new URL("../../../target/node/package.json", import.meta.url),
);
const grpc = require("@grpc/grpc-js");
const protobuf = require("@bufbuild/protobuf");
const reflection = require("@bufbuild/protobuf/reflect");
const wkt = require("@bufbuild/protobuf/wkt");

const LABELS = { repeated: "LABEL_REPEATED", required: "LABEL_REQUIRED" };

/** `name number type`, as the fields of descriptor.proto. */
function fields(lines) {
  return lines.map(([name, number, type, more = {}]) => ({
    name,
    number,
    type: type.startsWith(".") ? "TYPE_MESSAGE" : `TYPE_${type.toUpperCase()}`,
    ...(type.startsWith(".") ? { typeName: type } : {}),
    ...more,
    label: LABELS[more.label] ?? "LABEL_OPTIONAL",
  }));
}

const repeated = { label: "repeated" };
const KINDS = [
  ...["double", "float", "int64", "uint64", "int32", "fixed64", "fixed32"],
  ...["bool", "string", "bytes", "uint32", "sfixed32", "sfixed64"],
  ...["sint32", "sint64"],
];
const WELL_KNOWN = [
  ["at", 20, ".google.protobuf.Timestamp"],
  ["span", 21, ".google.protobuf.Duration"],
  ["note", 22, ".google.protobuf.StringValue"],
  ["limit", 23, ".google.protobuf.UInt64Value"],
  ["extra", 24, ".google.protobuf.Struct"],
  ["value", 25, ".google.protobuf.Value"],
  ["list", 26, ".google.protobuf.ListValue"],
  ["wrapped", 27, ".google.protobuf.Any"],
  ["values", 28, ".google.protobuf.Value", repeated],
  ["notes", 29, ".google.protobuf.StringValue", repeated],
];

function schema() {
  const choice = (index) => ({ oneofIndex: index });
  const kinds = {
    name: "kinds.proto",
    package: "test",
    syntax: "proto3",
    dependency: [...["timestamp", "duration", "wrappers", "struct", "any"]].map(
      (name) => `google/protobuf/${name}.proto`,
    ),
    messageType: [
      {
        name: "Kinds",
        field: fields([
          ...KINDS.map((kind, index) => [`a_${kind}`, index + 1, kind]),
          ...WELL_KNOWN,
          ["self", 40, ".test.Kinds"],
          ["selves", 41, ".test.Kinds", repeated],
          ["counts", 42, ".test.Kinds.CountsEntry", repeated],
          ["left", 43, "string", choice(0)],
          ["right", 44, ".test.Kinds", choice(0)],
          ["maybe", 45, "int64", { ...choice(1), proto3Optional: true }],
          ["constructor", 46, "string"],
          ["__proto__", 47, "string"],
        ]),
        oneofDecl: [{ name: "choice" }, { name: "_maybe" }],
        nestedType: [
          {
            name: "CountsEntry",
            field: fields([
              ["key", 1, "string"],
              ["value", 2, "int64"],
            ]),
            options: { mapEntry: true },
          },
        ],
      },
    ],
  };
  const old = {
    name: "old.proto",
    package: "test",
    syntax: "proto2",
    messageType: [
      {
        name: "Old",
        field: fields([
          ["plain", 1, "int32"],
          ["given", 2, "int32", { defaultValue: "7" }],
          ["needed", 3, "string", { label: "required" }],
          ["words", 4, "string", repeated],
        ]),
      },
    ],
  };
  const known = [
    ...[wkt.file_google_protobuf_timestamp, wkt.file_google_protobuf_duration],
    ...[wkt.file_google_protobuf_wrappers, wkt.file_google_protobuf_struct],
    wkt.file_google_protobuf_any,
  ];
  // Not in the order of their imports: nobody promised that.
  const set = protobuf.create(wkt.FileDescriptorSetSchema, {
    file: [
      protobuf.fromJson(wkt.FileDescriptorProtoSchema, kinds),
      protobuf.fromJson(wkt.FileDescriptorProtoSchema, old),
      ...known.map((file) => file.proto),
    ],
  });
  const bytes = protobuf.toBinary(wkt.FileDescriptorSetSchema, set);
  const descriptors = Buffer.from(bytes).toString("base64");
  return new Schema({ protobuf, reflection, wkt }, descriptors);
}

const SCHEMA = schema();

function encoded(name, value) {
  const desc = SCHEMA.message(name);
  const { message } = toMessage(reflection.reflect, desc, value);
  return protobuf.toBinary(desc, message);
}

function decoded(name, bytes) {
  const desc = SCHEMA.message(name);
  const message = protobuf.fromBinary(desc, bytes);
  return fromMessage(reflection.reflect(desc, message));
}

const thereAndBack = (value, name = "test.Kinds") =>
  decoded(name, encoded(name, value));

test("numbers keep all of their digits", () => {
  const most = {
    a_double: 0.1,
    a_float: 0.5,
    a_int64: -(2n ** 63n),
    a_uint64: 2n ** 63n - 1n,
    a_int32: -(2 ** 31),
    a_fixed64: 2 ** 53 - 1,
    a_fixed32: 2 ** 32 - 1,
    a_uint32: 2 ** 32 - 1,
    a_sfixed32: -1,
    a_sfixed64: -(2n ** 60n),
    a_sint32: 2 ** 31 - 1,
    a_sint64: 5,
  };
  const found = thereAndBack(most);
  for (const [name, value] of Object.entries(most)) {
    assert.equal(found[name], value, name);
  }
  const floats = thereAndBack({ a_double: "NaN", a_float: "-Infinity" });
  assert.deepEqual([floats.a_double, floats.a_float], ["NaN", "-Infinity"]);
  for (const wrong of [
    { a_int32: 2 ** 31 },
    { a_uint32: -1 },
    { a_uint64: -1 },
    { a_int64: 2n ** 63n },
    { a_int64: 0.5 },
    { a_bool: 1 },
    { a_bytes: "%" },
    { a_string: 5 },
    { nobody: 1 },
  ]) {
    assert.throws(() => encoded("test.Kinds", wrong), { name: "ResultError" });
  }
});

test("a message has one member of a oneof", () => {
  assert.throws(
    () => encoded("test.Kinds", { left: "", right: {}, maybe: 1 }),
    {
      name: "ResultError",
      message: "the message test.Kinds has left or right, not both",
    },
  );
  encoded("test.Kinds", { left: null, right: {}, maybe: 1 });
});
test("the arguments of a call are fields of its request, whatever that stands for", () => {
  const bytes = encoded("google.protobuf.Timestamp", {
    seconds: 5,
    nanos: 1000,
  });
  assert.deepEqual(
    decoded("google.protobuf.Timestamp", bytes),
    "1970-01-01T00:00:05.000001+00:00",
  );
});
test("a number that no int holds is an error, not another number", () => {
  const desc = SCHEMA.message("test.Kinds");
  const message = protobuf.create(desc, { aUint64: 2n ** 63n });
  const bytes = protobuf.toBinary(desc, message);
  assert.throws(() => decoded("test.Kinds", bytes), /at most 64 bits/);
});

test("well-known types are the values that they stand for", () => {
  const given = {
    at: "1969-12-31T23:59:59.999999+00:00",
    span: "-1.5s",
    note: "",
    limit: 0,
    extra: { a: [1, null, { b: "c" }], d: 2.5, e: true },
    value: [null, "x", { y: -1 }],
    list: [{}, []],
    wrapped: { type_url: "x/y", value: "AQI=" },
    values: [null, 1],
    notes: ["", "a"],
    counts: JSON.parse('{"__proto__": 1, "constructor": 2}'),
    constructor: "c",
  };
  const found = thereAndBack(given);
  for (const [name, value] of Object.entries(given)) {
    assert.deepEqual(found[name], value, name);
  }
  const nested = JSON.parse('{"__proto__": {"__proto__": "x"}}');
  assert.deepEqual(thereAndBack({ extra: nested }).extra, nested);
  assert.deepEqual(thereAndBack({ value: nested }).value, nested);
});

test("what is not set is null where it could be, and else its default", () => {
  const found = thereAndBack({});
  const absent = ["at", "span", "note", "extra", "value", "self", "maybe"];
  for (const name of [...absent, "left", "right", "wrapped"]) {
    assert.equal(found[name], null, name);
  }
  assert.deepEqual([found.a_int64, found.a_bytes], [0, ""]);
  assert.deepEqual([found.selves, found.counts], [[], {}]);
  const chosen = thereAndBack({ left: "", right: null, maybe: 0 });
  assert.deepEqual([chosen.left, chosen.right, chosen.maybe], ["", null, 0]);
  assert.deepEqual(decoded("test.Old", new Uint8Array()), {
    plain: null,
    given: 7,
    needed: null,
    words: [],
  });
});

test("messages that are nested too deep are refused", () => {
  const nested = (depth) => (depth === 0 ? {} : { self: nested(depth - 1) });
  thereAndBack(nested(90));
  assert.throws(() => encoded("test.Kinds", nested(200)), /100 deep/);
  const list = (depth) => (depth === 0 ? [] : [list(depth - 1)]);
  assert.throws(() => encoded("test.Kinds", { value: list(200) }), /100 deep/);
});

let server;
let auth;
let seen;
let answer;

before(async () => {
  const same = (bytes) => bytes;
  const method = {
    path: "/test.Auth/Ask",
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  server = new grpc.Server();
  server.addService(
    { Ask: method },
    {
      Ask(call, callback) {
        seen = call;
        answer(call, callback);
      },
    },
  );
  const free = grpc.ServerCredentials.createInsecure();
  const port = await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", free, (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
  auth = new Grpc(new Pool("auth", {}), {
    library: grpc,
    address: () => `http://127.0.0.1:${port}`,
  });
  await take([auth], { scope: new Scope() });
});

after(() => {
  server.forceShutdown();
});

const METHOD = {
  schema: SCHEMA,
  path: "/test.Auth/Ask",
  request: "test.Kinds",
  response: "test.Kinds",
};

test("a call has the key, the limit and the message", async () => {
  answer = (call, callback) => callback(null, call.request);
  const found = await unary(
    auth,
    METHOD,
    { a_int64: 5, note: "n" },
    "ré/ask",
    undefined,
    5000,
  );
  assert.deepEqual([found.a_int64, found.note], [5, "n"]);
  assert.deepEqual(seen.metadata.get("idempotency-key"), ["r%C3%A9/ask"]);
  const left = seen.getDeadline() - Date.now();
  assert.ok(left > 2000 && left <= 5000, String(left));
});

test("a failure says the name of its status", async () => {
  const ask = () => unary(auth, METHOD, {}, "k").catch((error) => error);
  answer = (_call, callback) =>
    callback({ code: grpc.status.UNAVAILABLE, details: "not now" });
  const down = await ask();
  assert.deepEqual(
    [down.code, down.message],
    ["UNAVAILABLE", "UNAVAILABLE: not now"],
  );
  assert.deepEqual(down.types, ["GrpcError"]);
  assert.equal(isRetryable(down), true);
  answer = (_call, callback) =>
    callback({ code: grpc.status.NOT_FOUND, details: "no" });
  assert.equal(isRetryable(await ask()), false);
  answer = (_call, callback) => callback(null, Buffer.from([0xff]));
  assert.match((await ask()).message, /the reply is no test.Kinds/);
});

test("a limit that the service saw pass first is left to whoever set it", async () => {
  answer = () => undefined;
  const begun = performance.now();
  const late = await unary(auth, METHOD, {}, "k", undefined, 100).catch(
    (error) => error,
  );
  assert.equal(late.code, "DEADLINE_EXCEEDED");
  assert.ok(performance.now() - begun > 1000);
  const over = new Error("over");
  const control = new AbortController();
  setTimeout(() => control.abort(over), 200);
  const limited = unary(auth, METHOD, {}, "k", control.signal, 100);
  await assert.rejects(limited, over);
  await assert.rejects(unary(auth, METHOD, {}, "k", undefined, 0), {
    name: "TimeoutError",
  });
  // The service's own is a status like others.
  answer = (_call, callback) =>
    callback({ code: grpc.status.DEADLINE_EXCEEDED, details: "mine" });
  const again = performance.now();
  await assert.rejects(unary(auth, METHOD, {}, "k", undefined, 5000), {
    code: "DEADLINE_EXCEEDED",
  });
  assert.ok(performance.now() - again < 1000);
});

test("a cancellation cancels the call", async () => {
  const cancelled = new Promise((resolve) => {
    answer = (call) => call.on("cancelled", resolve);
  });
  const control = new AbortController();
  const call = unary(auth, METHOD, {}, "k", control.signal);
  const enough = new Error("enough");
  setTimeout(() => control.abort(enough), 50);
  await assert.rejects(call, enough);
  await cancelled;
  await assert.rejects(unary(auth, METHOD, {}, "k", control.signal), enough);
});

test("a server that is not there is unavailable", async () => {
  const other = new Grpc(new Pool("other", {}), {
    library: grpc,
    address: () => "127.0.0.1:1",
  });
  await take([other], { scope: new Scope() });
  await assert.rejects(unary(other, METHOD, {}, "k"), { code: "UNAVAILABLE" });
  await Promise.race([
    closeResources(),
    new Promise((resolve) => setTimeout(resolve, 50)),
  ]);
});

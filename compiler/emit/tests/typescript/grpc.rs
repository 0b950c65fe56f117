//! Calls of gRPC methods, against a server of grpcio.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Callable, Effect, Fallback, Plan, Policy, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use crate::auth::{descriptors, everything, method, of, with_schema};
use crate::kit::*;
use crate::project::{Project, emitted};

const SERVER: &str = include_str!("../python/services/auth_server.py");

/// A call of the method with arguments that inputs of their names give.
fn asked(id: &str, callable: Callable, fields: &[(&str, Type)], effect: Effect) -> TaskCall {
    let args = fields.iter().map(|(name, ty)| arg(name, input(name, ty.clone()))).collect();
    TaskCall { callable, args, ..call(id, function("src/tasks.none", true, Type::Null), Vec::new(), effect) }
}

/// Sends everything, and a second time only what is in `few`: the rest has the defaults of the schema.
fn echo(name: &str, durable: bool) -> Plan {
    let step = |id: &str, fields: &[(&str, Type)]| {
        let callable = method("Echo", "Everything", "Everything", of("Everything"));
        task(id, asked(id, callable, fields, Effect::Read))
    };
    let all = everything();
    let few: Vec<_> = all.iter().filter(|(name, _)| ["text", "maybe"].contains(name)).cloned().collect();
    let touch = asked("touch", method("Touch", "Empty", "Empty", Type::Null), &[], Effect::Write);
    let both = [("all", of("Everything")), ("few", of("Everything"))];
    let fields = both.iter().map(|(id, ty)| ((*id).to_owned(), result(id, ty.clone()))).collect();
    let steps = vec![step("all", &all), step("few", &few), task("touch", touch)];
    let inputs = all.into_iter().map(|(name, ty)| given(name, ty)).collect();
    with_schema(plan(name, durable, inputs, steps, expr(record(&both), Node::Record(fields))))
}

/// Asks the server to fail so often with a code.
fn fail(name: &str, policy: Policy, effect: Effect, fallback: Option<Expr>) -> Plan {
    let inputs = [("code", Type::String), ("times", Type::Int), ("seconds", Type::Float)];
    let mut call = asked("ask", method("Fail", "Fault", "Seen", of("Seen")), &inputs, effect);
    call.policy = policy;
    call.fallback = fallback.map(Fallback::Value);
    let ty = if call.fallback.is_some() { optional(of("Seen")) } else { of("Seen") };
    let step: Step = super::kit::step("ask", ty.clone(), StepKind::Task(Box::new(call)));
    let inputs = inputs.map(|(name, ty)| given(name, ty)).to_vec();
    with_schema(plan(name, false, inputs, vec![step], result("ask", ty)))
}

const SCRIPT: &str = r#"import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import assert from "node:assert/strict";
import { close, echo, failing, fellBack, limited, near, written, WorkflowError } from "./conductor_gen/index.js";
import type { Everything } from "./conductor_gen/index.js";

const server = spawn(process.env["PYTHON"] ?? "python3", ["auth_server.py"], { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
const told = async (count: number) => {
  const all = [];
  while (all.length < count) all.push(String((await lines.next()).value));
  return all.join(", ");
};
process.env["AUTH_SERVICE"] = await told(1);

const few = {
  text: "in", big: 0, small: 0, ratio: 0, raw: new Uint8Array(), flag: false, tags: [], items: [], anything: null, class: "",
  huge: 0, nothing: null, counts: {}, named: {}, roles: {},
};
const inner: Everything = { ...few, role: "ROLE_UNSPECIFIED" };
const input = {
  text: "\u20ac", big: -(2 ** 52), small: 2 ** 32 - 1, ratio: 0.1, raw: new Uint8Array([0, 255]), flag: true, role: "ADMIN" as const,
  at: new Date("2026-01-31T12:00:00.250Z"), span: "-1.5s", note: "", maybe: 0, tags: ["a", ""], inner, items: [inner, inner],
  left: "", right: null, extra: { a: [1, null, { b: "c" }], d: 2.5 }, anything: [true, "x"], class: "k", huge: 2 ** 53 - 1,
  nothing: null, counts: { one: 1, ["__proto__"]: 2 }, named: { n: inner }, roles: { r: "READER" as const },
};
const { all, few: sparse } = await echo(input, { runId: "e" });
const absent = { at: null, span: null, note: null, maybe: null, inner: null, left: null, right: null, extra: null };
const filled = { ...inner, ...absent };
const equal = (found: object, wanted: object) => {
  assert.deepEqual(Object.keys(found).sort(), Object.keys(wanted).sort());
  for (const [name, value] of Object.entries(wanted)) assert.deepEqual((found as Record<string, unknown>)[name], value, name);
};
equal(all, { ...input, inner: filled, items: [filled, filled], named: { n: filled } });
equal(sparse, { ...filled, text: input.text, maybe: 0 });
console.log(await told(1));
for (const wrong of [{ small: -1 }, { at: new Date(NaN) }, { role: "ROOT" as "ADMIN" }, { span: "x" }, { extra: { a: 1n } }]) {
  await echo({ ...input, ...wrong }, { runId: "w" }).catch((error: unknown) => console.log(String(error)));
}

type Asked = (input: { code: string; times: number; seconds: number }, options?: { runId?: string; signal?: AbortSignal }) => Promise<unknown>;
const ask = async (call: Asked, code: string, times: number, calls: number, seconds = 0) => {
  const begun = performance.now();
  try {
    console.log(await call({ code, times, seconds }, { runId: `${code}-${times} é%` }));
  } catch (error) {
    const { attempts, cause } = error as WorkflowError;
    console.log(attempts, cause instanceof Error && cause.constructor.name, String(cause));
  }
  console.log(await told(calls), performance.now() - begun < 2500 ? "quick" : "slow");
};
await ask(failing, "UNAVAILABLE", 2, 3);
await ask(failing, "UNAVAILABLE", 9, 3);
await ask(failing, "NOT_FOUND", 9, 1);
await ask(failing, "DEADLINE_EXCEEDED", 1, 2);
await ask(failing, "ROLE", 0, 1);
// The server is told the limit, and that nobody waits any more.
await ask(limited, "SLOW", 0, 4, 5);
await ask(written, "SLOWER", 0, 4, 5);
const left = async (call: typeof limited, most: number) => {
  const { seconds } = await call({ code: "", times: 0, seconds: 0 });
  await told(1);
  return typeof seconds === "number" && seconds > most / 4 && seconds <= most;
};
console.log(await left(limited, 0.3), await left(near, 0.7));
const stop = new AbortController();
const stopped = failing({ code: "X", times: 0, seconds: 30 }, { runId: "x", signal: stop.signal });
console.log(await told(1));
stop.abort(new Error("enough"));
await stopped.catch((error: unknown) => console.log(String(error)));
console.log(await told(1));
server.stdin.end();
await new Promise((resolve) => server.on("close", resolve));
console.log(await fellBack({ code: "", times: 0, seconds: 0 }));
await failing({ code: "", times: 0, seconds: 0 }, { runId: "none" }).catch((error: unknown) =>
  console.log(String(error).slice(0, 90)),
);
await close();
"#;

#[test]
fn methods_are_called() {
    let limits = Policy { timeout_ms: Some(300), deadline_ms: Some(2000), ..retries(1) };
    let mut near = fail("near", Policy { timeout_ms: Some(50_000), ..retries(0) }, Effect::Read, None);
    near.deadline_ms = Some(700);
    let plans = [
        echo("echo", false),
        echo("recorded", true),
        fail("failing", retries(2), Effect::Read, None),
        fail("fell_back", retries(1), Effect::Read, Some(null())),
        fail("limited", limits.clone(), Effect::Read, None),
        fail("written", limits, Effect::Write, None),
        near,
    ];
    let modules =
        [("src/tasks.ts", "export {};\n"), ("auth_server.py", SERVER), ("schema.b64", &descriptors())];
    let project = Project::new(&modules, &plans);
    project.check();
    expect_test::expect![[r#"
        touch
        WorkflowError: workflow echo failed at step all after 1 attempt (run w): ResultError: expected a number of the field shop.auth.v1.Everything.small, got bigint -1
        WorkflowError: workflow echo failed at step all after 1 attempt (run w): ResultError: expected a valid Date of the years 1 to 9999, got Date null
        WorkflowError: workflow echo failed at step all after 1 attempt (run w): ResultError: expected one of Role (ROLE_UNSPECIFIED, ADMIN, READER), got string ROOT
        WorkflowError: workflow echo failed at step all after 1 attempt (run w): ResultError: expected a duration in seconds, such as '1.5s', got string x
        WorkflowError: workflow echo failed at step all after 1 attempt (run w): ResultError: expected plain JSON (null, boolean, number, string, array, object), got bigint 1
        {
          key: 'UNAVAILABLE-2%20%C3%A9%25/ask',
          trace: '',
          seconds: null,
          role: 'ADMIN'
        }
        UNAVAILABLE UNAVAILABLE-2%20%C3%A9%25/ask, UNAVAILABLE UNAVAILABLE-2%20%C3%A9%25/ask, UNAVAILABLE UNAVAILABLE-2%20%C3%A9%25/ask quick
        3 GrpcError GrpcError: UNAVAILABLE: failure 3
        UNAVAILABLE UNAVAILABLE-9%20%C3%A9%25/ask, UNAVAILABLE UNAVAILABLE-9%20%C3%A9%25/ask, UNAVAILABLE UNAVAILABLE-9%20%C3%A9%25/ask quick
        1 GrpcError GrpcError: NOT_FOUND: failure 1
        NOT_FOUND NOT_FOUND-9%20%C3%A9%25/ask quick
        {
          key: 'DEADLINE_EXCEEDED-1%20%C3%A9%25/ask',
          trace: '',
          seconds: null,
          role: 'ADMIN'
        }
        DEADLINE_EXCEEDED DEADLINE_EXCEEDED-1%20%C3%A9%25/ask, DEADLINE_EXCEEDED DEADLINE_EXCEEDED-1%20%C3%A9%25/ask quick
        1 ResultError ResultError: the field shop.auth.v1.Seen.role has the number 7, which the enum shop.common.Role did not have when this was built
        ROLE ROLE-0%20%C3%A9%25/ask quick
        2 TimeoutError TimeoutError: no answer within 300 ms
        SLOW SLOW-0%20%C3%A9%25/ask, cancelled, SLOW SLOW-0%20%C3%A9%25/ask, cancelled quick
        2 TimeoutError TimeoutError: no answer within 300 ms
        SLOWER SLOWER-0%20%C3%A9%25/ask, cancelled, SLOWER SLOWER-0%20%C3%A9%25/ask, cancelled quick
        true true
        X x/ask
        Error: enough
        cancelled
        null
        WorkflowError: workflow failing failed at step ask after 3 attempts (run none): GrpcError:
    "#]].assert_eq(&project.node(SCRIPT));
}

#[test]
fn a_folder_without_methods_needs_no_library() {
    let plan = plan("plain", false, vec![given("n", Type::Int)], vec![], input("n", Type::Int));
    let files = emitted(&[plan]);
    assert!(!files.contains_key("_schemas.ts"));
    for (name, text) in &files {
        assert!(!text.contains("from \"@"), "{name}");
    }
}

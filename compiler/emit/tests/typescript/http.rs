//! Calls of operations of an HTTP API, against a server of Node's own library.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{
    BodyForm, Callable, Effect, HttpError, HttpOperation, HttpParameter, Place, Plan, Policy, Resource,
    ResourceKind, Scope, Step, TaskCall,
};
use conductor_protocol::types::Type;

use crate::kit::*;
use crate::project::Project;

/// Answers with what it was asked.
const SCRIPT: &str = r#"import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { close, form, HttpError, missing, places, slow, WorkflowError } from "./conductor_gen/index.js";

const told = (error: unknown) => console.log(String(error));
await missing({}, { runId: "m-1" }).catch(told);
const server = createServer((request, response) => {
  if (request.url === "/api/slow") {
    request.socket.on("close", () => console.log("hung up"));
    return;
  }
  if (request.url === "/api/missing") {
    response.writeHead(404, { "content-type": "application/json" });
    response.end(JSON.stringify({ message: "nobody of this name" }));
    return;
  }
  let body = "";
  request.on("data", (part) => (body += String(part)));
  request.on("end", () => {
    const { "content-type": kind, "x-trace": trace, cookie, "x-api-key": api } = request.headers;
    console.log(request.method, request.url, body, kind, trace, cookie, api, request.headers["idempotency-key"]);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ name: "Ada", size: 3 }));
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
process.env["USER_API"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
process.env["API_KEY"] = "k";
const input = { id: "a/b", tags: ["x", "y z"], trace: "t", session: 0, count: 0, list: [] };
console.log(await places(input, { runId: "p-1" }));
await places({ ...input, id: ".." }, { runId: "p-2" }).catch(told);
await form({ tags: ["x", "y z"] }, { runId: "f-1" });
await missing({}, { runId: "m-2" }).catch((error: unknown) => {
  const { cause } = error as WorkflowError;
  console.log(String(error), cause instanceof HttpError && cause.code);
});
await slow({}, { runId: "s-1" }).catch(told);
await close();
server.close();
"#;

fn env(name: &str) -> Expr {
    expr(Type::String, Node::Env(name.to_owned()))
}

fn user_api() -> Resource {
    let address = expr(Type::String, Node::Interpolate(vec![env("USER_API"), text("/api")]));
    let headers = vec![("X-Api-Key".to_owned(), env("API_KEY"))];
    Resource {
        address: Some(address),
        headers,
        ..Resource::new("user_api", ResourceKind::Http, Scope::Process)
    }
}

fn parameter(argument: &str, place: Place) -> HttpParameter {
    let name = argument.to_owned();
    HttpParameter { argument: argument.to_owned(), name, place, explode: false, omit_null: false }
}

fn operation(method: &str, path: &str, parameters: Vec<HttpParameter>, returns: Type) -> HttpOperation {
    HttpOperation {
        resource: "user_api".to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        parameters,
        body: None,
        errors: vec![HttpError { status: "404".to_owned(), name: "NoSuchUser".to_owned() }],
        returns,
    }
}

fn workflow(name: &str, durable: bool, http: HttpOperation, types: &[(&str, Type)], policy: Policy) -> Plan {
    let args = types.iter().map(|(name, ty)| arg(name, input(name, ty.clone()))).collect();
    let ask = call("ask", function("src/tasks.ask", true, Type::Null), Vec::new(), Effect::Read);
    let step: Step = task("ask", TaskCall { callable: Callable::Http { http }, args, policy, ..ask });
    let output = result("ask", step.ty.clone());
    let inputs = types.iter().map(|(name, ty)| given(name, ty.clone())).collect();
    let mut plan = plan(name, durable, inputs, vec![step], output);
    plan.resources = vec![user_api()];
    plan
}

/// Every place that a value can go to.
fn places(name: &str, durable: bool) -> Plan {
    let types = [
        ("id", Type::String),
        ("tags", list(Type::String)),
        ("trace", Type::String),
        ("session", Type::Int),
        ("count", Type::Int),
        ("note", optional(Type::String)),
        ("list", list(Type::String)),
    ];
    let parameters = vec![
        parameter("id", Place::Path),
        HttpParameter { explode: true, ..parameter("tags", Place::Query) },
        HttpParameter { name: "X-Trace".to_owned(), ..parameter("trace", Place::Header) },
        parameter("session", Place::Cookie),
        parameter("count", Place::Field),
        HttpParameter { omit_null: true, ..parameter("note", Place::Field) },
        parameter("list", Place::Field),
    ];
    let user = record(&[("name", Type::String), ("size", Type::Int)]);
    let mut http = operation("PUT", "/users/{id}", parameters, user);
    http.body = Some(BodyForm::Json);
    workflow(name, durable, http, &types, retries(0))
}

#[test]
fn operations_are_called() {
    let exploded = HttpParameter { explode: true, ..parameter("tags", Place::Field) };
    let mut form = operation("POST", "/forms", vec![exploded], Type::Null);
    form.body = Some(BodyForm::Form);
    let short = Policy { timeout_ms: Some(100), ..retries(0) };
    let plans = [
        places("places", false),
        places("recorded", true),
        workflow("form", false, form, &[("tags", list(Type::String))], retries(0)),
        workflow("missing", false, operation("GET", "/missing", Vec::new(), Type::Any), &[], retries(2)),
        workflow("slow", false, operation("GET", "/slow", Vec::new(), Type::Null), &[], short),
    ];
    let project = Project::new(&[("src/tasks.ts", "export {};\n")], &plans);
    project.check();
    expect_test::expect![[r#"
        WorkflowError: workflow missing failed at step ask after 1 attempt (run m-1): MissingVariable: the address of the resource user_api is read from the environment variable USER_API, which is not set
        PUT /api/users/a%2Fb?tags=x&tags=y%20z {"count":0,"list":[]} application/json t session=0 k p-1/ask
        { name: 'Ada', size: 3 }
        WorkflowError: workflow places failed at step ask after 1 attempt (run p-2): ResultError: the path parameter id cannot be ".."
        POST /api/forms tags=x&tags=y%20z application/x-www-form-urlencoded undefined undefined k f-1/ask
        WorkflowError: workflow missing failed at step ask after 1 attempt (run m-2): NoSuchUser: nobody of this name 404
        WorkflowError: workflow slow failed at step ask after 1 attempt (run s-1): TimeoutError: no answer within 100 ms
        hung up
    "#]].assert_eq(&project.node(SCRIPT));
}

//! Branches that make the same call have one function.

use conductor_protocol::plan::{Effect, Plan};
use conductor_protocol::types::Type;

use crate::kit::*;
use crate::project::{Project, emitted};

const TASKS: &str = r#"export async function twice(id: number): Promise<number> {
  if (id < 0) throw new Error("below zero");
  return 2 * id;
}
export async function half(id: number): Promise<number> {
  return id / 2;
}
"#;

const SCRIPT: &str = r#"import { main } from "./conductor_gen/index.js";

process.env["CONDUCTOR_LOG"] = "off";
for (const [id, other] of [[1, 2], [-1, 2], [1, -2]] as const) {
  console.log(await main({ id, other }).catch((error: unknown) => String(error)));
}
"#;

/// Three branches that make the same call, of which the last one's result is read; one with another argument, and one with
/// another function.
fn main_workflow() -> Plan {
    let ty = Type::Float;
    let branch = |id: &str, callee: &str, from: &str| {
        let function = function(&format!("src/tasks.{callee}"), true, Type::Float);
        task(id, call(callee, function, vec![arg("id", input(from, Type::Float))], Effect::None))
    };
    let branches = vec![
        branch("first", "twice", "id"),
        branch("second", "twice", "id"),
        branch("third", "twice", "id"),
        branch("other", "twice", "other"),
        branch("half", "half", "id"),
    ];
    let inputs = vec![given("id", ty.clone()), given("other", ty.clone())];
    let all = parallel("all", branches);
    let output = binary(
        ty.clone(),
        conductor_protocol::expr::BinaryOp::Add,
        result("third", ty.clone()),
        result("half", ty),
    );
    plan("main", false, inputs, vec![all], output)
}

#[test]
fn branches_that_make_the_same_call_have_one_function_and_their_own_names() {
    let plans = [main_workflow()];
    let text = &emitted(&plans)["main.ts"];
    let functions: Vec<&str> = text.lines().filter(|line| line.starts_with("async function")).collect();
    expect_test::expect![[r#"
        async function twiceAs(
        async function otherStep(run: LocalRun, other: number): Promise<void> {
        async function halfStep(run: LocalRun, id: number): Promise<number> {"#]]
    .assert_eq(&functions.join("\n"));
    let project = Project::new(&[("src/tasks.ts", TASKS)], &plans);
    project.check();
    expect_test::expect![[r#"
        2.5
        WorkflowError: workflow main failed at step first after 1 attempt: Error: below zero
        WorkflowError: workflow main failed at step other after 1 attempt: Error: below zero
    "#]]
    .assert_eq(&project.node(SCRIPT));
}

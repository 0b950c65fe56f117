//! Each construct, durable and not: judged by the tools, and run.

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{
    Concurrency, Effect, Language, Plan, Resource, ResourceKind, Scope, Step, StepKind, WorkflowCall,
};
use conductor_protocol::types::Type;

use crate::cases::{TASKS, constructs, fetched, named_input, order, types, word};
use crate::kit::*;
use crate::project::Project;

fn slots() -> Resource {
    let mut slots = Resource::new("slots", ResourceKind::Semaphore, Scope::Process);
    slots.max_concurrency = Some(2);
    slots
}

fn plan_of(name: &str, durable: bool, steps: Vec<Step>, output: Expr) -> Plan {
    let inputs = vec![given("name", Type::String)];
    let name = if durable { format!("kept_{name}") } else { name.to_owned() };
    Plan { types: types(), resources: vec![slots()], ..plan(&name, durable, inputs, steps, output) }
}

fn children(durable: bool) -> Vec<Plan> {
    let child = |id: &str, workflow: &str, kept: bool, detach: bool| {
        let call = WorkflowCall {
            workflow: workflow.to_owned(),
            durable: kept,
            args: vec![("name".to_owned(), named_input())],
            barrier: true,
            detach,
        };
        step(id, if detach { Type::Null } else { Type::String }, StepKind::Workflow(call))
    };
    let mut steps = vec![child("plain_child", "inner", false, false)];
    if durable {
        steps.push(child("kept_child", "kept_inner", true, false));
        steps.push(child("left", "kept_inner", true, true));
    }
    let mut parent = plan_of("parent", durable, steps, result("plain_child", Type::String));
    parent.concurrency = durable.then(|| Concurrency { limit: 2, key: Some(named_input()) });
    parent.deadline_ms = Some(10_000);
    let inner = plan_of("inner", durable, vec![word("said", named_input())], result("said", Type::String));
    vec![parent, inner]
}

/// A workflow of Python that calls functions of TypeScript, and the other way round.
fn crossing() -> Vec<Plan> {
    let shout = call(
        "shout",
        function("src/tasks.sync", false, Type::String),
        vec![arg("of", named_input())],
        Effect::Read,
    );
    let orders = vec![fetched("theirs"), task("shout", shout)];
    let mut python = plan_of("from_python", true, orders, result("theirs", order()));
    python.language = Language::Python;
    let mut charge = function("x.y", true, Type::Int);
    charge.language = Language::Go;
    charge.module = "example.com/shop".to_owned();
    charge.name = "Charge".to_owned();
    let args = vec![arg("amount", input("name", Type::String))];
    let charged = || task("charged", call("charged", charge.clone(), args.clone(), Effect::Write));
    let output = || result("charged", Type::Int);
    let kept = plan_of("to_go", true, vec![charged()], output());
    vec![python, kept, plan_of("to_go", false, vec![charged()], output())]
}

#[test]
fn each_construct_is_strict_and_does_what_it_says() {
    let mut plans = Vec::new();
    for durable in [false, true] {
        for (name, steps, output, _) in constructs() {
            plans.push(plan_of(name, durable, steps, output));
        }
        plans.extend(children(durable));
    }
    plans.extend(crossing());
    plans.push(plan_of(
        "aborted",
        false,
        vec![fetched("one"), word("two", text("2"))],
        result("two", Type::String),
    ));
    let project = Project::new(&[("src/tasks.ts", TASKS)], &plans);
    project.check();
    let mut script = String::from(
        "import * as gen from \"./conductor_gen/index.js\";\n\nconst say = async (name: string, work: Promise<unknown>) => {\n  try {\n    console.log(name, JSON.stringify(await work));\n  } catch (error) {\n    console.log(name, error instanceof gen.WorkflowError ? String(error.cause) : error);\n  }\n};\n",
    );
    let mut expected = String::new();
    for (name, _, _, wanted) in constructs() {
        let camel: String = name
            .split('_')
            .enumerate()
            .map(|(at, part)| if at == 0 { part.to_owned() } else { part[..1].to_uppercase() + &part[1..] })
            .collect();
        let camel =
            if ["switch", "while", "try"].contains(&camel.as_str()) { format!("{camel}_") } else { camel };
        script.push_str(&format!("await say(\"{name}\", gen.{camel}({{ name: \"ada\" }}));\n"));
        expected.push_str(&match wanted.split_once('\n') {
            Some((before, after)) => format!("{before}\n{name} {after}\n"),
            None => format!("{name} {wanted}\n"),
        });
    }
    script.push_str("await say(\"parent\", gen.parent({ name: \"ada\" }));\n");
    expected.push_str("parent \"ada\"\n");
    script.push_str(ABORTED);
    expected.push_str("stop\n");
    assert_eq!(project.node(&script), expected);
}

/// Whoever calls plain steps can stop between them.
const ABORTED: &str = r#"const controller = new AbortController();
const stopped = gen.aborted({ name: "ada" }, { signal: controller.signal });
controller.abort("stop");
await stopped.catch((reason: unknown) => {
  console.log(reason);
});
"#;

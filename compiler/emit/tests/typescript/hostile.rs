//! Names that TypeScript means something by, blocks inside blocks, and many branches.

use std::collections::BTreeSet;

use conductor_emit::emit;
use conductor_protocol::expr::{Expr, Literal, Node};
use conductor_protocol::plan::{Case, Plan, Step, StepKind};
use conductor_protocol::types::Type;

use crate::cases::{TASKS, named_input, types, word};
use crate::kit::*;
use crate::project::{HEADER, Project, target};

/// Inputs that are keywords, globals, names of the generated code, or that differ by case and dashes only.
const INPUTS: [&str; 16] = [
    "class",
    "await",
    "run",
    "step",
    "codecs",
    "error",
    "undefined",
    "constructor",
    "user_id",
    "userId",
    "USER_ID",
    "größe",
    "input",
    "new",
    "arguments",
    "toString",
];

fn hostile(durable: bool) -> Plan {
    let all = INPUTS.map(|name| input(name, Type::String));
    let joined = expr(Type::String, Node::Interpolate(all.to_vec()));
    let ids = ["name", "process", "import", "result", "body", "workflow", "signal", "promise", "scalars"];
    let mut steps = vec![word("default", joined)];
    for id in ids {
        let before = steps.last().map_or_else(String::new, |step| step.id.clone());
        steps.push(word(id, result(&before, Type::String)));
    }
    let mut inputs: Vec<_> = INPUTS.iter().map(|name| given(name, Type::String)).collect();
    inputs[1].default = Some("later".into());
    let name = if durable { "delete" } else { "function" };
    plan(name, durable, inputs, steps, result("scalars", Type::String))
}

fn truth() -> Expr {
    expr(Type::Bool, Node::Literal(Literal::Bool(true)))
}

/// Blocks of several kinds, each inside of the one before.
fn deep(durable: bool) -> Plan {
    let mut inmost = word("inmost", named_input());
    for depth in 0..100 {
        let id = format!("block_{depth}");
        let ty = inmost.ty.clone();
        inmost = match depth % 3 {
            0 => sequence(&id, vec![inmost]),
            1 => step(
                &id,
                optional(ty),
                StepKind::Switch { cases: vec![Case { when: Some(truth()), steps: vec![inmost] }] },
            ),
            _ => parallel(&id, vec![inmost]),
        };
    }
    let name = if durable { "kept_deep" } else { "deep" };
    let output = result("inmost", optional(Type::String));
    Plan { types: types(), ..plan(name, durable, vec![given("name", Type::String)], vec![inmost], output) }
}

fn wide(durable: bool) -> Plan {
    let branches: Vec<Step> = (0..500).map(|at| word(&format!("branch_{at}"), named_input())).collect();
    let name = if durable { "kept_wide" } else { "broad" };
    let steps = vec![parallel("all", branches)];
    plan(name, durable, vec![given("name", Type::String)], steps, result("branch_499", Type::String))
}

#[test]
fn hostile_names_depths_and_widths_are_written_and_run() {
    let both = |make: fn(bool) -> Plan| [make(false), make(true)];
    let plans: Vec<Plan> = [both(hostile), both(deep), both(wide)].into_iter().flatten().collect();
    let project = Project::new(&[("src/tasks.ts", TASKS)], &plans);
    project.check();
    let mut names = BTreeSet::new();
    let given: Vec<String> = INPUTS
        .iter()
        .map(|name| {
            let mut camel = match *name {
                "user_id" | "USER_ID" => "userId".to_owned(),
                other => other.to_owned(),
            };
            while !names.insert(camel.clone()) {
                camel.push('_');
            }
            format!("{camel}: \"{}\"", name.len())
        })
        .collect();
    let script = format!(
        "import {{ broad, deep, function_ }} from \"./conductor_gen/index.js\";\n\nconst all = {{ {} }};\nconsole.log(await function_(all), await deep({{ name: \"a\" }}), await broad({{ name: \"b\" }}));\n",
        given.join(", ")
    );
    assert_eq!(project.node(&script), "55346591176775398 a b\n");
}

#[test]
fn javascript_comes_with_declarations_and_without_types() {
    let plans = [hostile(true), wide(false)];
    let files = emit(&plans, &target(true), &HEADER).unwrap();
    let project = Project::new(&[("src/tasks.ts", TASKS)], &[]);
    project.node("console.log(1);\n");
    for (name, text) in &files {
        let is_module = name.ends_with(".js") || name.ends_with(".d.ts");
        assert!(is_module || name == "package.json", "{name}");
        project.write(&format!("javascript/{name}"), text);
    }
    project.write(
        "src/tasks.js",
        &std::fs::read_to_string(project.dir.path().join("built/src/tasks.js")).unwrap(),
    );
    project.run(
        "prettier",
        &["--no-config", "--check", "javascript/*.js", "javascript/*.d.ts", "javascript/*.json"],
    );
    project.write("tsconfig.json", "{ \"compilerOptions\": { \"strict\": true, \"module\": \"nodenext\", \"noEmit\": true, \"types\": [\"node\"] }, \"files\": [\"user.ts\"] }\n");
    project.write("user.ts", "import { broad, delete_ } from \"./javascript/index.js\";\n\nexport const text: string = await broad({ name: \"b\" });\n// @ts-expect-error: an input is missing\nawait delete_({ class: \"x\" });\n");
    project.run("tsc", &["--project", "."]);
    let script =
        "import { broad } from \"./javascript/index.js\";\nconsole.log(await broad({ name: \"b\" }));\n";
    project.write("script.mjs", script);
    assert_eq!(project.run("node", &["script.mjs"]), "b\n");
}

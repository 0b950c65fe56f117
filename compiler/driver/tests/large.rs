//! What is spread over the processors comes out as of one.

use std::fmt::Write as _;

use crate::support::Project;

const CODE: &str = "
async def start(order: str) -> int: ...
async def work(count: int) -> int: ...
";

const HEAD: &str = "tasks:
  - {id: start, ref: m.start, effect: read}
  - {id: work, ref: m.work, idempotent: true}
workflows:
";

/// More workflows than one thread is begun for, in a text that is read in parts.
const MANY: usize = 300;

/// Every seventh calls a task that is not there, where they may be `broken`.
fn workflow(number: usize, broken: bool) -> String {
    let task = if broken && number.is_multiple_of(7) { format!("gone_{number}") } else { "work".to_owned() };
    let words = "of the work in the house ".repeat(40);
    format!(
        "  # {number}: {words}\n  - id: flow_{number}\n    input: {{order: string}}\n    steps:\n      - task: start\n      - \
         {{task: {task}, with: {{count: \"${{start + {number}}}\"}}}}\n"
    )
}

fn project(numbers: impl Iterator<Item = usize>, broken: bool) -> Project {
    let mut manifest = HEAD.to_owned();
    for number in numbers {
        manifest.write_str(&workflow(number, broken)).expect("a string takes all");
    }
    Project::new([("concurrency.yaml", manifest.as_str()), ("m.py", CODE)])
}

#[test]
fn workflows_of_a_large_manifest_are_those_of_small_ones() {
    let outcome = project(0..MANY, false).compile();
    assert_eq!(outcome.diagnostics, []);
    let compiled = outcome.compiled.expect("nothing is wrong");
    assert_eq!(compiled.plans.len(), MANY);
    for (number, plan) in compiled.plans.iter().enumerate() {
        assert_eq!(plan.workflow, format!("flow_{number}"));
        if number.is_multiple_of(50) {
            let alone = project(number..=number, false).compile().compiled.expect("nothing is wrong");
            assert_eq!([plan], [&alone.plans[0]]);
            let file = format!("conductor_gen/flow_{number}.py");
            assert_eq!(compiled.outputs[&file], alone.outputs[&file]);
        }
    }
}

#[test]
fn findings_of_a_large_manifest_stand_in_its_order() {
    let project = project(0..MANY, true);
    let outcome = project.compile();
    let found: Vec<&str> = outcome.diagnostics.iter().map(|finding| finding.message.as_str()).collect();
    let gone: Vec<usize> = (0..MANY).step_by(7).collect();
    assert_eq!(found.len(), gone.len(), "{found:#?}");
    for (message, number) in found.iter().zip(gone) {
        assert!(message.contains(&format!("`gone_{number}`")), "{message}");
    }
    assert_eq!(project.compile().diagnostics, outcome.diagnostics);
}

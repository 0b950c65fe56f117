//! `docs/manifest.md`: its example is compiled, its defaults are the compiler's.

use conductor_protocol::plan::{Policy, StepKind};

use crate::support::Project;
use crate::support::blocks;
use crate::twins::assert_twins;

const MANUAL: &str = include_str!("../../../docs/manifest.md");

#[test]
fn the_example_of_the_manual_compiles_without_a_finding() {
    let project = Project::new(blocks(MANUAL));
    assert_eq!(project.check(), "");
    let compiled = project.compile().compiled.expect("there is no error");
    let inputs: Vec<&str> = compiled.plans[0].inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(inputs, ["amount", "user_id"]);
}

/// The block of the manual that follows the heading `## HCL`.
fn hcl() -> &'static str {
    let (_, section) = MANUAL.split_once("\n## HCL\n").expect("the section");
    let (_, block) = section.split_once("\n```hcl\n").expect("the example");
    block.split("\n```\n").next().expect("its end")
}

#[test]
fn the_twin_of_the_shop_in_the_manual_gives_the_same_plan() {
    let yaml = include_str!("../../../examples/shop/concurrency.yaml");
    assert_twins(hcl(), yaml, &crate::seed::CODE);
}

#[test]
fn the_defaults_of_the_manual_are_those_of_the_compiler() {
    let project = Project::new([
        ("concurrency.yaml", "tasks: [{id: a, ref: m.a}]\nworkflows: [{id: w, steps: [{task: a}]}]"),
        ("m.py", "async def a() -> None: ..."),
    ]);
    let plan = project.compile().compiled.expect("it compiles").plans.remove(0);
    assert!(plan.durable && !plan.entrypoint && plan.deadline_ms.is_none());
    let StepKind::Task(call) = &plan.steps[0].kind else { panic!("not a task") };
    assert_eq!(call.policy, Policy::default());
    let rows = [
        ("`retries`", "`0`"),
        ("`strategy`", "`exponential_backoff`"),
        ("`initial`", "`100ms`"),
        ("`max_delay`", "`30s`"),
        ("`multiplier`", "`2`"),
        ("`jitter`", "`full`"),
        ("`effect`", "`write`"),
        ("`in_doubt`", "`retry`"),
        ("`durable`", "`true`"),
    ];
    for (key, default) in rows {
        let row = MANUAL.lines().find(|line| line.starts_with(&format!("| {key} |"))).expect(key);
        assert!(row.ends_with(&format!("| {default} |")), "{row}");
    }
}

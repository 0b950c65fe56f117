//! `docs/manifest.md` and the pages below it: their examples are compiled, their defaults are the compiler's, and they name every key.

use std::collections::BTreeSet;

use conductor_protocol::plan::{Policy, StepKind, Trip};
use conductor_source::Severity;

use crate::support::Project;
use crate::support::blocks;
use crate::twins::assert_twins;

/// The pages one after the other.
const MANUAL: &str = concat!(
    include_str!("../../../docs/manifest.md"),
    include_str!("../../../docs/manifest/tasks.md"),
    include_str!("../../../docs/manifest/policies.md"),
    include_str!("../../../docs/manifest/resources.md"),
    include_str!("../../../docs/manifest/workflows.md"),
    include_str!("../../../docs/manifest/steps.md"),
    include_str!("../../../docs/manifest/blocks.md"),
);

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

/// The blocks of the manual, each with its language and, behind it, a path if it has one.
fn fenced() -> Vec<(&'static str, &'static str)> {
    let inside = MANUAL.split("\n```").skip(1).step_by(2);
    inside.filter_map(|block| block.split_once('\n')).collect()
}

/// The tasks that the parts of manifests in the manual call: one for each function.
fn functions(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter_map(|line| line.strip_prefix("async def ")?.split('(').next())
}

/// A whole manifest around a part of one: steps get a workflow, sections get what they lack.
fn whole(yaml: &str, hcl: &str, code: &str) -> (String, String) {
    let is_steps = yaml.starts_with("- ");
    let (mut whole_yaml, mut whole_hcl) = (yaml.to_owned(), hcl.to_owned());
    if is_steps {
        let steps = yaml.replace('\n', "\n      ");
        whole_yaml = format!("workflows:\n  - id: w\n    steps:\n      {steps}");
        whole_hcl = format!("workflow \"w\" {{\n{hcl}\n}}\n");
    } else if !yaml.contains("workflows:") {
        whole_yaml += "\nworkflows: [{id: w, steps: [{task: load}]}]";
        whole_hcl += "\nworkflow \"w\" {\n  task \"load\" {}\n}\n";
    }
    let tasks: String = functions(code)
        .map(|name| format!("  - {{id: {name}, ref: shop.{name}, idempotent: true}}\n"))
        .collect();
    whole_yaml = match whole_yaml.strip_prefix("tasks:\n") {
        Some(rest) => format!("tasks:\n{tasks}{rest}"),
        None => format!("{whole_yaml}\ntasks:\n{tasks}"),
    };
    for name in functions(code) {
        whole_hcl += &format!("\ntask \"{name}\" {{\n  ref = \"shop.{name}\"\n  idempotent = true\n}}\n");
    }
    (whole_yaml, whole_hcl)
}

#[test]
fn every_part_of_a_manifest_in_the_manual_compiles_in_both_syntaxes() {
    let blocks = fenced();
    let code = blocks.iter().find(|(info, _)| *info == "python shop.py").expect("the functions").1;
    let mut pairs = 0;
    for (at, (info, yaml)) in blocks.iter().enumerate() {
        if *info != "yaml" {
            continue;
        }
        let (twin, hcl) = blocks[at + 1];
        assert_eq!(twin, "hcl", "no HCL beside:\n{yaml}");
        let (yaml, hcl) = whole(yaml, hcl, code);
        let project = Project::new([("concurrency.yaml", yaml.as_str()), ("shop.py", code)]);
        let outcome = project.compile();
        let alarms = outcome.diagnostics.iter().filter(|found| found.severity != Severity::Advice).count();
        assert_eq!(alarms, 0, "{}", project.shown(&outcome));
        assert_twins(&hcl, &yaml, &[("shop.py", code)]);
        pairs += 1;
    }
    assert!(pairs >= 17, "{pairs} parts");
}

#[test]
fn the_manual_names_every_key_of_the_language() {
    let manifest = "
zzzzzz: 1
targets: [{language: python, zzzzzz: 1}]
tasks: [{id: a, ref: m.a, zzzzzz: 1, compensate: {task: a, zzzzzz: 1}, cache: {ttl: 1s, zzzzzz: 1}}]
policies: [{id: p, zzzzzz: 1, circuit_breaker: {zzzzzz: 1}, hedge: {after: 1s, zzzzzz: 1}, fallback: {value: 1, zzzzzz: 1}}]
resources: [{id: r, kind: http, url: u, zzzzzz: 1, pool: {max: 1, zzzzzz: 1}}]
workflows:
  - id: w
    zzzzzz: 1
    concurrency: {limit: 1, zzzzzz: 1}
    schedule: {cron: '@daily', zzzzzz: 1}
    input: {n: {type: int, zzzzzz: 1}}
    steps:
      - {task: a, zzzzzz: 1}
      - {workflow: w, zzzzzz: 1}
      - {sequence: [], zzzzzz: 1}
      - {parallel: [], zzzzzz: 1}
      - {graph: [], zzzzzz: 1}
      - {race: [], zzzzzz: 1}
      - map: {zzzzzz: 1}
      - {switch: [{when: true, zzzzzz: 1}], zzzzzz: 1}
      - loop: {zzzzzz: 1}
      - {try: [], catch: [{zzzzzz: 1}], zzzzzz: 1}
      - {sleep: 1s, zzzzzz: 1}
      - wait_for: {zzzzzz: 1}
      - emit: {zzzzzz: 1}
      - hold: {zzzzzz: 1}
      - {set: {n: 1}, zzzzzz: 1}
      - {return: 1, zzzzzz: 1}
      - fail: {zzzzzz: 1}
";
    let project = Project::new([("concurrency.yaml", manifest), ("m.py", "async def a() -> None: ...")]);
    let notes: Vec<String> =
        project.compile().diagnostics.into_iter().flat_map(|found| found.notes).collect();
    let keys: BTreeSet<&str> = notes
        .iter()
        .filter_map(|note| note.strip_prefix("allowed here: "))
        .flat_map(|keys| keys.split(", "))
        .collect();
    assert!(keys.len() > 70, "{keys:?}");
    let missing: Vec<&&str> = keys
        .iter()
        .filter(|key| !key.ends_with("_ms"))
        .filter(|key| {
            ![format!("`{key}`"), format!("`{key}:"), format!("`{key} "), format!("`{{{key}")]
                .iter()
                .any(|word| MANUAL.contains(word))
        })
        .collect();
    assert!(missing.is_empty(), "the manual does not name {missing:?}");
}

#[test]
fn the_defaults_of_breakers_and_hedges_are_those_of_the_manual() {
    let project = Project::new([
        (
            "concurrency.yaml",
            "tasks: [{id: a, ref: m.a, effect: read, policy: {circuit_breaker: {}, hedge: {after: 1s}}}]\nworkflows: [{id: w, steps: [{task: a}]}]",
        ),
        ("m.py", "async def a() -> None: ..."),
    ]);
    let plan = project.compile().compiled.expect("it compiles").plans.remove(0);
    let StepKind::Task(call) = &plan.steps[0].kind else { panic!("not a task") };
    let breaker = call.policy.circuit_breaker.as_ref().expect("it has one");
    assert_eq!(breaker.trip, Trip::Failures(5));
    assert_eq!((breaker.window_ms, breaker.min_calls), (30_000, 10));
    assert_eq!((breaker.open_for_ms, breaker.half_open_calls), (30_000, 1));
    assert_eq!(call.policy.hedge.map(|hedge| hedge.max), Some(1));
    for (key, default) in [
        ("failures", "5"),
        ("window", "30s"),
        ("min_calls", "10"),
        ("open_for", "30s"),
        ("half_open_calls", "1"),
    ] {
        let row = MANUAL.lines().find(|line| line.starts_with(&format!("| `{key}` |"))).expect(key);
        assert!(row.ends_with(&format!("| `{default}` |")), "{row}");
    }
    assert!(MANUAL.contains("at most `max` (1) of them"));
}

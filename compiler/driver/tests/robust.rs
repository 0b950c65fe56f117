//! The same bytes always give the same outcome, and no manifest makes the compiler fall.

use crate::support::Project;
use proptest::prelude::*;

const CODE: &str = "
from dataclasses import dataclass

@dataclass
class A:
    x: int

async def a(b: str) -> A: ...
async def b(a: A) -> A | None: ...
def c(a, *, b=1): ...
class d: ...
";

#[test]
fn a_compilation_is_deterministic() {
    let manifest = "
tasks: [{id: a, ref: m.a}, {id: b, ref: m.b}, {id: c, ref: m.c, policy: gone}, {id: d, ref: m.d}]
workflows:
  - {id: w, steps: [{task: a}, {parallel: [{task: b}, {sequence: [{task: c}]}]}]}
  - {id: v, steps: [{workflow: w}, {task: d}]}
";
    for manifest in [
        manifest.to_owned(),
        manifest.replace(", policy: gone", "").replace(", {task: d}", "").replace(", {id: d, ref: m.d}", ""),
    ] {
        let project = Project::new([("concurrency.yaml", manifest.as_str()), ("m.py", CODE)]);
        let outcome = || {
            let outcome = project.compile();
            let compiled = outcome.compiled.map(|compiled| (compiled.plans, compiled.outputs, compiled.lock));
            (outcome.diagnostics, compiled)
        };
        let first = outcome();
        for _ in 0..100 {
            assert_eq!(outcome(), first);
        }
    }
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "d", "e", "w", "input", "parallel_1"]).prop_map(str::to_owned)
}

fn expression() -> impl Strategy<Value = String> {
    let pieces =
        vec!["a", "b", "b.x", "input.b", "a != null", "1", "'t'", "w", "c.x.y", "true", "}", "a.", "run.id"];
    prop::sample::select(pieces).prop_map(|inner| format!("\"${{{inner}}}\""))
}

fn step() -> impl Strategy<Value = String> {
    let extras = (
        prop::option::of(name().prop_map(|id| format!(", id: {id}"))),
        prop::option::of(expression().prop_map(|when| format!(", when: {when}"))),
        prop::option::of(
            (name(), expression()).prop_map(|(key, value)| format!(", with: {{{key}: {value}}}")),
        ),
        prop::option::of(name().prop_map(|policy| format!(", policy: {policy}"))),
        prop::option::of(any::<bool>().prop_map(|critical| format!(", critical: {critical}"))),
    );
    let leaf = (prop::sample::select(vec!["task", "workflow"]), name(), extras).prop_map(
        |(kind, id, (own, when, with, policy, critical))| {
            let options: String = [own, when, with, policy, critical].into_iter().flatten().collect();
            format!("{{{kind}: {id}{options}}}")
        },
    );
    leaf.prop_recursive(3, 12, 4, |inner| {
        (
            prop::sample::select(vec!["sequence", "parallel"]),
            prop::collection::vec(inner, 0..4),
            prop::option::of(expression()),
            prop::option::of(name()),
        )
            .prop_map(|(kind, steps, when, id)| {
                let when = when.map(|when| format!(", when: {when}")).unwrap_or_default();
                let id = id.map(|id| format!(", id: {id}")).unwrap_or_default();
                format!("{{{kind}: [{}]{when}{id}}}", steps.join(", "))
            })
    })
}

fn workflow() -> impl Strategy<Value = String> {
    let input =
        prop::option::of((name(), prop::sample::select(vec!["int", "m.A", "A?", "string", "nope", "any"])));
    (name(), prop::collection::vec(step(), 0..5), input, prop::option::of(expression())).prop_map(
        |(id, steps, input, output)| {
            let input = input.map(|(name, ty)| format!(", input: {{{name}: \"{ty}\"}}")).unwrap_or_default();
            let output = output.map(|output| format!(", output: {output}")).unwrap_or_default();
            format!("  - {{id: {id}{input}, steps: [{}]{output}}}\n", steps.join(", "))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_manifest_makes_the_compiler_fall(
        tasks in prop::collection::vec((name(), name()), 0..5),
        flows in prop::collection::vec(workflow(), 0..4),
    ) {
        let tasks: String = tasks.into_iter().map(|(id, name)| format!("  - {{id: {id}, ref: m.{name}}}\n")).collect();
        let manifest = format!("tasks:\n{tasks}policies:\n  - {{id: e, retries: 1}}\nworkflows:\n{}", flows.concat());
        let project = Project::new([("concurrency.yaml", manifest.as_str()), ("m.py", CODE)]);
        let outcome = project.compile();
        let errors = outcome.diagnostics.iter().any(|found| found.severity.as_str() == "error");
        prop_assert_eq!(errors, outcome.compiled.is_none(), "{}", project.check());
    }
}

//! Manifests in, findings and the manifest's nouns out.

use conductor_model::{Manifest, PolicyUse, StepKind, lower};
use conductor_source::{Sources, fix, render};
use conductor_syntax::yaml;
use expect_test::{Expect, expect};

/// The findings as text, and below them what the safe fixes make of the manifest.
fn findings(text: &str) -> (Manifest, String) {
    let mut sources = Sources::default();
    let (file, tree, mut diagnostics) = yaml::read(&mut sources, "concurrency.yaml", text.as_bytes());
    let (manifest, found) = lower(&tree);
    diagnostics.extend(found);
    let mut shown: String = diagnostics.iter().map(|found| render::text(found, &sources, false)).collect();
    let applied = fix::apply(&sources, diagnostics.iter().flat_map(|found| &found.fixes));
    if let Some(mended) = applied.files.get(&file) {
        shown.push_str("--- fixed\n");
        shown.push_str(mended);
    }
    (manifest, shown)
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&findings(text).1);
}

#[test]
fn the_seed_becomes_four_tasks_three_policies_and_a_workflow() {
    let (manifest, _) = findings(include_str!("../../syntax/tests/seed.yaml"));
    assert!(!manifest.incomplete);
    assert_eq!(manifest.tasks.len(), 4);
    assert_eq!(manifest.policies.len(), 3);
    let workflow = &manifest.workflows[0];
    assert_eq!(workflow.steps.len(), 3);
    assert!(matches!(&workflow.steps[2].kind, StepKind::Parallel { branches, .. } if branches.len() == 2));
    assert!(matches!(&manifest.tasks[0].policy, Some(PolicyUse::Named(id)) if id.value == "retry_default"));
    assert_eq!(manifest.policies[0].fields.timeout.as_ref().map(|timeout| timeout.value), Some(500));
}

#[test]
fn unknown_keys() {
    check(
        "tasks:\n  - id: a\n    ref: m.f\n    polcy: p\n    frob: 1\n    cache: {ttl: 1s}\n",
        expect![[r#"
            error[E050]: a task has no key `polcy`
             --> concurrency.yaml:4:5
              |
            4 |     polcy: p
              |     ^^^^^ unknown key
              |
            help: did you mean `policy`?
              |
            4 |     policy: p
              |        +
            error[E050]: a task has no key `frob`
             --> concurrency.yaml:5:5
              |
            5 |     frob: 1
              |     ^^^^ unknown key
              |
              = note: allowed here: id, ref, policy, with, effect, idempotent, in_doubt, critical, description
            error[E051]: `cache` is part of the language but not supported by this version
             --> concurrency.yaml:6:5
              |
            6 |     cache: {ttl: 1s}
              |     ^^^^^ not supported yet
            --- fixed
            tasks:
              - id: a
                ref: m.f
                policy: p
                frob: 1
                cache: {ttl: 1s}
        "#]],
    );
}

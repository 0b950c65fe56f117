//! Manifests without mistakes, and those of which a part is missing.

use conductor_model::{Lost, PolicyUse, StepKind};
use conductor_protocol::plan::OnFailure;
use expect_test::expect;

use crate::findings;

#[test]
fn the_seed_becomes_four_tasks_three_policies_and_a_workflow() {
    let (manifest, _) = findings(include_str!("../../../syntax/tests/seed.yaml"));
    assert_eq!(manifest.lost, Lost::default());
    assert_eq!(manifest.tasks.len(), 4);
    assert_eq!(manifest.policies.len(), 3);
    let workflow = &manifest.workflows[0];
    assert_eq!(workflow.steps.len(), 3);
    assert!(matches!(&workflow.steps[2].kind, StepKind::Parallel { branches, .. } if branches.len() == 2));
    assert!(matches!(&manifest.tasks[0].policy, Some(PolicyUse::Named(id)) if id.value == "retry_default"));
    assert_eq!(manifest.policies[0].fields.timeout.as_ref().map(|timeout| timeout.value), Some(500));
}

#[test]
fn a_whole_workflow() {
    let text = "\
targets: [{language: python, root: ., out: gen}]
workflows:
- id: w
  entrypoint: true
  durable: false
  deadline: 5m
  target: python
  output: ${b}
  steps:
  - parallel:
    - task: a
      id: first
      with: {x: 1, y: '${input.n}'}
      policy: {retries: 1}
      critical: false
    - workflow: v
    max_concurrency: 2
    on_failure: wait
    deadline_ms: 10
    when: ${input.n > 5}
  - sequence:
    - task: b
";
    let (manifest, shown) = findings(text);
    assert_eq!((shown.as_str(), manifest.lost), ("", Lost::default()));
    let workflow = &manifest.workflows[0];
    assert_eq!(workflow.deadline.as_ref().map(|deadline| deadline.value), Some(300_000));
    let StepKind::Parallel { branches, max_concurrency, on_failure } = &workflow.steps[0].kind else {
        panic!("no parallel block")
    };
    assert_eq!(max_concurrency.as_ref().map(|most| most.value), Some(2));
    assert_eq!(on_failure.as_ref().map(|mode| mode.value), Some(OnFailure::Wait));
    assert_eq!(branches[0].id.as_ref().map(|id| id.value.as_str()), Some("first"));
    assert_eq!(branches[0].with.len(), 2);
    assert!(matches!(&branches[0].policy, Some(PolicyUse::Inline(..))));
    assert!(matches!(&branches[1].kind, StepKind::Workflow { callee, .. } if callee.value == "v"));
    assert!(workflow.steps[0].when.is_some());
}

#[test]
fn broken_parts_are_reported_once_and_their_names_are_lost() {
    let (manifest, shown) = findings("tasks:\n- id: @a\n  ref: m.f\n- id: b\n  ref: m.g\n  critical: @x\n");
    expect![[r#"
        error[E005]: a value cannot start with `@`
         --> concurrency.yaml:2:7
          |
        2 | - id: @a
          |       ^
          |
          = help: put the value in quotes if the character belongs to it
        error[E005]: a value cannot start with `@`
         --> concurrency.yaml:6:13
          |
        6 |   critical: @x
          |             ^
          |
          = help: put the value in quotes if the character belongs to it
    "#]]
    .assert_eq(&shown);
    assert!(manifest.lost.tasks.any);
    assert_eq!(manifest.tasks.len(), 1);
    assert!(!findings("tasks:\n- id: b\n  ref: m.g\n  critical: maybe\n").0.lost.tasks.any);
    assert!(findings("a: [\n").0.lost.tasks.any);
}

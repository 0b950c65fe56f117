//! The fix for an undefined policy, in every style in which the section can be written.

use conductor_source::{Safety, fix};
use expect_test::{Expect, expect};

use crate::support::Project;

/// The manifest after its safe fixes; it must compile, and keep its lines.
fn check(policies: &str, wanted: &Expect) {
    let manifest = format!(
        "tasks:\n  - id: a\n    ref: m.a\n{policies}workflows:\n  - id: w\n    steps:\n      - {{task: a, policy: zap}} # why\n"
    );
    let mut project =
        Project::new([("concurrency.yaml", manifest.as_str()), ("m.py", "async def a() -> None: ...")]);
    let outcome = project.compile();
    let fixes = outcome.diagnostics.iter().flat_map(|found| &found.fixes);
    let applied = fix::apply(&outcome.sources, fixes.filter(|fix| fix.safety == Safety::Safe));
    let fixed = applied.files.values().next().unwrap_or_else(|| panic!("{}", project.check()));
    project.set("concurrency.yaml", fixed);
    assert!(project.compile().compiled.is_some(), "{fixed}\n{}", project.check());
    let comments = |text: &str| {
        text.lines()
            .filter_map(|line| line.split_once('#'))
            .map(|(_, text)| text.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(comments(fixed), comments(&manifest), "{fixed}");
    let section = fixed.trim_start_matches("tasks:\n  - id: a\n    ref: m.a\n");
    let section = section.split("workflows:\n  - id: w\n").collect::<Vec<_>>().join("...\n");
    wanted.assert_eq(&section);
}

#[test]
fn a_block_section_keeps_its_indentation_and_comments() {
    check(
        "policies:\n- id: x\n  retries: 2 # two\n\n# flows\n",
        &expect![[r#"
        policies:
        - id: x
          retries: 2 # two
        - id: zap
          retries: 3
          strategy: exponential_backoff
          timeout: 30s

        # flows
        ...
            steps:
              - {task: a, policy: zap} # why
    "#]],
    );
    check(
        "policies:\n    -   id: x\n        retry_on:\n          - A # a\n\n",
        &expect![[r#"
        policies:
            -   id: x
                retry_on:
                  - A # a
            -   id: zap
                retries: 3
                strategy: exponential_backoff
                timeout: 30s

        ...
            steps:
              - {task: a, policy: zap} # why
    "#]],
    );
    check(
        "policies:\n  - {id: x, retries: 2} # one\n  # end\n\n",
        &expect![[r#"
        policies:
          - {id: x, retries: 2} # one
          - {id: zap, retries: 3, strategy: exponential_backoff, timeout: 30s}
          # end

        ...
            steps:
              - {task: a, policy: zap} # why
    "#]],
    );
    check(
        "policies:\n  -\n    id: x\n    retry_on: [A,\n      B\n    ]\n",
        &expect![[r#"
        policies:
          -
            id: x
            retry_on: [A,
              B
            ]
          - id: zap
            retries: 3
            strategy: exponential_backoff
            timeout: 30s
        ...
            steps:
              - {task: a, policy: zap} # why
    "#]],
    );
}

#[test]
fn a_flow_section_stays_one() {
    check(
        "policies: [{id: x, retries: 2}] # one\n",
        &expect![[r#"
        policies: [{id: x, retries: 2}, {id: zap, retries: 3, strategy: exponential_backoff, timeout: 30s}] # one
        ...
            steps:
              - {task: a, policy: zap} # why
    "#]],
    );
}

#[test]
fn an_empty_or_missing_section_is_made() {
    check(
        "policies: [] # none yet\n\n",
        &expect![[r#"
        policies: # none yet
          - id: zap
            retries: 3
            strategy: exponential_backoff
            timeout: 30s

        ...
            steps:
              - {task: a, policy: zap} # why
    "#]],
    );
    check(
        "policies: # none yet\n\n# flows\n",
        &expect![[r#"
        policies: # none yet
          - id: zap
            retries: 3
            strategy: exponential_backoff
            timeout: 30s

        # flows
        ...
            steps:
              - {task: a, policy: zap} # why
    "#]],
    );
    check(
        "",
        &expect![[r#"
        ...
            steps:
              - {task: a, policy: zap} # why

        policies:
          - id: zap
            retries: 3
            strategy: exponential_backoff
            timeout: 30s
    "#]],
    );
}

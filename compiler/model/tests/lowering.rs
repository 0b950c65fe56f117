//! Manifests in, findings and the manifest's nouns out.

use conductor_model::{Manifest, PolicyUse, Retries, StepKind, TypeExpr, TypeExprKind, lower};
use conductor_protocol::plan::OnFailure;
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

#[test]
fn sections_of_the_wrong_kind() {
    check(
        "tasks:\n  a: {ref: m.f}\npolicies: x\nworkflows:\n",
        expect![[r#"
        error[E052]: expected a list of tasks, found a mapping
         --> concurrency.yaml:1:1
          |
        1 | tasks:
          | ^^^^^ this is a mapping
        error[E052]: expected a list of policies, found a string
         --> concurrency.yaml:3:11
          |
        3 | policies: x
          |           ^ this is a string
    "#]],
    );
    check(
        "- a\n",
        expect![[r#"
        error[E052]: expected the manifest, which is a mapping, found a list
         --> concurrency.yaml:1:1
          |
        1 | - a
          | ^^^ this is a list
    "#]],
    );
    check(
        "task: []\nresources: []\nversion: 2\n",
        expect![[r#"
        error[E050]: the manifest has no key `task`
         --> concurrency.yaml:1:1
          |
        1 | task: []
          | ^^^^ unknown key
          |
        help: did you mean `tasks`?
          |
        1 | tasks: []
          |     +
        error[E051]: `resources` is part of the language but not supported by this version
         --> concurrency.yaml:2:1
          |
        2 | resources: []
          | ^^^^^^^^^ not supported yet
        error[E064]: this build reads manifests of version 1.0, this one says 2
         --> concurrency.yaml:3:10
          |
        3 | version: 2
          |          ^
          |
          = help: a newer `conductor` may read it
        --- fixed
        tasks: []
        resources: []
        version: 2
    "#]],
    );
}

#[test]
fn keys_that_are_missing() {
    check(
        "tasks:\n- id: a\n- ref: m.f\n- 5\n- id: b\n  ref:\npolicies:\n- retries: 1\n",
        expect![[r#"
        error[E053]: a task needs `ref`
         --> concurrency.yaml:2:3
          |
        2 | - id: a
          |   ^^^^^ `ref` is missing
        error[E053]: a task needs `id`
         --> concurrency.yaml:3:3
          |
        3 | - ref: m.f
          |   ^^^^^^^^ `id` is missing
        error[E052]: expected a task, which is a mapping, found a number
         --> concurrency.yaml:4:3
          |
        4 | - 5
          |   ^ this is a number
        error[E052]: expected a function, such as "module.function", found nothing
         --> concurrency.yaml:6:3
          |
        6 |   ref:
          |   ^^^ this is nothing
        error[E053]: a policy needs `id`
         --> concurrency.yaml:8:3
          |
        8 | - retries: 1
          |   ^^^^^^^^^^ `id` is missing
    "#]],
    );
}

#[test]
fn ids() {
    check(
        "tasks:\n- {id: fetchUser, ref: m.f}\n- {id: 5, ref: m.f}\n- {id: run, ref: m.f}\n- {id: while, ref: m.f}\n- {id: 9a, ref: m.f}\n",
        expect![[r#"
            error[E054]: `fetchUser` cannot be an id
             --> concurrency.yaml:2:8
              |
            2 | - {id: fetchUser, ref: m.f}
              |        ^^^^^^^^^
              |
              = note: ids are lower-case letters, digits and `_`, and begin with a letter
              = help: `fetch_user` would do; change it where it is used, too
            error[E052]: expected an id, found a number
             --> concurrency.yaml:3:8
              |
            3 | - {id: 5, ref: m.f}
              |        ^ this is a number
            error[E055]: `run` is reserved and cannot be an id
             --> concurrency.yaml:4:8
              |
            4 | - {id: run, ref: m.f}
              |        ^^^ in expressions it names something else
              |
              = note: reserved are input, env, run, error and CEL's words: as, break, const, continue, else, false, for, function, if, import, in, let, loop, namespace, null, package, return, true, var, void, while
            error[E055]: `while` is reserved and cannot be an id
             --> concurrency.yaml:5:8
              |
            5 | - {id: while, ref: m.f}
              |        ^^^^^ it is a reserved word of the expression language (CEL)
              |
              = note: reserved are input, env, run, error and CEL's words: as, break, const, continue, else, false, for, function, if, import, in, let, loop, namespace, null, package, return, true, var, void, while
            error[E054]: `9a` cannot be an id
             --> concurrency.yaml:6:8
              |
            6 | - {id: 9a, ref: m.f}
              |        ^^
              |
              = note: ids are lower-case letters, digits and `_`, and begin with a letter
        "#]],
    );
}

#[test]
fn words_and_booleans() {
    check(
        "tasks:\n- id: a\n  ref: m.f\n  effect: reads\n  idempotent: yes\n  in_doubt: [x]\n  critical: maybe\n  description: 5\npolicies:\n- id: p\n  strategy: exponential\n  jitter: some\n",
        expect![[r#"
            error[E056]: `reads` is no value of `effect`
             --> concurrency.yaml:4:11
              |
            4 |   effect: reads
              |           ^^^^^
              |
              = note: allowed: `none`, `read`, `write`
            help: did you mean `read`?
              |
            4 -   effect: reads
            4 +   effect: read
              |
            error[E052]: expected `true` or `false`, found a string
             --> concurrency.yaml:5:15
              |
            5 |   idempotent: yes
              |               ^^^ this is a string
              |
            help: write `true`
              |
            5 -   idempotent: yes
            5 +   idempotent: true
              |
            error[E052]: expected one of `retry`, `fail`, `pause`, found a list
             --> concurrency.yaml:6:3
              |
            6 |   in_doubt: [x]
              |   ^^^^^^^^ this is a list
            error[E052]: expected `true` or `false`, found a string
             --> concurrency.yaml:7:13
              |
            7 |   critical: maybe
              |             ^^^^^ this is a string
            error[E052]: expected a string, found a number
             --> concurrency.yaml:8:16
              |
            8 |   description: 5
              |                ^ this is a number
            error[E056]: `exponential` is no value of `strategy`
              --> concurrency.yaml:11:13
               |
            11 |   strategy: exponential
               |             ^^^^^^^^^^^
               |
               = note: allowed: `constant`, `linear`, `exponential_backoff`
            help: did you mean `exponential_backoff`?
               |
            11 |   strategy: exponential_backoff
               |                        ++++++++
            error[E056]: `some` is no value of `jitter`
              --> concurrency.yaml:12:11
               |
            12 |   jitter: some
               |           ^^^^
               |
               = note: allowed: `none`, `full`, `equal`
            --- fixed
            tasks:
            - id: a
              ref: m.f
              effect: read
              idempotent: true
              in_doubt: [x]
              critical: maybe
              description: 5
            policies:
            - id: p
              strategy: exponential_backoff
              jitter: some
        "#]],
    );
}

#[test]
fn durations() {
    check(
        "policies:\n- id: p\n  timeout: 500\n  deadline_ms: 2s\n  initial: 5 parsecs\n  max_delay: -1\n- id: q\n  timeout: 1s\n  timeout_ms: 1000\n  deadline: 0s\n  initial_ms: -5\n  max_delay: 9999999h\n- id: r\n  timeout: []\n  deadline_ms: soon\n",
        expect![[r#"
            error[E057]: a duration needs a unit
             --> concurrency.yaml:3:12
              |
            3 |   timeout: 500
              |            ^^^ milliseconds? seconds?
              |
            help: milliseconds: `500ms`
              |
            3 |   timeout: 500ms
              |               ++
            help: seconds: `500s`
              |
            3 |   timeout: 500s
              |               +
            error[E057]: `deadline_ms` takes a number of milliseconds, without a unit
             --> concurrency.yaml:4:16
              |
            4 |   deadline_ms: 2s
              |                ^^ this has a unit
              |
            help: use `deadline`, which takes a unit
              |
            4 -   deadline_ms: 2s
            4 +   deadline: 2s
              |
            error[E057]: `5 parsecs` is no duration
             --> concurrency.yaml:5:12
              |
            5 |   initial: 5 parsecs
              |            ^^^^^^^^^
              |
              = help: a duration is a number with a unit: 500ms, 2s, 5m or 1h
            error[E059]: `max_delay` cannot be negative
             --> concurrency.yaml:6:14
              |
            6 |   max_delay: -1
              |              ^^
            error[E058]: `timeout` and `timeout_ms` say the same thing twice
             --> concurrency.yaml:9:3
              |
            8 |   timeout: 1s
              |   ------- first here
            9 |   timeout_ms: 1000
              |   ^^^^^^^^^^ here again
              |
              = help: keep one of the two
            error[E059]: `deadline` must be longer than nothing
              --> concurrency.yaml:10:13
               |
            10 |   deadline: 0s
               |             ^^
            error[E059]: `initial_ms` cannot be negative
              --> concurrency.yaml:11:15
               |
            11 |   initial_ms: -5
               |               ^^
            error[E059]: `max_delay` is longer than a hundred years
              --> concurrency.yaml:12:14
               |
            12 |   max_delay: 9999999h
               |              ^^^^^^^^
            error[E052]: expected a duration, such as 500ms, 2s, 5m or 1h, found a list
              --> concurrency.yaml:14:3
               |
            14 |   timeout: []
               |   ^^^^^^^ this is a list
            error[E052]: expected a whole number of milliseconds, found a string
              --> concurrency.yaml:15:16
               |
            15 |   deadline_ms: soon
               |                ^^^^ this is a string
            --- fixed
            policies:
            - id: p
              timeout: 500ms
              deadline: 2s
              initial: 5 parsecs
              max_delay: -1
            - id: q
              timeout: 1s
              timeout_ms: 1000
              deadline: 0s
              initial_ms: -5
              max_delay: 9999999h
            - id: r
              timeout: []
              deadline_ms: soon
        "#]],
    );
    let (manifest, text) =
        findings("policies:\n- {id: p, timeout: 1.5s, deadline: 5m, initial_ms: 0, max_delay: 1h}\n");
    assert_eq!(text, "");
    let fields = &manifest.policies[0].fields;
    let read = [&fields.timeout, &fields.deadline, &fields.initial, &fields.max_delay];
    let read = read.map(|duration| duration.as_ref().map(|duration| duration.value));
    assert_eq!(read, [Some(1_500), Some(300_000), Some(0), Some(3_600_000)]);
}

#[test]
fn numbers() {
    check(
        "policies:\n- id: p\n  retries: -1\n  multiplier: 0.5\n- id: q\n  retries: 99999999999\n  multiplier: big\n- id: r\n  retries: '3'\n- id: s\n  retries: for ever\n- id: t\n  retries: 1.5\n",
        expect![[r#"
            error[E059]: `retries` must be between 0 and 100000
             --> concurrency.yaml:3:12
              |
            3 |   retries: -1
              |            ^^
            error[E059]: `multiplier` must be between 1 and 1000
             --> concurrency.yaml:4:15
              |
            4 |   multiplier: 0.5
              |               ^^^
            error[E059]: `retries` must be between 0 and 100000
             --> concurrency.yaml:6:12
              |
            6 |   retries: 99999999999
              |            ^^^^^^^^^^^
              |
              = help: retrying without end is written `retries: forever`
            error[E052]: expected a number, found a string
             --> concurrency.yaml:7:15
              |
            7 |   multiplier: big
              |               ^^^ this is a string
            error[E052]: expected a number of retries, found a string
             --> concurrency.yaml:9:12
              |
            9 |   retries: '3'
              |            ^^^ this is a string
              |
            help: remove the quotes
              |
            9 -   retries: '3'
            9 +   retries: 3
              |
            error[E056]: `for ever` is no value of `retries`
              --> concurrency.yaml:11:12
               |
            11 |   retries: for ever
               |            ^^^^^^^^
               |
               = note: allowed: `forever`
            help: did you mean `forever`?
               |
            11 -   retries: for ever
            11 +   retries: forever
               |
            error[E052]: expected a number of retries, or `forever`, found a number
              --> concurrency.yaml:13:12
               |
            13 |   retries: 1.5
               |            ^^^ this is a number
            --- fixed
            policies:
            - id: p
              retries: -1
              multiplier: 0.5
            - id: q
              retries: 99999999999
              multiplier: big
            - id: r
              retries: 3
            - id: s
              retries: forever
            - id: t
              retries: 1.5
        "#]],
    );
    let (manifest, text) = findings(
        "policies:\n- {id: p, retries: forever, multiplier: 2}\n- {id: q, retries: 3, retry_on: [503, E], abort_on: X}\n",
    );
    assert_eq!(text, "");
    let retries: Vec<_> =
        manifest.policies.iter().filter_map(|policy| policy.fields.retries.as_ref()).collect();
    assert_eq!((retries[0].value, retries[1].value), (Retries::Forever, Retries::Times(3)));
    assert_eq!(manifest.policies[1].fields.retry_on[0].value, "503");
}

#[test]
fn kinds_of_steps() {
    check(
        "workflows:\n- id: w\n  steps:\n  - a\n  - 5\n  - task: a\n    workflow: b\n  - id: x\n  - tusk: a\n  - race: [{task: a}]\n  - task: [a]\n  - parallel: a\n  - sequence: []\n  - {}\n  -\n",
        expect![[r#"
            error[E052]: expected a step, such as `task: ...`, found a string
             --> concurrency.yaml:4:5
              |
            4 |   - a
              |     ^ this is a string
              |
            help: call the task of that id
              |
            4 |   - task: a
              |     +++++
            error[E052]: expected a step, such as `task: ...`, found a number
             --> concurrency.yaml:5:5
              |
            5 |   - 5
              |     ^ this is a number
            error[E060]: a step is one thing: this one has `task` and `workflow`
             --> concurrency.yaml:7:5
              |
            6 |   - task: a
              |     ---- the first
            7 |     workflow: b
              |     ^^^^^^^^ a second kind
              |
              = help: make two steps of it, or put one inside the other
            error[E060]: this step does nothing
             --> concurrency.yaml:8:5
              |
            8 |   - id: x
              |     ^^
              |
              = note: a step has one of the keys `task`, `workflow`, `sequence`, `parallel`
            error[E060]: there is no kind of step `tusk`
             --> concurrency.yaml:9:5
              |
            9 |   - tusk: a
              |     ^^^^
              |
              = note: a step has one of the keys `task`, `workflow`, `sequence`, `parallel`
            help: did you mean `task`?
              |
            9 -   - tusk: a
            9 +   - task: a
              |
            error[E051]: `race` is part of the language but not supported by this version
              --> concurrency.yaml:10:5
               |
            10 |   - race: [{task: a}]
               |     ^^^^ not supported yet
            error[E052]: expected the id of a task, found a list
              --> concurrency.yaml:11:5
               |
            11 |   - task: [a]
               |     ^^^^ this is a list
            error[E052]: expected a list of steps, found a string
              --> concurrency.yaml:12:15
               |
            12 |   - parallel: a
               |               ^ this is a string
            error[E061]: `sequence` has no steps
              --> concurrency.yaml:13:5
               |
            13 |   - sequence: []
               |     ^^^^^^^^ at least one step must stand here
            error[E060]: this step does nothing
              --> concurrency.yaml:14:5
               |
            14 |   - {}
               |     ^^
               |
               = note: a step has one of the keys `task`, `workflow`, `sequence`, `parallel`
            error[E052]: expected a step, such as `task: ...`, found nothing
              --> concurrency.yaml:15:4
               |
            15 |   -
               |    ^ this is nothing
            --- fixed
            workflows:
            - id: w
              steps:
              - task: a
              - 5
              - task: a
                workflow: b
              - id: x
              - task: a
              - race: [{task: a}]
              - task: [a]
              - parallel: a
              - sequence: []
              - {}
              -
        "#]],
    );
}

#[test]
fn empty_workflows() {
    check(
        "workflows:\n- id: a\n- id: b\n  steps:\n- id: c\n  steps: []\n- id: d\n  steps: run it\n",
        expect![[r#"
        error[E061]: a workflow needs `steps`
         --> concurrency.yaml:2:3
          |
        2 | - id: a
          |   ^^^^^ this one has none
        error[E061]: `steps` has no steps
         --> concurrency.yaml:4:3
          |
        4 |   steps:
          |   ^^^^^ at least one step must stand here
        error[E061]: `steps` has no steps
         --> concurrency.yaml:6:3
          |
        6 |   steps: []
          |   ^^^^^ at least one step must stand here
        error[E052]: expected a list of steps, found a string
         --> concurrency.yaml:8:10
          |
        8 |   steps: run it
          |          ^^^^^^ this is a string
    "#]],
    );
}

#[test]
fn options_of_other_steps() {
    check(
        "workflows:\n- id: w\n  steps:\n  - task: a\n    deadline: 1s\n    on_failure: wait\n  - parallel: [{task: a}]\n    policy: p\n    with: {x: 1}\n    max_concurrency: 0\n  - sequence: [{task: a}]\n    max_concurrency: 2\n    needs: [a]\n",
        expect![[r#"
            error[E065]: a `task` step takes no `deadline`
             --> concurrency.yaml:5:5
              |
            4 |   - task: a
              |     ---- this kind of step
            5 |     deadline: 1s
              |     ^^^^^^^^
              |
              = help: the deadline of a call belongs in its policy, the deadline of a workflow to the workflow
            error[E065]: a `task` step takes no `on_failure`
             --> concurrency.yaml:6:5
              |
            4 |   - task: a
              |     ---- this kind of step
            5 |     deadline: 1s
            6 |     on_failure: wait
              |     ^^^^^^^^^^
              |
              = help: it says what a failing branch does to a `parallel` block
            error[E065]: a `parallel` step takes no `policy`
             --> concurrency.yaml:8:5
              |
            7 |   - parallel: [{task: a}]
              |     -------- this kind of step
            8 |     policy: p
              |     ^^^^^^
              |
              = help: blocks take only `deadline` and `critical`; policies belong to the calls inside
            error[E065]: a `parallel` step takes no `with`
             --> concurrency.yaml:9:5
              |
            7 |   - parallel: [{task: a}]
              |     -------- this kind of step
            8 |     policy: p
            9 |     with: {x: 1}
              |     ^^^^
              |
              = help: arguments belong to the calls inside the block
            error[E059]: `max_concurrency` must be between 1 and 100000
              --> concurrency.yaml:10:22
               |
            10 |     max_concurrency: 0
               |                      ^
            error[E065]: a `sequence` step takes no `max_concurrency`
              --> concurrency.yaml:12:5
               |
            11 |   - sequence: [{task: a}]
               |     -------- this kind of step
            12 |     max_concurrency: 2
               |     ^^^^^^^^^^^^^^^
               |
               = help: it says how many branches of a `parallel` block run at a time
            error[E051]: `needs` is part of the language but not supported by this version
              --> concurrency.yaml:13:5
               |
            13 |     needs: [a]
               |     ^^^^^ not supported yet
        "#]],
    );
}

#[test]
fn conditions() {
    check(
        "workflows:\n- id: w\n  steps:\n  - task: a\n    when: x > 5\n  - {task: a, id: b, when: x > 5}\n  - task: a\n    when: \"x == 'a: b'\"\n  - task: a\n    when: ${x} && ${y}\n  - task: a\n    when: 5\n  - task: a\n    when:\n  - task: a\n    when: true\n  - task: a\n    when: ${x\n",
        expect![[r#"
            error[E062]: a condition must be an expression in `${...}`
             --> concurrency.yaml:5:11
              |
            5 |     when: x > 5
              |           ^^^^^ this is a text
              |
            help: wrap it
              |
            5 -     when: x > 5
            5 +     when: ${x > 5}
              |
            error[E062]: a condition must be an expression in `${...}`
             --> concurrency.yaml:6:28
              |
            6 |   - {task: a, id: b, when: x > 5}
              |                            ^^^^^ this is a text
              |
            help: wrap it
              |
            6 -   - {task: a, id: b, when: x > 5}
            6 +   - {task: a, id: b, when: '${x > 5}'}
              |
            error[E062]: a condition must be an expression in `${...}`
             --> concurrency.yaml:8:11
              |
            8 |     when: "x == 'a: b'"
              |           ^^^^^^^^^^^^^ this is a text
              |
            help: wrap it
              |
            8 -     when: "x == 'a: b'"
            8 +     when: "${x == 'a: b'}"
              |
            error[E062]: a condition is one expression, this is a text with expressions in it
              --> concurrency.yaml:10:11
               |
            10 |     when: ${x} && ${y}
               |           ^^^^^^^^^^^^
               |
               = help: put the whole condition into one `${...}`
            error[E052]: expected a condition in `${...}`, found a number
              --> concurrency.yaml:12:11
               |
            12 |     when: 5
               |           ^ this is a number
            error[E052]: expected a condition in `${...}`, found nothing
              --> concurrency.yaml:14:5
               |
            14 |     when:
               |     ^^^^ this is nothing
            --- fixed
            workflows:
            - id: w
              steps:
              - task: a
                when: ${x > 5}
              - {task: a, id: b, when: '${x > 5}'}
              - task: a
                when: "${x == 'a: b'}"
              - task: a
                when: ${x} && ${y}
              - task: a
                when: 5
              - task: a
                when:
              - task: a
                when: true
              - task: a
                when: ${x
        "#]],
    );
}

#[test]
fn inputs_and_their_types() {
    check(
        "workflows:\n- id: w\n  input:\n    a: str\n    b: list<int\n    c: map<int, string>\n    d: {type: integer, defalt: 1}\n    e: {default: 1}\n    f: 5\n    g: Optional[int]\n    h: {x: sting, y: [a]}\n    Bad: int\n    i: strng?\n  steps: [{task: a}]\n",
        expect![[r#"
            error[E063]: there is no type `str`
             --> concurrency.yaml:4:8
              |
            4 |     a: str
              |        ^^^
              |
            help: did you mean `string`?
              |
            4 |     a: string
              |           +++
            error[E063]: `list<int` is no type
             --> concurrency.yaml:5:8
              |
            5 |     b: list<int
              |        ^^^^^^^^ expected `>`
              |
              = note: types are null, bool, int, float, decimal, string, bytes, timestamp, date, duration, uuid, any, list<T>, map<string, T>, {field: T}, T?, T | U and the classes of the code
            error[E063]: `map<int, string>` is no type
             --> concurrency.yaml:6:12
              |
            6 |     c: map<int, string>
              |            ^ the keys of a map are strings: `map<string, T>`
              |
              = note: types are null, bool, int, float, decimal, string, bytes, timestamp, date, duration, uuid, any, list<T>, map<string, T>, {field: T}, T?, T | U and the classes of the code
            error[E063]: there is no type `integer`
             --> concurrency.yaml:7:15
              |
            7 |     d: {type: integer, defalt: 1}
              |               ^^^^^^^
              |
            help: did you mean `int`?
              |
            7 -     d: {type: integer, defalt: 1}
            7 +     d: {type: int, defalt: 1}
              |
            error[E050]: an input has no key `defalt`
             --> concurrency.yaml:7:24
              |
            7 |     d: {type: integer, defalt: 1}
              |                        ^^^^^^ unknown key
              |
            help: did you mean `default`?
              |
            7 |     d: {type: integer, default: 1}
              |                            +
            error[E063]: the input `e` needs a `type`
             --> concurrency.yaml:8:5
              |
            8 |     e: {default: 1}
              |     ^
            error[E052]: expected a type, found a number
             --> concurrency.yaml:9:8
              |
            9 |     f: 5
              |        ^ this is a number
            error[E063]: `Optional` takes no parameters; those with parameters are `list<T>` and `map<string, T>`
              --> concurrency.yaml:10:8
               |
            10 |     g: Optional[int]
               |        ^^^^^^^^
            error[E063]: there is no type `sting`
              --> concurrency.yaml:11:12
               |
            11 |     h: {x: sting, y: [a]}
               |            ^^^^^
               |
            help: did you mean `string`?
               |
            11 |     h: {x: string, y: [a]}
               |              +
            error[E052]: expected a type, found a list
              --> concurrency.yaml:11:19
               |
            11 |     h: {x: sting, y: [a]}
               |                   ^ this is a list
            error[E054]: `Bad` cannot be an id
              --> concurrency.yaml:12:5
               |
            12 |     Bad: int
               |     ^^^
               |
               = note: ids are lower-case letters, digits and `_`, and begin with a letter
               = help: `bad` would do; change it where it is used, too
            error[E063]: there is no type `strng`
              --> concurrency.yaml:13:8
               |
            13 |     i: strng?
               |        ^^^^^
               |
            help: did you mean `string`?
               |
            13 |     i: string?
               |           +
            --- fixed
            workflows:
            - id: w
              input:
                a: string
                b: list<int
                c: map<int, string>
                d: {type: int, default: 1}
                e: {default: 1}
                f: 5
                g: Optional[int]
                h: {x: string, y: [a]}
                Bad: int
                i: string?
              steps: [{task: a}]
        "#]],
    );
    check(
        "workflows:\n- id: w\n  input: [a]\n  steps: [{task: a}]\n",
        expect![[r#"
        error[E052]: expected a mapping from inputs to their types, found a list
         --> concurrency.yaml:3:3
          |
        3 |   input: [a]
          |   ^^^^^ this is a list
    "#]],
    );
}

#[test]
fn every_form_of_a_type() {
    let text = "workflows:\n- id: w\n  input:\n    a: 'list<User>?'\n    b: map<string, int|shop.Money>\n    c: {x: int, y: '{z: string}'}\n    d: {type: (int | null)?, default: 10, secret: true}\n    e: null\n  steps: [{task: a}]\n";
    let (manifest, shown) = findings(text);
    assert_eq!(shown, "");
    let types: Vec<String> = manifest.workflows[0].inputs.iter().map(|input| spelled(&input.ty)).collect();
    expect![[r#"
        [
            "optional list<class User>",
            "map<int or class shop.Money>",
            "{x: int, y: {z: string}}",
            "optional int or null",
            "null",
        ]
    "#]]
    .assert_debug_eq(&types);
    let described = &manifest.workflows[0].inputs[3];
    assert!(described.default.is_some() && described.secret.as_ref().is_some_and(|secret| secret.value));
}

fn spelled(ty: &TypeExpr) -> String {
    match &ty.kind {
        TypeExprKind::Builtin(builtin) => builtin.to_string(),
        TypeExprKind::Name(name) => format!("class {name}"),
        TypeExprKind::List(item) => format!("list<{}>", spelled(item)),
        TypeExprKind::Map(item) => format!("map<{}>", spelled(item)),
        TypeExprKind::Record(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, ty)| format!("{name}: {}", spelled(ty))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        TypeExprKind::Optional(inner) => format!("optional {}", spelled(inner)),
        TypeExprKind::Union(members) => members.iter().map(spelled).collect::<Vec<_>>().join(" or "),
        TypeExprKind::Broken => "broken".to_owned(),
    }
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
    assert_eq!((shown.as_str(), manifest.incomplete), ("", false));
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
    assert!(matches!(&branches[1].kind, StepKind::Workflow(id) if id.value == "v"));
    assert!(workflow.steps[0].when.is_some());
}

#[test]
fn languages_that_come_later() {
    check(
        "targets:\n- language: go\n- language: pyton\n",
        expect![[r#"
        error[E051]: `go` is part of the language but not supported by this version
         --> concurrency.yaml:2:13
          |
        2 | - language: go
          |             ^^ not supported yet
        error[E056]: `pyton` is no value of `language`
         --> concurrency.yaml:3:13
          |
        3 | - language: pyton
          |             ^^^^^
          |
          = note: allowed: `python`
        help: did you mean `python`?
          |
        3 | - language: python
          |                +
        --- fixed
        targets:
        - language: go
        - language: python
    "#]],
    );
}

#[test]
fn broken_parts_are_reported_once_and_make_the_manifest_incomplete() {
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
    assert!(manifest.incomplete);
    assert_eq!(manifest.tasks.len(), 1);
    assert!(!findings("tasks:\n- id: b\n  ref: m.g\n  critical: maybe\n").0.incomplete);
    assert!(findings("a: [\n").0.incomplete);
}

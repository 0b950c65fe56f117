//! Steps, their kinds, options and conditions.

use expect_test::expect;

use crate::check;

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
              = note: a step has one of the keys `task`, `workflow`, `sequence`, `parallel`, `graph`, `race`, `map`, `switch`, `loop`, `try`, `sleep`, `wait_for`, `emit`, `hold`, `set`, `return`, `fail`
            error[E060]: there is no kind of step `tusk`
             --> concurrency.yaml:9:5
              |
            9 |   - tusk: a
              |     ^^^^
              |
              = note: a step has one of the keys `task`, `workflow`, `sequence`, `parallel`, `graph`, `race`, `map`, `switch`, `loop`, `try`, `sleep`, `wait_for`, `emit`, `hold`, `set`, `return`, `fail`
            help: did you mean `task`?
              |
            9 -   - tusk: a
            9 +   - task: a
              |
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
               = note: a step has one of the keys `task`, `workflow`, `sequence`, `parallel`, `graph`, `race`, `map`, `switch`, `loop`, `try`, `sleep`, `wait_for`, `emit`, `hold`, `set`, `return`, `fail`
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
            error[E059]: `max_concurrency` must be between 1 and 1000000
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
               = help: it says how many branches of a `parallel` block, or items of a `map`, run at a time
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
fn options_that_stand_inside() {
    check(
        "workflows:\n- id: w\n  steps:\n  - hold: desk\n    steps: [{task: a}]\n  - wait_for: approval\n  - map: \"${input.items}\"\n  - fail: Refused\n",
        expect![[r#"
            error[E052]: expected the options of `hold`, a mapping, found a string
             --> concurrency.yaml:4:11
              |
            4 |   - hold: desk
              |           ^^^^ this is a string
              |
              = help: write `hold: {resource: desk, steps: [...]}`: all its options stand inside
            error[E065]: `steps` of a `hold` step stands inside `hold`
             --> concurrency.yaml:5:5
              |
            4 |   - hold: desk
              |     ---- this kind of step
            5 |     steps: [{task: a}]
              |     ^^^^^
              |
              = help: move it into the mapping under `hold`
            error[E052]: expected the options of `wait_for`, a mapping, found a string
             --> concurrency.yaml:6:15
              |
            6 |   - wait_for: approval
              |               ^^^^^^^^ this is a string
              |
              = help: write `wait_for: {signal: approval}`: all its options stand inside
            error[E052]: expected the options of `map`, a mapping, found a string
             --> concurrency.yaml:7:10
              |
            7 |   - map: "${input.items}"
              |          ^^^^^^^^^^^^^^^^ this is a string
              |
              = help: write `map: {over: ..., steps: [...]}`: all its options stand inside
            error[E052]: expected the options of `fail`, a mapping, found a string
             --> concurrency.yaml:8:11
              |
            8 |   - fail: Refused
              |           ^^^^^^^ this is a string
        "#]],
    );
}

//! Rules over whole manifests, as far as `docs/codes` does not show them: what they leave alone, and ids and blocks.

use expect_test::{Expect, expect};

use crate::support::Project;

const CODE: &str = "
from dataclasses import dataclass

class Session: ...

@dataclass
class Order:
    id: str
    session: Session | None

async def read(name: str) -> str: ...
async def pay(name: str, idempotency_key: str) -> str: ...
def block(name: str) -> str: ...
async def order(name: str) -> list[Order]: ...
";

/// Every finding as code, message and the text of its primary label.
fn check(manifest: &str, wanted: &Expect) {
    let project = Project::new([("concurrency.yaml", manifest), ("app.py", CODE)]);
    let outcome = project.compile();
    let lines = outcome.diagnostics.iter().map(|found| {
        format!(
            "{}[{}] {} @ `{}`\n",
            found.severity.as_str(),
            found.code,
            found.message,
            outcome.sources.slice(found.span())
        )
    });
    wanted.assert_eq(&lines.collect::<String>());
}

#[test]
fn a_write_that_is_said_to_be_safe_is_not_warned_of() {
    for said in ["effect: read", "effect: none", "idempotent: true", "in_doubt: fail"] {
        check(
            &format!(
                "tasks: [{{id: read, ref: app.read, {said}, policy: {{retries: 1, timeout: 1s}}}}]\nworkflows: [{{id: w, steps: [{{task: read}}]}}]"
            ),
            &expect![""],
        );
    }
    for policy in [
        "{retries: 1}",
        "{timeout: 1s}",
        "{retries: 1, timeout: 1s, abort_on: [TimeoutError]}",
        "{retries: 1, timeout: 1s, retry_on: [OSError]}",
    ] {
        check(
            &format!(
                "tasks: [{{id: read, ref: app.read, policy: {policy}}}]\nworkflows: [{{id: w, steps: [{{task: read}}]}}]"
            ),
            &expect![""],
        );
    }
    check(
        "tasks: [{id: pay, ref: app.pay, policy: {retries: 1, timeout: 1s}}]\nworkflows: [{id: w, steps: [{task: pay}]}]",
        &expect![""],
    );
}

#[test]
fn a_task_is_warned_of_once() {
    check(
        "
tasks: [{id: block, ref: app.block, policy: {retries: 1, timeout: 1s}}]
workflows: [{id: w, steps: [{task: block}, {task: block, id: again}]}, {id: v, steps: [{task: block}]}]
",
        &expect![[r#"
            warning[W101] `block` may happen twice: it is a write, and is retried after a time-out @ `block`
            warning[W102] `block` blocks: a time-out cannot interrupt it @ `block`
        "#]],
    );
}

#[test]
fn a_class_inside_a_class_is_journaled_too() {
    check(
        "tasks: [{id: order, ref: app.order}]\nworkflows: [{id: w, steps: [{task: order}]}]",
        &expect![[r#"
        error[E160] the result of `order` cannot be journaled: the inside of `app.Session` is not known @ `list[Order]`
    "#]],
    );
    check(
        "tasks: [{id: order, ref: app.order}]\nworkflows: [{id: w, durable: false, steps: [{task: order}]}]",
        &expect![""],
    );
}

#[test]
fn a_set_or_tuple_cannot_be_journaled_and_a_named_tuple_can() {
    let help = |returns: &str| {
        let code = format!(
            "
from collections.abc import Set
from dataclasses import dataclass
from typing import NamedTuple

class Point(NamedTuple):
    x: int

@dataclass
class Box:
    xs: tuple[int, ...]

async def f(a: int) -> {returns}: ...
"
        );
        let manifest = "tasks: [{id: f, ref: app.f}]\nworkflows: [{id: w, steps: [{task: f}]}]";
        let outcome = Project::new([("concurrency.yaml", manifest), ("app.py", &code)]).compile();
        let found: Vec<String> = outcome
            .diagnostics
            .iter()
            .map(|found| format!("{} {}", found.code, found.help.as_deref().unwrap_or("")))
            .collect();
        found.join("\n")
    };
    let tuple = "E160 use a list, or a dataclass where each place means something else; or say `durable: false` in `w`";
    for returns in ["tuple", "tuple[int, str]", "list[tuple[int, ...]]", "Box"] {
        assert_eq!(help(returns), tuple, "{returns}");
    }
    for returns in ["set[int]", "frozenset[str]", "Set[int]"] {
        assert_eq!(help(returns), "E160 use a list; or say `durable: false` in `w`", "{returns}");
    }
    assert_eq!(help("Point"), "");
}

#[test]
fn undefined_policies_are_reported_once_each() {
    check(
        "
tasks: [{id: read, ref: app.read, policy: a}, {id: block, ref: app.block, policy: b}]
workflows: [{id: w, steps: [{task: read}, {task: read, id: x, policy: b}, {task: block}]}]
",
        &expect![[r#"
            error[E110] the policy `a` is not defined @ `a`
            error[E110] the policy `b` is not defined @ `b`
        "#]],
    );
}

#[test]
fn broken_parts_silence_what_may_follow_from_them() {
    check(
        "
tasks: [{id: read, ref: app.read}, {ref: app.block}]
workflows: [{id: w, steps: [{task: block, policy: later}, {task: read, with: {name: '${block}'}}]}]
",
        &expect![[r#"
            error[E053] a task needs `id` @ `ref: app.block`
            error[E110] the policy `later` is not defined @ `later`
        "#]],
    );
    check(
        "
tasks: [{id: read, ref: app.read}, {id: pay}]
policies: [{id: p, retires: 1}]
workflows:
- {id: w, steps: [{task: reed, policy: q}, {task: pay}, {workflow: v, with: {x: 1}}, {workflow: u}]}
- {id: v, steps: {task: read}}
- {id: t, stepz: [{task: rad, polcy: p}]}
",
        &expect![[r#"
            error[E053] a task needs `ref` @ `id: pay`
            error[E050] a policy has no key `retires` @ `retires`
            error[E101] there is no task `reed` @ `reed`
            error[E110] the policy `q` is not defined @ `q`
            error[E102] there is no workflow `u` @ `u`
            error[E052] expected a list of steps, found a mapping @ `steps`
            error[E050] a workflow has no key `stepz` @ `stepz`
            error[E101] there is no task `rad` @ `rad`
            error[E050] a `task` step has no key `polcy` @ `polcy`
        "#]],
    );
    check(
        "
tasks: [{id: read, ref: app.read}]
workflows: [{id: w, steps: [{loop: {steps: []}}, {task: read, with: {name: '${later.x}'}}]}]
",
        &expect![[r#"
            error[E053] a loop needs `max_iterations` @ `loop`
            error[E053] a loop needs `while` or `until` @ `loop`
            error[E061] `steps` has no steps @ `steps`
        "#]],
    );
}

#[test]
fn a_step_sees_what_ended_before_it() {
    check(
        "
tasks: [{id: read, ref: app.read}]
workflows:
  - id: w
    input: {name: string}
    steps:
      - {task: read, id: a, with: {name: '${a}'}}
      - sequence:
          - {task: read, id: b, with: {name: '${outer}'}}
          - parallel:
              - {task: read, id: c, with: {name: '${b}'}}
              - sequence: [{task: read, id: d, with: {name: '${c}'}}]
        id: outer
      - {task: read, id: e, with: {name: '${c + d + input.nme}'}}
    output: '${f}'
",
        &expect![[r#"
            error[E141] the step `a` uses its own result @ `a`
            error[E141] `outer` has not ended yet: this step is inside it @ `outer`
            error[E142] `c` runs at the same time in another branch @ `c`
            error[E140] the workflow has no input `nme` @ `nme`
            error[E140] `f` is not known here @ `f`
        "#]],
    );
}

#[test]
fn a_mistake_in_a_task_is_reported_once_however_many_steps_call_it() {
    check(
        "
tasks: [{id: read, ref: app.read, with: {name: 5, nome: x}}]
workflows: [{id: w, steps: [{task: read}, {task: read, id: again}]}, {id: v, steps: [{task: read}]}]
",
        &expect![[r#"
            error[E131] `name` of `read` gets the wrong type @ `5`
            error[E130] `read` has no parameter `nome` @ `nome`
        "#]],
    );
}

#[test]
fn what_stands_by_a_call_is_used() {
    check(
        "
tasks:
  - {id: pay, ref: app.pay, compensate: {task: undo}, policy: {fallback: {task: other}}}
  - {id: undo, ref: app.read, with: {name: x}}
  - {id: other, ref: app.pay, policy: {fallback: {task: last}}}
  - {id: last, ref: app.pay}
  - {id: idle, ref: app.pay}
workflows: [{id: w, steps: [{task: pay}]}]
",
        &expect!["advice[W104] the task `idle` is not used @ `idle`\n"],
    );
}

#[test]
fn a_key_beside_the_mapping_it_belongs_into_is_one_mistake() {
    check(
        "
tasks: [{id: read, ref: app.read}]
workflows:
  - id: w
    input: {name: string?}
    steps:
      - fail: {type: NoName}
        when: ${input.name == null}
      - {task: read, with: {name: x}}
    output: ${read}
",
        &expect!["error[E065] `when` of a `fail` step stands inside `fail` @ `when`\n"],
    );
}

#[test]
fn why_a_step_cannot_be_seen() {
    let project = Project::new([
        (
            "concurrency.yaml",
            "
tasks:
  - {id: read, ref: app.read}
  - {id: pay, ref: app.pay, compensate: {task: read, with: {name: '${before + input.x}'}}}
workflows:
  - id: w
    concurrency: {limit: 1, key: '${before}'}
    input: {x: string}
    steps:
      - {task: read, id: before, with: {name: x}}
      - switch:
          - when: ${input.x == ''}
            steps: [{task: read, id: ended}, return: '']
      - {task: pay, with: {name: '${ended}'}}
      - map: {over: [1], as: n, steps: [{task: read, id: inner}]}
    output: ['${ended}', '${inner}']
",
        ),
        ("app.py", CODE),
    ]);
    let found: Vec<String> = project.compile().diagnostics.into_iter().map(|found| found.message).collect();
    expect![[r#"
        [
            "`before` cannot be seen here",
            "`input.x` cannot be seen here",
            "`before` has not run yet",
            "where `ended` has run, this is never reached",
            "where `ended` has run, this is never reached",
            "`inner` cannot be seen from outside of its block",
        ]
    "#]]
    .assert_debug_eq(&found);
}

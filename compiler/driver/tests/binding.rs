//! What each parameter gets, and what is said where it gets nothing: tables of manifest and code.

use std::fmt::Write as _;

use crate::support::Project;
use expect_test::{Expect, expect};

const CODE: &str = r#"
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Channel(Enum):
    EMAIL = "email"
    SMS = "sms"


@dataclass
class User:
    id: str
    email: str | None


async def fetch(user_id: str) -> User: ...
async def find(user_id: str) -> User | None: ...
async def untyped(x): ...
async def mail(user: User) -> None: ...
async def pair(payer: User, payee: User) -> None: ...
async def lenient(user: User | None = None, *rest: int, **more: str) -> bool: ...
async def charge(user: User, amount: Decimal, idempotency_key: str) -> int: ...
async def camel(userId: str) -> int: ...
async def send(channel: Channel, tries: float = 1.0) -> list[int]: ...
async def number(x: int) -> int: ...
"#;

/// The bindings and the steps' types, or what is wrong.
fn check(manifest: &str, wanted: &Expect) {
    let mut text = String::from("tasks:\n");
    for task in ["fetch", "find", "untyped", "mail", "pair", "lenient", "charge", "camel", "send", "number"] {
        if manifest.contains(task) {
            let _ = writeln!(text, "  - {{id: {task}, ref: app.{task}}}");
        }
    }
    text.push_str(manifest);
    let project = Project::new([("concurrency.yaml", text.as_str()), ("app.py", CODE)]);
    let outcome = project.compile();
    let mut shown = String::new();
    if let Some(compiled) = &outcome.compiled {
        for binding in &compiled.bindings {
            let _ = writeln!(shown, "{binding}");
        }
        for plan in &compiled.plans {
            let inputs: Vec<String> =
                plan.inputs.iter().map(|input| format!("{}: {}", input.name, input.ty)).collect();
            let _ = writeln!(shown, "{}({}) -> {}", plan.workflow, inputs.join(", "), plan.output.ty);
        }
    } else {
        let errors = outcome.diagnostics.iter().filter(|found| found.severity.as_str() == "error");
        for found in errors {
            let labels: Vec<String> = found
                .labels
                .iter()
                .map(|label| format!("`{}` {}", outcome.sources.slice(label.span), label.message))
                .collect();
            let _ = writeln!(shown, "{}: {}\n  {}", found.code, found.message, labels.join("\n  "));
        }
    }
    wanted.assert_eq(&shown);
}

#[test]
fn by_type_by_name_and_inferred() {
    check(
        "
workflows:
  - id: main
    input: {amount: decimal}
    steps: [{task: fetch}, {task: charge}]
",
        &expect![[r#"
            main: fetch(user_id) <- input.user_id: string (inferred input)
            main: charge(user) <- fetch: User (by type)
            main: charge(amount) <- input.amount: decimal (by name)
            main(amount: decimal, user_id: string) -> int
        "#]],
    );
}

#[test]
fn two_parameters_or_two_values_of_a_class_do_not_bind_by_type() {
    check(
        "\nworkflows:\n  - id: main\n    steps: [{task: fetch}, {task: pair}]\n",
        &expect![[r#"
        main: fetch(user_id) <- input.user_id: string (inferred input)
        main: pair(payer) <- input.payer: User (inferred input)
        main: pair(payee) <- input.payee: User (inferred input)
        main(payee: User, payer: User, user_id: string) -> null
    "#]],
    );
    check(
        "\nworkflows:\n  - id: main\n    steps: [{task: fetch}, {task: fetch, id: other}, {task: mail}]\n",
        &expect![[r#"
            main: fetch(user_id) <- input.user_id: string (inferred input)
            main: other(user_id) <- input.user_id: string (inferred input)
            main: mail(user) <- input.user: User (inferred input)
            main(user: User, user_id: string) -> null
        "#]],
    );
}

#[test]
fn defaults_and_variadic_parameters_stay_empty() {
    check(
        "\nworkflows:\n  - id: main\n    steps: [{task: fetch}, {task: lenient}]\n",
        &expect![[r#"
        main: fetch(user_id) <- input.user_id: string (inferred input)
        main(user_id: string) -> bool
    "#]],
    );
}

#[test]
fn names_match_after_snake_casing() {
    check(
        "\nworkflows:\n  - id: main\n    input: {user_id: string}\n    steps: [{task: camel}, {task: camel, id: again, with: {userId: a}}]\n",
        &expect![[r#"
            main: camel(userId) <- input.user_id: string (by name)
            main(user_id: string) -> int
        "#]],
    );
}

#[test]
fn near_misses_are_errors() {
    check(
        "\nworkflows:\n  - id: main\n    steps: [{task: find}, {task: mail}]\n",
        &expect![[r#"
        E132: `user` of `mail` is missing
          `mail` nothing visible here is surely what it wants
          `user: User` the parameter wants `User`
          `find` `find` is `User?`
    "#]],
    );
    check(
        "\nworkflows:\n  - id: main\n    steps: [{task: untyped}, {task: mail}]\n",
        &expect![[r#"
        E132: `user` of `mail` is missing
          `mail` nothing visible here is surely what it wants
          `user: User` the parameter wants `User`
          `untyped` `untyped` is `any`
    "#]],
    );
}

#[test]
fn a_condition_narrows_what_binds() {
    check(
        "
workflows:
  - id: main
    steps:
      - task: find
      - task: mail
        when: ${find != null}
      - sequence:
          - task: mail
            id: second
          - task: lenient
            with: {user: '${find}'}
        when: ${find != null && find.email != null}
",
        &expect![[r#"
            main: find(user_id) <- input.user_id: string (inferred input)
            main: mail(user) <- find: User (by type)
            main: second(user) <- find: User (by type)
            main(user_id: string) -> bool?
        "#]],
    );
}

#[test]
fn what_may_be_skipped_or_tolerated_is_nullable_outside() {
    check(
        "
workflows:
  - id: main
    steps:
      - parallel:
          - sequence:
              - task: fetch
              - task: mail
            critical: false
          - task: number
            critical: false
        id: both
    output: '${both}'
",
        &expect![[r#"
            main: fetch(user_id) <- input.user_id: string (inferred input)
            main: mail(user) <- fetch: User (by type)
            main: number(x) <- input.x: int (inferred input)
            main(user_id: string, x: int) -> {number: int?}
        "#]],
    );
    check(
        "
workflows:
  - id: main
    steps:
      - sequence: [{task: fetch}]
        critical: false
      - task: mail
        with: {user: '${fetch}'}
",
        &expect![[r#"
            E131: `user` of `mail` gets the wrong type
              `fetch` the result of `fetch` may be null: its type is `User?`
              `user: User` the parameter wants `User`
              `false` the block is not critical: where it fails, results inside are null
        "#]],
    );
}

#[test]
fn literals_take_the_type_of_the_parameter() {
    check(
        "
workflows:
  - id: main
    input: {user: app.User}
    steps:
      - task: charge
        with: {amount: 5}
      - task: send
        with: {channel: email, tries: 2}
",
        &expect![[r#"
            main: charge(user) <- input.user: User (by name)
            main(user: User) -> list<int>
        "#]],
    );
    check(
        "
workflows:
  - id: main
    steps:
      - task: send
        with: {channel: fax, tries: two}
",
        &expect![[r#"
            E131: `channel` of `send` gets the wrong type
              `fax` expected `Channel`, but this is `string`
              `channel: Channel` the parameter wants `Channel`
            E131: `tries` of `send` gets the wrong type
              `two` expected `float`, but this is `string`
              `tries: float` the parameter wants `float`
        "#]],
    );
}

#[test]
fn sub_workflows_bind_as_tasks_do_and_hand_their_inputs_up() {
    check(
        "
workflows:
  - id: outer
    input: {x: int}
    steps: [{task: fetch}, {workflow: inner}, {workflow: inner, id: again, with: {x: 2}}]
  - id: inner
    input: {x: int, note: {type: string, default: hi}}
    steps: [{task: mail}, {task: number}]
",
        &expect![[r#"
            outer: fetch(user_id) <- input.user_id: string (inferred input)
            outer: inner(x) <- input.x: int (by name)
            outer: inner(user) <- fetch: User (by type)
            outer: again(user) <- fetch: User (by type)
            inner: mail(user) <- input.user: User (inferred input)
            inner: number(x) <- input.x: int (by name)
            outer(x: int, user_id: string) -> int
            inner(x: int, note: string, user: User) -> int
        "#]],
    );
}

#[test]
fn one_mistake_gives_one_error() {
    check(
        "
workflows:
  - id: main
    steps:
      - task: fetsh
      - task: mail
        with: {user: '${fetsh}'}
      - task: lenient
        with: {user: '${fetsh.nothing}'}
    output: '${fetsh}'
",
        &expect![[r#"
            E101: there is no task `fetsh`
              `fetsh` no task has this id
        "#]],
    );
    check(
        "
workflows:
  - id: one
    steps: [{workflow: two}, {task: number}]
  - id: two
    steps: [{workflow: three, id: x}]
    output: '${x.y}'
  - id: three
    steps: [{workflow: one}]
  - id: four
    steps: [{workflow: one}]
    output: '${one}'
",
        &expect![[r#"
            E201: workflows call each other in a cycle: one -> two -> three -> one
              `two` `one` calls `two` here
              `three` `two` calls `three` here
              `one` `three` calls `one` here
        "#]],
    );
}

#[test]
fn a_condition_that_names_a_value_twice_narrows_it_inside_the_step_only() {
    check(
        "
workflows:
  - id: main
    steps:
      - task: find
      - task: mail
        when: ${find != null && find.email != null}
      - task: mail
        id: later
",
        &expect![[r#"
            E132: `user` of `mail` is missing
              `mail` nothing visible here is surely what it wants
              `user: User` the parameter wants `User`
              `find` `find` is `User?`
        "#]],
    );
}

#[test]
fn literals_of_another_type_and_habits_from_elsewhere_get_a_hint() {
    let help = |value: &str| {
        let manifest = format!(
            "
tasks: [{{id: number, ref: app.number}}, {{id: fetch, ref: app.fetch, with: {{user_id: a}}}}]
workflows: [{{id: w, steps: [{{task: fetch}}, {{task: number, with: {{x: {value}}}}}]}}]
"
        );
        let outcome = Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", CODE)]).compile();
        let helps: Vec<String> = outcome
            .diagnostics
            .iter()
            .map(|found| format!("{} {}", found.code, found.help.as_deref().unwrap_or("-")))
            .collect();
        helps.join("\n")
    };
    for (value, wanted) in [
        ("3.5", "E131 write a whole number"),
        ("-1e3", "E131 write a whole number"),
        ("'${3.5}'", "E131 write a whole number"),
        ("'3'", "E131 write it without quotes"),
        ("three", "E131 -"),
        ("'${steps.fetch.output}'", "E140 the id alone is the result of a step: write `${fetch}`"),
        ("'${{ input.x }}'", "E143 write `${input.x}`"),
    ] {
        assert_eq!(help(value), wanted, "{value}");
    }
}

#[test]
fn a_result_that_may_be_null_is_shown_with_the_step_that_may_not_give_one() {
    let said = |more: &str, used: &str| {
        let manifest = format!(
            "tasks: [{{id: find, ref: app.fetch{more}}}, {{id: mail, ref: app.mail}}, {{id: number, ref: app.number}}]\nworkflows: [{{id: w, input: {{go: bool}}, steps: [{{task: find, WHEN}}, {used}]}}]"
        );
        let manifest = if more.is_empty() {
            manifest.replace("WHEN", "when: '${input.go}'")
        } else {
            manifest.replace(", WHEN", "")
        };
        let outcome = Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", CODE)]).compile();
        let found =
            outcome.diagnostics.iter().find(|found| found.severity.as_str() == "error").expect("an error");
        let labels = found.labels.iter().filter(|label| !label.primary);
        let labels = labels.map(|label| format!("{} @ {}", label.message, outcome.sources.slice(label.span)));
        format!("{} {}\n{}", found.code, found.message, labels.collect::<Vec<_>>().join("\n"))
    };
    let tolerated = "`find` is not critical: where it fails its result is null @ false";
    let skipped = "where this does not hold, `find` is skipped and its result is null @ '${input.go}'";
    let by_hand = "{task: mail, with: {user: '${find}'}}";
    let read = "{task: number, with: {x: '${size(find.id)}'}}";
    for used in [by_hand, read] {
        assert!(said(", critical: false", used).contains(tolerated), "{}", said(", critical: false", used));
        assert!(said("", used).contains(skipped), "{}", said("", used));
    }
}

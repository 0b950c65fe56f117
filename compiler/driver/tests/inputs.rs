//! Inputs that the steps ask for, named in expressions: wherever these stand, with the types of those that ask.

use expect_test::{Expect, expect};

use crate::support::Project;

const CODE: &str = "
from dataclasses import dataclass
from decimal import Decimal

@dataclass
class User:
    id: str
    email: str | None

async def fetch(user_id: str) -> User: ...
async def find(user_id: str) -> User | None: ...
async def mail(user: User) -> None: ...
async def pay(user: User) -> str: ...
async def charge(amount: Decimal, note: str = '') -> int: ...
async def count(amount: int) -> int: ...
async def unknown(amount) -> int: ...
async def whose(who: User) -> None: ...
";
const TASKS: [&str; 8] = ["fetch", "find", "mail", "pay", "charge", "count", "unknown", "whose"];

/// The bindings and inputs of each workflow, or every error with the text of its primary label and its help.
fn check(workflows: &str, wanted: &Expect) {
    let tasks: Vec<String> = TASKS
        .into_iter()
        .filter(|task| workflows.contains(&format!("task: {task}")))
        .map(|task| format!("{{id: {task}, ref: app.{task}}}"))
        .collect();
    let manifest = format!("tasks: [{}]\nworkflows:{workflows}", tasks.join(", "));
    let outcome = Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", CODE)]).compile();
    let errors = outcome.diagnostics.iter().filter(|found| found.severity.as_str() == "error").map(|found| {
        let (place, help) = (outcome.sources.slice(found.span()), found.help.as_deref().unwrap_or("-"));
        format!("{}: {} @ `{place}`; {help}\n", found.code, found.message)
    });
    let errors: String = errors.collect();
    let Some(compiled) = &outcome.compiled else { return wanted.assert_eq(&errors) };
    let bindings: String = compiled.bindings.iter().map(|binding| format!("{binding}\n")).collect();
    let plans = compiled.plans.iter().map(|plan| {
        let inputs = plan.inputs.iter().map(|input| format!("{}: {}", input.name, input.ty));
        let inputs: Vec<String> = inputs.collect();
        format!("{}({}) -> {}\n", plan.workflow, inputs.join(", "), plan.output.ty)
    });
    wanted.assert_eq(&(bindings + &plans.collect::<String>()));
}

#[test]
fn an_input_can_be_named_before_and_after_the_step_that_asks_for_it() {
    check(
        "
  - id: main
    steps:
      - task: fetch
        when: ${input.amount > 1000}
      - parallel:
          - task: charge
            with: {note: 'for ${input.user_id}'}
          - task: charge
            id: again
            when: ${input.amount > 2.5 && fetch != null}
    output: {amount: '${input.amount}', user: '${input.user_id}'}
",
        &expect![[r#"
            main: fetch(user_id) <- input.user_id: string (inferred input)
            main: charge(amount) <- input.amount: decimal (inferred input)
            main: again(amount) <- input.amount: decimal (inferred input)
            main(amount: decimal, user_id: string) -> {amount: decimal, user: string}
        "#]],
    );
}

#[test]
fn an_expression_reads_the_type_that_the_step_asks_for() {
    check(
        "\n  - {id: main, steps: [{task: charge, when: '${input.amount}'}]}",
        &expect![[r#"
        E143: expected `bool`, but this is `decimal` @ `input.amount`; -
    "#]],
    );
    check(
        "\n  - {id: main, steps: [{task: unknown, when: '${input.amount}'}, {task: count}]}",
        &expect![[r#"
        E143: expected `bool`, but this is `int` @ `input.amount`; -
    "#]],
    );
    check(
        "\n  - {id: main, steps: [{task: charge}, {task: count, with: {amount: '${input.amount}'}}]}",
        &expect![[r#"
            E131: `amount` of `count` gets the wrong type @ `input.amount`; convert it with `int(...)`, which truncates
        "#]],
    );
}

#[test]
fn an_expression_alone_makes_no_input() {
    check(
        "\n  - {id: main, steps: [{task: charge, when: '${input.amuont > 5}'}]}",
        &expect![[r#"
        E140: the workflow has no input `amuont` @ `amuont`; did you mean `input.amount`?
    "#]],
    );
    check(
        "\n  - {id: main, input: {limit: int}, steps: [{task: charge, when: '${input.limt > input.weight}'}]}",
        &expect![[r#"
            E140: the workflow has no input `limt` @ `limt`; did you mean `input.limit`?
            E140: the workflow has no input `weight` @ `weight`; declare it in the workflow: `input: {weight: string}`
        "#]],
    );
    check(
        "\n  - {id: main, steps: [{task: charge, with: {amount: 5}}], output: '${input.amount}'}",
        &expect![[r#"
            E140: the workflow has no input `amount` @ `amount`; declare it in the workflow: `input: {amount: string}`
        "#]],
    );
    check(
        "\n  - {id: main, steps: [{task: charge}], output: '${input.note}'}",
        &expect![[r#"
        E140: the workflow has no input `note` @ `note`; declare it in the workflow: `input: {note: string}`
    "#]],
    );
    check(
        "\n  - {id: main, steps: [{task: charge}], output: '${amount}'}",
        &expect![[r#"
        E140: `amount` is not known here @ `amount`; inputs are named `input.amount`
    "#]],
    );
}

#[test]
fn naming_an_input_does_not_change_what_binds() {
    check(
        "
  - id: main
    steps:
      - task: mail
        when: ${input.user.email != null}
      - task: fetch
      - task: pay
",
        &expect![[r#"
            main: mail(user) <- input.user: User (inferred input)
            main: fetch(user_id) <- input.user_id: string (inferred input)
            main: pay(user) <- fetch: User (by type)
            main(user: User, user_id: string) -> string
        "#]],
    );
    check(
        "
  - id: main
    steps:
      - task: fetch
      - task: fetch
        id: user
        when: ${input.user_id != fetch.id}
      - task: mail
        with: {user: '${fetch}'}
",
        &expect![[r#"
            main: fetch(user_id) <- input.user_id: string (inferred input)
            main: user(user_id) <- input.user_id: string (inferred input)
            main(user_id: string) -> null
        "#]],
    );
}

#[test]
fn the_inputs_of_a_sub_workflow_can_be_named_above_it() {
    check(
        "
  - id: outer
    steps:
      - task: fetch
        when: ${input.amount > 10}
      - workflow: middle
  - id: middle
    steps: [{workflow: inner}]
    output: '${input.amount}'
  - id: inner
    steps: [{task: charge, when: '${input.amount > 5}'}]
",
        &expect![[r#"
            outer: fetch(user_id) <- input.user_id: string (inferred input)
            outer: middle(amount) <- input.amount: decimal (inferred input)
            middle: inner(amount) <- input.amount: decimal (inferred input)
            inner: charge(amount) <- input.amount: decimal (inferred input)
            outer(amount: decimal, user_id: string) -> decimal
            middle(amount: decimal) -> decimal
            inner(amount: decimal) -> int?
        "#]],
    );
}

#[test]
fn a_condition_on_an_input_narrows_as_others_do() {
    check(
        "
  - id: main
    steps:
      - task: find
      - task: mail
        when: ${find != null && input.amount > 5}
      - task: charge
",
        &expect![[r#"
            main: find(user_id) <- input.user_id: string (inferred input)
            main: mail(user) <- find: User (by type)
            main: charge(amount) <- input.amount: decimal (inferred input)
            main(amount: decimal, user_id: string) -> int
        "#]],
    );
    check(
        "
  - id: main
    steps:
      - task: mail
      - task: find
      - task: pay
        when: ${find == input.user}
",
        &expect![[r#"
            main: mail(user) <- input.user: User (inferred input)
            main: find(user_id) <- input.user_id: string (inferred input)
            main: pay(user) <- find: User (by type)
            main(user: User, user_id: string) -> string?
        "#]],
    );
    check(
        "
  - id: main
    steps:
      - task: find
      - task: mail
        when: ${find != null && input.user != null}
",
        &expect![[r#"
            E140: the workflow has no input `user` @ `user`; declare it in the workflow: `input: {user: string}`
        "#]],
    );
}

/// Only `find` being compared with a `User` makes it a second one, so that `mail` asks for an input.
#[test]
fn what_is_asked_for_because_of_an_expression_must_be_declared() {
    check(
        "
  - id: main
    steps:
      - task: whose
      - task: find
      - task: fetch
      - task: mail
        when: ${find == input.who}
    output: '${input.user.id}'
",
        &expect![[r#"
            E140: the workflow has no input `user` @ `user`; declare it in the workflow: `input: {user: string}`
        "#]],
    );
}

#[test]
fn one_mistake_gives_one_error() {
    check(
        "\n  - {id: main, steps: [{task: charg}], output: '${input.amount}'}",
        &expect![[r#"
        E101: there is no task `charg` @ `charg`; no task is defined
    "#]],
    );
    check(
        "\n  - {id: main, steps: [{workflow: nothing}], output: '${input.amount}'}",
        &expect![[r#"
        E102: there is no workflow `nothing` @ `nothing`; the workflows are `main`
    "#]],
    );
    check(
        "
  - {id: main, steps: [{task: charge}, {task: count, when: '${input.amount > 2.5}'}], output: '${input.amount + 2.5}'}
",
        &expect![[r#"
            E134: the inferred input `amount` would have two types @ `count`; say what `amount` gets here: `with: {amount: ${...}}`
        "#]],
    );
    check(
        "
  - {id: main, steps: [{task: count}, {task: charge}], output: '${input.amount + 2.5}'}
  - {id: above, steps: [{workflow: main}], output: '${input.nothing}'}
",
        &expect![[r#"
            E134: the inferred input `amount` would have two types @ `charge`; say what `amount` gets here: `with: {amount: ${...}}`
        "#]],
    );
    check(
        "\n  - {id: main, steps: [{task: find}, {task: mail}], output: '${input.user.id}'}",
        &expect![[r#"
        E132: `user` of `mail` is missing @ `mail`; give the step `when: ${find != null}`; or declare the input `user`
    "#]],
    );
    check(
        "\n  - {id: main, steps: [{task: find}, {task: mail, when: '${find != null && input.nope}'}]}",
        &expect![[r#"
            E140: the workflow has no input `nope` @ `nope`; declare it in the workflow: `input: {nope: string}`
        "#]],
    );
    check(
        "
  - {id: main, steps: [{task: fetch, policy: nowhere, when: '${input.user_id + 5}'}]}
  - {id: again, steps: [{workflow: main, with: {nobody: 5}, when: '${input.user_id}'}]}
",
        &expect![[r#"
            E110: the policy `nowhere` is not defined @ `nowhere`; -
            E143: `+` does not take `string` and `int` @ `input.user_id + 5`; convert the other one with `string(...)`, or write `...${a}...${b}`
            E130: `main` has no input `nobody` @ `nobody`; remove it, or declare it in the workflow's `input`
            E143: expected `bool`, but this is `string` @ `input.user_id`; -
        "#]],
    );
    check(
        "\n  - {id: main, input: {amount: nothing}, steps: [{task: charge}], output: '${input.user}'}",
        &expect![[r#"
            E150: there is no type `nothing` @ `nothing`; write its module before it, as in `shop.models.User`
            E140: the workflow has no input `user` @ `user`; declare it in the workflow: `input: {user: string}`
        "#]],
    );
}

//! Names out of their place, and words of other languages: what is said of them.

use expect_test::{Expect, expect};

use crate::support::Project;

const CODE: &str = "
from dataclasses import dataclass

@dataclass
class Item:
    name: str
    price: int

async def number(n: int = 0) -> int: ...
async def take(n: int) -> int: ...
async def items() -> list[Item]: ...
async def undo(s: str) -> None: ...
";

/// The findings of steps: code, message and help, each once.
fn check(steps: &str, wanted: &Expect) {
    let manifest = format!(
        "
tasks:
  - {{id: number, ref: app.number}}
  - {{id: take, ref: app.take}}
  - {{id: items, ref: app.items}}
  - {{id: pay, ref: app.take, compensate: {{task: undo, with: {{s: '${{m}}'}}}}}}
  - {{id: undo, ref: app.undo}}
workflows: [{{id: w, steps: [{steps}]}}]
"
    );
    let project = Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", CODE)]);
    let outcome = project.compile();
    let errors = outcome.diagnostics.iter().filter(|found| found.code.0.starts_with('E'));
    let told = errors.map(|found| {
        format!("{}: {}\n    {}\n", found.code, found.message, found.help.as_deref().unwrap_or("-"))
    });
    wanted.assert_eq(&told.collect::<String>());
}

#[test]
fn variables_outside_of_their_block() {
    check(
        "{map: {over: [1], as: x, steps: [{task: take, with: {n: '${x}'}}]}},
         {try: [{task: number}], catch: [{steps: [{fail: {type: A}}]}]},
         {set: {a: '${x}', b: '${error.message}'}}",
        &expect![[r#"
            E140: `x` is not known here
                use it there, or the result of the block after it
            E140: `error` is not known here
                use it there, or the result of the block after it
        "#]],
    );
}

#[test]
fn steps_that_have_not_run() {
    check(
        "{loop: {while: '${number < 3}', max_iterations: 3, steps: [{task: number}]}},
         {set: {a: '${b}', b: '${b + 1}'}},
         {set: {b: 2}}",
        &expect![[r#"
            E141: `number` is inside this step, and has not run yet
                name a step that ran before; of a `loop`, `until` sees the steps inside, and its own id is what came before
            E141: `b` has not been set yet
                each value of a `set` sees those before it; what counts up is the result of a `loop`
            E141: `b` has not been set yet
                each value of a `set` sees those before it; what counts up is the result of a `loop`
            E104: two steps of this workflow have the id `b`
                -
        "#]],
    );
}

#[test]
fn what_undoes_a_call_sees_its_arguments() {
    check(
        "{task: pay, with: {n: 1}}",
        &expect![[r#"
        E141: `m` cannot be seen here
            what undoes or replaces a call sees the arguments of that call by their names: `n` and `result`
    "#]],
    );
}

#[test]
fn words_of_other_languages() {
    check(
        "{if: '${true}'}, {for_each: {}}, {switch: [{else: [{task: number}]}]}",
        &expect![[r#"
        E060: there is no kind of step `if`
            `switch` chooses between steps; `when` on a step says whether it runs
        E060: there is no kind of step `for_each`
            `map` does steps for each item of a list
        E050: a case has no key `else`
            -
    "#]],
    );
}

#[test]
fn a_letter_that_no_name_has_is_no_open_brace() {
    check(
        "{task: undo, with: {s: 'Zürich ${input.名 + \"北京\"} 🎉'}}",
        &expect![[r#"
        E143: `名` has no place in an expression
            -
    "#]],
    );
}

#[test]
fn names_that_a_macro_binds_are_no_steps() {
    check(
        "{task: items},
         {task: number, id: i},
         {task: take, when: '${items.exists(i, i.price > 10) && i > 3}', with: {n: '${items.map(x, x.price)[0]}'}},
         {map: {over: '${items.filter(it, it.price > 0)}', as: it, steps: [
           {task: take, id: t, with: {n: '${items.filter(it, it.price > 3).size() + it.price}'}}]}},
         {graph: [{task: take, id: b, with: {n: '${items.map(a, a.price)[0]}'}}, {task: number, id: a, needs: b}]}",
        &expect![[""]],
    );
}

#[test]
fn null_is_a_word_where_it_may_stand() {
    check("{wait_for: {id: s, signal: go, timeout: 1s, on_timeout: null}}", &expect![[""]]);
    check(
        "{wait_for: {id: s, signal: go, timeout: 1s, on_timeout: }}",
        &expect![[r#"
        E052: expected one of `fail`, `null`, found nothing
            -
    "#]],
    );
}

#[test]
fn many_and_deep_steps() {
    let branches: Vec<String> =
        (0..500).map(|at| format!("{{task: take, id: b{at}, with: {{n: {at}}}}}")).collect();
    check(
        &format!("{{parallel: [{}]}}, {{task: take, with: {{n: '${{b0 + b499}}'}}}}", branches.join(", ")),
        &expect![[""]],
    );
    let chain: Vec<String> =
        (0..500).map(|at| format!("{{task: number, id: g{at}, needs: g{}}}", at + 1)).collect();
    check(&format!("{{graph: [{}, {{task: number, id: g500}}]}}", chain.join(", ")), &expect![[""]]);
    let deep = format!("{}{{task: number}}{}", "{sequence: [".repeat(55), "]}".repeat(55));
    check(&deep, &expect![[""]]);
}

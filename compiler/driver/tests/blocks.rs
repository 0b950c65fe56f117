//! What each block leaves visible and of which type, and what is said of names that cannot be seen.

use std::fmt::Write as _;

use crate::support::Project;
use conductor_protocol::plan::{Plan, Step};
use conductor_source::Severity;
use expect_test::{Expect, expect};

const CODE: &str = r"
from dataclasses import dataclass


@dataclass
class User:
    id: str


async def user(user_id: str) -> User: ...
async def number(x: int) -> int: ...
async def text(x: int) -> str: ...
async def mail(user: User) -> None: ...
async def undo(result: int, x: int) -> None: ...
async def undo_user(user: User) -> None: ...
async def query(db: object, x: int) -> int: ...
";

const HEAD: &str = "
tasks:
  - {id: user, ref: app.user, effect: read}
  - {id: number, ref: app.number, effect: read}
  - {id: text, ref: app.text, effect: read}
  - {id: mail, ref: app.mail}
  - {id: query, ref: app.query, effect: read}
resources:
  - {id: db, kind: postgres, url: 'postgres://localhost/x', pool: {max: 2}}
  - {id: lock, kind: semaphore, max_concurrency: 1}
workflows:
  - id: main
    input: {n: int, ns: list<int>}
    steps:
";

/// The errors, or the steps with their types and needs.
fn check(steps: &str, wanted: &Expect) {
    let manifest = format!("{HEAD}{steps}");
    let project = Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", CODE)]);
    let outcome = project.compile();
    let mut shown = String::new();
    for found in outcome.diagnostics.iter().filter(|found| found.severity == Severity::Error) {
        let labels = found.labels.iter().map(|label| format!("`{}`", outcome.sources.slice(label.span)));
        let _ =
            writeln!(shown, "{}: {} @ {}", found.code, found.message, labels.collect::<Vec<_>>().join(", "));
    }
    for plan in outcome.compiled.iter().flat_map(|compiled| &compiled.plans) {
        plan.steps.iter().for_each(|step| show(step, 0, &mut shown));
        let _ = writeln!(shown, "-> {}", output(plan));
    }
    wanted.assert_eq(&shown);
}

fn show(step: &Step, depth: usize, shown: &mut String) {
    let needs =
        if step.needs.is_empty() { String::new() } else { format!(" needs {}", step.needs.join(", ")) };
    let _ = writeln!(shown, "{}{}: {}{needs}", "  ".repeat(depth), step.id, step.ty);
    step.children().for_each(|child| show(child, depth + 1, shown));
}

fn output(plan: &Plan) -> String {
    plan.output.ty.to_string()
}

#[test]
fn cases_of_a_switch_merge_their_ids() {
    check(
        "
      - switch:
          - when: ${input.n > 1}
            steps:
              - {task: number, id: found, with: {x: 1}}
          - default:
              - {task: text, id: found, with: {x: 1}}
      - {task: number, with: {x: \"${type_of(found)}\"}}
",
        &expect![[r#"
            E143: there is no function `type_of` @ `type_of`
        "#]],
    );
    check(
        "
      - switch:
          - when: ${input.n > 1}
            steps: [{task: number, id: found, with: {x: 1}}]
          - when: ${input.n < 0}
            steps: [{fail: {type: Negative}}]
          - default: [{task: text, id: found, with: {x: 1}}]
      - set: {kept: '${found}'}
",
        &expect![[r"
            switch_1: int | string
              found: int
              fail_1: null
              found: string
            set_1: {kept: int | string}
            -> {kept: int | string}
        "]],
    );
    check(
        "
      - switch:
          - when: ${input.n > 1}
            steps: [{task: number, id: found, with: {x: 1}}]
      - {task: number, id: next, with: {x: '${found}'}}
",
        &expect![[r"
            E131: `x` of `number` gets the wrong type @ `found`, `x: int`
        "]],
    );
}

#[test]
fn cases_do_not_see_each_other() {
    check(
        "
      - switch:
          - when: ${input.n > 1}
            steps: [{task: number, id: one, with: {x: 1}}]
          - default: [{task: number, id: two, with: {x: '${one}'}}]
",
        &expect![[r"
            E142: `one` does not run where this step does @ `one`, `one`
        "]],
    );
}

#[test]
fn what_was_tried_may_be_missing() {
    check(
        "
      - try: [{task: number, with: {x: 1}}]
        catch: [{steps: [{task: text, with: {x: '${number}'}}]}]
",
        &expect![[r#"
            E131: `x` of `text` gets the wrong type @ `number`, `x: int`
        "#]],
    );
    check(
        "
      - try: [{task: number, with: {x: 1}}]
        catch:
          - {errors: [KeyError], as: why, steps: [{set: {text_of: '${why.message}'}}]}
          - {steps: [{set: {text_of: '${error.type}'}}]}
        finally: [{task: text, with: {x: 2}}]
      - set: {kept: '${text_of}', last: '${text}', first: '${number}'}
",
        &expect![[r"
            try_1: int | {text_of: string}
              number: int
              set_1: {text_of: string}
              set_2: {text_of: string}
              text: string
            set_3: {first: int?, kept: string?, last: string}
            -> {first: int?, kept: string?, last: string}
        "]],
    );
    check(
        "
      - try: [{task: number, with: {x: 1}}]
        finally: [{task: text, with: {x: 2}}]
      - {task: text, id: after, with: {x: '${number}'}}
",
        &expect![[r"
            try_1: int
              number: int
              text: string
            after: string
            -> string
        "]],
    );
}

#[test]
fn maps_loops_and_races_hide_their_steps() {
    check(
        "
      - map: {over: '${input.ns}', as: each, steps: [{task: number, with: {x: '${each}'}}]}
      - {task: text, with: {x: '${number}'}}
      - {task: text, id: again, with: {x: '${each}'}}
",
        &expect![[r#"
            E141: `number` cannot be seen from outside of its block @ `number`, `number`
            E140: `each` is not known here @ `each`, `each`
        "#]],
    );
    check(
        "
      - map: {id: all, over: '${input.ns}', as: x, steps: [{task: number}, {task: text, with: {x: '${number}'}}]}
      - race: [{task: number, id: one, with: {x: 1}}, {task: text, id: other, with: {x: 1}}]
        id: first
      - set: {a: '${all}', b: '${first}'}
",
        &expect![[r"
            all: list<string>
              number: int
              text: string
            first: int | string
              one: int
              other: string
            set_1: {a: list<string>, b: int | string}
            -> {a: list<string>, b: int | string}
        "]],
    );
}

#[test]
fn a_loop_knows_its_last_iteration() {
    check(
        "
      - loop:
          id: count
          until: ${count > 3}
          max_iterations: 5
          steps:
            - set: {next: '${count == null ? 0 : count + 1}'}
            - {task: number, with: {x: '${next}'}}
",
        &expect![[r"
            count: int
              set_1: {next: int}
              number: int
            -> int
        "]],
    );
    check(
        "
      - loop:
          id: count
          while: ${count == null || count < 3}
          max_iterations: 5
          steps: [{task: number, with: {x: 1}}]
",
        &expect![[r"
            count: int?
              number: int
            -> int?
        "]],
    );
}

#[test]
fn a_loop_that_ended_has_what_it_waited_for() {
    let found = |rest: &str| {
        format!(
            "
      - loop:
          id: found
          until: ${{maybe != null && maybe > 2}}
          max_iterations: 5{rest}
          steps: [{{task: number, id: maybe, when: '${{input.n > 1}}', with: {{x: 1}}}}]
      - {{task: text, with: {{x: '${{found}}'}}}}
"
        )
    };
    check(
        &found(""),
        &expect![[r#"
        found: int
          maybe: int?
        text: string
        -> string
    "#]],
    );
    check(
        &found("\n          on_exhausted: continue"),
        &expect![[r#"
        E131: `x` of `text` gets the wrong type @ `found`, `x: int`
    "#]],
    );
}

#[test]
fn a_graph_follows_its_data() {
    check(
        "
      - graph:
          - {task: mail}
          - {task: text, with: {x: '${number}'}}
          - {task: user, with: {user_id: a}}
          - {task: number, with: {x: 1}, needs: [user]}
",
        &expect![[r"
            graph_1: {mail: null, number: int, text: string, user: User}
              mail: null needs user
              text: string needs number
              user: User
              number: int needs user
            -> {mail: null, number: int, text: string, user: User}
        "]],
    );
    check(
        "
      - graph:
          - {task: number, with: {x: 1}, needs: [missing]}
          - {task: text, with: {x: 2}, needs: [text]}
      - {task: user, with: {user_id: a}, needs: [number]}
",
        &expect![[r#"
            E107: no step of this graph is called `missing` @ `missing`
            E202: steps of this graph wait for each other: text -> text @ `text`
            E107: only a step of a `graph` has `needs` @ `number`, `task`
        "#]],
    );
}

#[test]
fn keys_that_belong_elsewhere() {
    check(
        "
      - map: {over: '${input.ns}', as: x, steps: [{task: number}]}
        id: all
      - sleep: 5s
        critical: false
      - loop: {until: true, steps: [{task: number, with: {x: 1}}]}
      - wait_for: {signal: go, whn: true}
      - switch: [{default: [{sleep: 1s}]}, {when: true, steps: [{sleep: 1s}]}]
      - try: [{sleep: 1s}]
      - loop: {until: true, while: true, max_iterations: 1, steps: [{sleep: 1s}]}
      - set: {}
",
        &expect![[r"
            E065: `id` of a `map` step stands inside `map` @ `id`, `map`
            E065: a `sleep` step takes no `critical` @ `critical`, `sleep`
            E053: a loop needs `max_iterations` @ `loop`
            E050: a `wait_for` step has no key `whn` @ `whn`
            E060: `default` is the last case of a `switch` @ `default`
            E053: a `try` needs `catch` or `finally` @ `try`
            E058: a loop has `while` or `until`, not both @ `while`, `until`
            E061: `set` sets nothing @ `set`
        "]],
    );
}

#[test]
fn resources_are_handed_to_parameters() {
    check(
        "
      - hold: {resource: db, steps: [{task: query, with: {x: 1}}]}
      - hold: {resource: dc, steps: [{sleep: 1s}]}
",
        &expect![[r"
            E105: there is no resource `dc` @ `dc`
        "]],
    );
    check(
        "
      - hold: {resource: db, steps: [{task: query, with: {x: 1}}]}
",
        &expect![[r"
            hold_1: int
              query: int
            -> int
        "]],
    );
}

#[test]
fn what_undoes_a_task_gets_its_arguments() {
    let manifest = |compensate: &str| {
        format!(
            "
tasks:
  - {{id: charge, ref: app.number, compensate: {compensate}}}
  - {{id: undo, ref: app.undo}}
  - {{id: undo_user, ref: app.undo_user}}
  - {{id: undo_number, ref: app.number}}
workflows:
  - id: main
    steps: [{{task: charge, with: {{x: 1}}}}]
"
        )
    };
    let errors = |compensate: &str| {
        let manifest = manifest(compensate);
        let project = Project::new([("concurrency.yaml", manifest.as_str()), ("app.py", CODE)]);
        let outcome = project.compile();
        let errors = outcome.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        errors.map(|found| format!("{}: {}", found.code, found.message)).collect::<Vec<_>>()
    };
    assert_eq!(errors("undo"), Vec::<String>::new());
    assert_eq!(errors("undo_user"), ["E137: `user` of `undo_user` has no value here"]);
    assert_eq!(errors("{task: undo_number, with: {x: '${result + x}'}}"), Vec::<String>::new());
    assert_eq!(errors("{task: undo_number, with: {x: '${run.id}'}}").len(), 1);
    assert_eq!(errors("nothing"), ["E101: there is no task `nothing`"]);
}

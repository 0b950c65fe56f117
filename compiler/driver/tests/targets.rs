//! Where code is generated: one folder a language, which languages there are, and where Go can stand.

use crate::support::Project;

const PYTHON: (&str, &str) =
    ("hello.py", "async def greet(name: str) -> str:\n    return f\"Hello, {name}!\"\n");
const TYPESCRIPT: (&str, &str) =
    ("loud.ts", "export function shout(text: string): string {\n  return text.toUpperCase();\n}\n");
const GO: (&str, &str) = (
    "shop/shop.go",
    "package shop\n\nimport \"context\"\n\nfunc Charge(ctx context.Context, amount int) (int, error) {\n\treturn amount, nil\n}\n",
);
const MODULE: (&str, &str) = ("go.mod", "module example.com/app\n\ngo 1.24\n");
const TASKS: &str = "tasks:
  - {id: greet, ref: py:hello.greet}
  - {id: shout, ref: ts:loud.shout}
  - {id: charge, ref: go:example.com/app/shop.Charge}
";

fn project(manifest: &str, more: &[(&str, &str)]) -> Project {
    let all = [("concurrency.yaml", manifest), PYTHON, TYPESCRIPT, GO];
    Project::new(all.into_iter().chain(more.iter().copied()))
}

fn languages(project: &Project) -> Vec<String> {
    let compiled = project.compile().compiled.unwrap_or_else(|| panic!("{}", project.check()));
    compiled.plans.iter().map(|plan| format!("{}: {}", plan.workflow, plan.language.as_str())).collect()
}

fn outs(project: &Project) -> Vec<String> {
    project.compile().compiled.unwrap_or_else(|| panic!("{}", project.check())).outs
}

/// What a build would say.
fn build(project: &Project) -> String {
    project.shown(&project.compile().for_build())
}

#[test]
fn a_language_whose_functions_are_called_has_a_folder() {
    let manifest = format!(
        "{TASKS}workflows:\n  - {{id: order, target: python, steps: [task: greet, task: shout, task: charge]}}\n"
    );
    assert_eq!(outs(&project(&manifest, &[MODULE])), ["conductor_gen", "conductorgen"]);
    let alone = format!("{TASKS}workflows:\n  - {{id: order, steps: [task: greet]}}\n");
    assert_eq!(outs(&project(&alone, &[MODULE])), ["conductor_gen"]);
    let placed = format!(
        "targets:\n  - {{language: go, root: shop}}\n  - {{language: typescript, out: web/gen}}\n{manifest}"
    );
    assert_eq!(
        outs(&project(&placed, &[MODULE])),
        ["conductor_gen", "shop/conductorgen", "web/gen"],
        "`out` defaults to a folder below the root"
    );
}

#[test]
fn workflows_without_functions_run_where_their_callers_do() {
    let manifest = format!(
        "{TASKS}workflows:
  - {{id: outer, steps: [workflow: middle]}}
  - {{id: middle, steps: [workflow: inner, sleep: 1s]}}
  - {{id: inner, steps: [task: charge]}}
  - {{id: alone, steps: [sleep: 1s]}}
  - {{id: caller, steps: [task: shout, {{workflow: called}}]}}
  - {{id: called, steps: [sleep: 1s]}}
"
    );
    let found = languages(&project(&manifest, &[MODULE]));
    assert_eq!(
        found,
        ["outer: go", "middle: go", "inner: go", "alone: python", "caller: typescript", "called: typescript"]
    );
}

#[test]
fn the_only_target_runs_what_calls_functions_in_several_languages() {
    let workflows = "workflows:\n  - {id: order, steps: [task: greet, task: charge]}\n  - {id: alone, steps: [task: greet]}\n";
    let with = |targets: &str| project(&format!("{targets}{TASKS}{workflows}"), &[MODULE]);
    assert_eq!(languages(&with("targets: [{language: go}]\n")), ["order: go", "alone: python"]);
    assert!(with("targets: [{language: go}, {language: python}]\n").check().contains("error[E128]"));
}

#[test]
fn classes_of_two_languages_are_told_apart_by_their_modules() {
    let manifest = "tasks:
  - {id: load, ref: py:people.load}
  - {id: greet, ref: ts:greet.greet}
workflows:
  - {id: hello, target: python, steps: [task: load, {task: greet, with: {user: \"${load}\"}}]}
";
    let people = "from dataclasses import dataclass\n\n\n@dataclass\nclass User:\n    id: str\n\n\nasync def load(id: str) -> User:\n    return User(id)\n";
    let greet = "export interface User {\n  userId: string;\n}\nexport function greet(user: User): string {\n  return user.userId;\n}\n";
    let said = project(manifest, &[("people.py", people), ("greet.ts", greet)]).check();
    assert!(said.contains("but this is `people.User`") && said.contains("greet.User"), "{said}");
    assert!(said.contains("has no `userId`"), "{said}");
}

#[test]
fn go_needs_a_module_that_may_import_what_it_calls() {
    let manifest =
        "tasks:\n  - {id: charge, ref: go:shop.Charge}\nworkflows:\n  - {id: order, steps: [task: charge]}\n";
    let said = build(&project(manifest, &[]));
    assert!(said.contains("error[E163]: there is no `go.mod` above `conductorgen`"), "{said}");
    assert!(!project(manifest, &[]).check().contains("error"), "`check` demands no code");

    let hidden = "tasks:\n  - {id: pay, ref: go:example.com/app/shop/internal/pay.Pay}\nworkflows:\n  - {id: order, steps: [task: pay]}\n";
    let pay = (
        "shop/internal/pay/pay.go",
        "package pay\n\nfunc Pay(amount int) (int, error) {\n\treturn amount, nil\n}\n",
    );
    let said = build(&project(hidden, &[MODULE, pay]));
    assert!(said.contains("may not import `example.com/app/shop/internal/pay`"), "{said}");
    let inside = format!("targets:\n  - {{language: go, out: shop/conductorgen}}\n{hidden}");
    assert!(!build(&project(&inside, &[MODULE, pay])).contains("E163"));
}

#[test]
fn a_cycle_is_told_by_its_shortest_way() {
    let manifest = "tasks:\n  - {id: charge, ref: go:example.com/app/shop.Charge}\nworkflows:\n  - {id: order, steps: [task: charge]}\n";
    let shop = ("shop/more.go", "package shop\n\nimport (\n\t_ \"example.com/app/a\"\n\t_ \"fmt\"\n)\n");
    let a = ("a/a.go", "package a\n\nimport g \"example.com/app/conductorgen\"\n\nvar X = g.Y\n");
    let said = build(&project(manifest, &[MODULE, shop, a]));
    let way = "`example.com/app/shop` imports `example.com/app/a` imports `example.com/app/conductorgen`";
    assert!(said.contains(way), "{said}");
    let test = ("a/a.go", "package a\n");
    let only_tests = ("shop/shop_test.go", "package shop\n\nimport _ \"example.com/app/conductorgen\"\n");
    assert!(!build(&project(manifest, &[MODULE, shop, test, only_tests])).contains("E163"));
}

#[test]
fn no_output_holds_another_or_its_sources() {
    let manifest = |targets: &str| {
        format!(
            "targets:\n{targets}{TASKS}workflows:\n  - {{id: order, target: python, steps: [task: greet, task: shout]}}\n"
        )
    };
    let nested = manifest("  - {language: python, out: gen}\n  - {language: typescript, out: gen/web}\n");
    let said = build(&project(&nested, &[MODULE]));
    assert!(said.contains("error[E126]: `gen`") && said.contains("generated code of TypeScript"), "{said}");
    let sources = manifest("  - {language: python, out: web}\n  - {language: typescript, root: web/src}\n")
        .replace("ts:loud.shout", "ts:loud2.shout");
    let said = build(&project(&sources, &[MODULE, ("web/src/loud2.ts", TYPESCRIPT.1)]));
    assert!(said.contains("error[E126]: `web`") && said.contains("sources of TypeScript"), "{said}");
    let shared = manifest("  - {language: python, out: gen}\n  - {language: typescript, out: gen}\n");
    assert!(!build(&project(&shared, &[MODULE])).contains("E126"), "two languages may share a folder");
}

#[test]
fn errors_of_go_that_are_values_are_known_by_what_policies_and_catches_name() {
    let manifest = "tasks:
  - {id: charge, ref: go:example.com/app/shop.Charge}
  - {id: refund, ref: go:example.com/app/refunds.Refund, policy: {retries: 1, abort_on: [refunds.ErrLate, ErrText]}}
policies:
  - {id: again, retries: 2, retry_on: [ErrDeclined, sql.ErrNoRows, io.EOF, ErrMine, hidden, ErrAlias]}
workflows:
  - id: order
    steps:
      - {task: charge, policy: again}
      - try: [task: refund]
        catch: [{errors: [example.com/app/shop.ErrMade, other.ErrDeclined, ErrFar], steps: [sleep: 1s]}]
";
    let shop = "package shop

import (
	\"database/sql\"
	fail \"errors\"

	\"example.com/app/refunds\"
)

var (
	ErrDeclined, ErrUnnamed = fail.New(\"declined\"), fail.New(\"x\")
	ErrMine error
	ErrMade = make_(\"made\")
	ErrText = \"text\"
	ErrAlias = refunds.ErrLate
	hidden = fail.New(\"hidden\")
	_ = sql.ErrNoRows
)

func make_(text string) error { return fail.New(text) }
";
    let refunds = "package refunds

type Late struct{ base }

type base struct{}

func (*base) Error() string { return \"late\" }

type Text struct{}

var (
	ErrLate = &Late{}
	ErrText = Text{}
	ErrFar  = ErrNear
	ErrNear = ErrFar
)

func Refund(id string) error { return ErrLate }
";
    let files = [MODULE, ("shop/errors.go", shop), ("refunds/refunds.go", refunds)];
    let project = project(manifest, &files);
    let compiled = project.compile().compiled.unwrap_or_else(|| panic!("{}", project.check()));
    let written = &compiled.outputs["conductorgen/errors.go"];
    let known: Vec<&str> =
        written.lines().filter_map(|line| line.trim().strip_prefix("runtime.Sentinel(")).collect();
    assert_eq!(
        known,
        [
            "\"database/sql.ErrNoRows\", sql.ErrNoRows)",
            "\"example.com/app/refunds.ErrLate\", refunds.ErrLate)",
            "\"example.com/app/shop.ErrAlias\", shop.ErrAlias)",
            "\"example.com/app/shop.ErrDeclined\", shop.ErrDeclined)",
            "\"example.com/app/shop.ErrMade\", shop.ErrMade)",
            "\"example.com/app/shop.ErrMine\", shop.ErrMine)",
        ]
    );
}

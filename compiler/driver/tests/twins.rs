//! The same manifest in YAML and in HCL: byte-identical Plans, the same files but for their first line.

use conductor_driver::{Syntax, convert};

use crate::support::Project;

const CODE: (&str, &str) = (
    "m.py",
    "
from dataclasses import dataclass
from decimal import Decimal


@dataclass
class User:
    id: str
    email: str | None


async def fetch(user_id: str) -> User: ...
async def mail(user: User, subject: str = \"\", copies: list[int] | None = None) -> None: ...
def charge(user: User, amount: Decimal, *, idempotency_key: str) -> str: ...
async def plain(text: str) -> str: ...
async def note(data: dict[str, int]) -> int: ...
",
);

/// Both manifests compile, to the same Plans.
pub fn assert_twins(hcl_text: &str, yaml_text: &str, code: &[(&'static str, &'static str)]) {
    let compiled = |name, text| {
        let project = Project::new([(name, text)].into_iter().chain(code.iter().copied()));
        let outcome = project.compile();
        let codes: Vec<_> =
            outcome.diagnostics.iter().map(|found| (found.code, found.message.clone())).collect();
        (codes, outcome.compiled.unwrap_or_else(|| panic!("{}", project.check())))
    };
    let (hcl_found, hcl) = compiled("concurrency.hcl", hcl_text);
    let (yaml_found, yaml) = compiled("concurrency.yaml", yaml_text);
    assert_converts("concurrency.hcl", hcl_text, code);
    assert_converts("concurrency.yaml", yaml_text, code);
    let json = |plans| serde_json::to_string(plans).expect("a Plan is JSON");
    assert_eq!(json(&hcl.plans), json(&yaml.plans));
    assert_eq!(hcl.lock, yaml.lock);
    assert_eq!(hcl.outputs.len(), yaml.outputs.len());
    for (path, text) in &hcl.outputs {
        // The first line says which manifest made the file.
        let renamed = text.replacen("from concurrency.hcl", "from concurrency.yaml", 1);
        assert_eq!(Some(&renamed), yaml.outputs.get(path), "{path}");
    }
    let (mut hcl_found, mut yaml_found) = (hcl_found, yaml_found);
    hcl_found.sort();
    yaml_found.sort();
    assert_eq!(hcl_found, yaml_found);
}

/// The manifest in the other syntax, and that one converted back, compile to the same Plans as the manifest.
fn assert_converts(name: &'static str, text: &str, code: &[(&'static str, &'static str)]) {
    let plans = |name, text: &str| {
        let project = Project::new([(name, text)].into_iter().chain(code.iter().copied()));
        let compiled = project.compile().compiled.unwrap_or_else(|| panic!("{text}\n{}", project.check()));
        serde_json::to_string(&compiled.plans).expect("a Plan is JSON")
    };
    let (other, target) = match Syntax::of(name) {
        Syntax::Yaml => ("concurrency.hcl", Syntax::Hcl),
        Syntax::Hcl => ("concurrency.yaml", Syntax::Yaml),
    };
    let converted = convert(name, text.as_bytes(), target).text.expect("it can be converted");
    let back = convert(other, converted.as_bytes(), Syntax::of(name)).text.expect("it can be converted back");
    let before = plans(name, text);
    assert_eq!(before, plans(other, &converted), "{converted}");
    assert_eq!(before, plans(name, &back), "{back}");
}

fn twins(hcl: &str, yaml: &str) {
    assert_twins(hcl, yaml, &[CODE]);
}

#[test]
fn a_call() {
    twins(
        "task \"fetch\" {\n  ref = \"m.fetch\"\n}\nworkflow \"w\" {\n  task \"fetch\" {}\n}\n",
        "tasks: [{id: fetch, ref: m.fetch}]\nworkflows: [{id: w, steps: [{task: fetch}]}]",
    );
}

#[test]
fn policies_named_and_in_place() {
    twins(
        r#"
task "fetch" {
  ref    = "m.fetch"
  effect = "read"
  policy = "patient"
}
task "mail" {
  ref      = "m.mail"
  in_doubt = "fail"
  policy {
    retries    = "forever"
    timeout_ms = 500
    retry_on   = ["OSError", 503]
  }
}
policy "patient" {
  retries    = 3
  strategy   = "linear"
  multiplier = 1.5
  deadline   = "1m"
}
workflow "w" {
  task "fetch" { policy = { retries = 1 } }
  task "mail" {}
}
"#,
        r#"
tasks:
  - {id: fetch, ref: m.fetch, effect: read, policy: patient}
  - {id: mail, ref: m.mail, in_doubt: fail, policy: {retries: forever, timeout_ms: 500, retry_on: [OSError, 503]}}
policies:
  - {id: patient, retries: 3, strategy: linear, multiplier: 1.5, deadline: 1m}
workflows:
  - {id: w, steps: [{task: fetch, policy: {retries: 1}}, {task: mail}]}
"#,
    );
}

#[test]
fn blocks_in_blocks() {
    twins(
        r#"
task "fetch" { ref = "m.fetch" }
task "mail" { ref = "m.mail" }
workflow "w" {
  deadline = "5m"
  task "fetch" {}
  parallel "all" {
    on_failure      = "wait"
    max_concurrency = 2
    deadline        = "30s"
    task "mail" "first" {}
    sequence {
      critical = false
      task "mail" "second" {}
      task "mail" "third" {}
    }
  }
}
"#,
        r#"
tasks: [{id: fetch, ref: m.fetch}, {id: mail, ref: m.mail}]
workflows:
  - id: w
    deadline: 5m
    steps:
      - task: fetch
      - parallel:
          - {task: mail, id: first}
          - sequence: [{task: mail, id: second}, {task: mail, id: third}]
            critical: false
        id: all
        on_failure: wait
        max_concurrency: 2
        deadline: 30s
"#,
    );
}

#[test]
fn inputs_and_output() {
    twins(
        r#"
task "charge" { ref = "m.charge" }
task "fetch" { ref = "m.fetch" }
workflow "w" {
  entrypoint = true
  input {
    amount = "decimal"
    names  = "list<string>?"
    shape  = { a = "int", b = "map<string, int>" }
    limit  = { type = "int", default = 10 }
  }
  task "fetch" {}
  task "charge" {}
  output = {
    id  = "${fetch.id}"
    all = ["${charge}", 1, null]
  }
}
"#,
        r#"
tasks: [{id: charge, ref: m.charge}, {id: fetch, ref: m.fetch}]
workflows:
  - id: w
    entrypoint: true
    input:
      amount: decimal
      names: list<string>?
      shape: {a: int, b: "map<string, int>"}
      limit: {type: int, default: 10}
    steps: [{task: fetch}, {task: charge}]
    output: {id: "${fetch.id}", all: ["${charge}", 1, null]}
"#,
    );
}

#[test]
fn conditions() {
    twins(
        r#"
task "fetch" { ref = "m.fetch" }
task "mail" { ref = "m.mail" }
workflow "w" {
  input = { on = "bool" }
  task "fetch" {}
  task "mail" {
    when = "${input.on && fetch.email != null && fetch.id != "}" && {"a": "\"}"}["a"] != ""}"
    with = { copies = [1, 2] }
  }
}
"#,
        r#"
tasks: [{id: fetch, ref: m.fetch}, {id: mail, ref: m.mail}]
workflows:
  - id: w
    input: {on: bool}
    steps:
      - task: fetch
      - task: mail
        when: '${input.on && fetch.email != null && fetch.id != "}" && {"a": "\"}"}["a"] != ""}'
        with: {copies: [1, 2]}
"#,
    );
}

#[test]
fn texts() {
    twins(
        r#"
task "plain" { ref = "m.plain" }
workflow "w" {
  input = { name = "string" }
  task "plain" "one" {
    with = { text = "Hello ${input.name}, $${literal} \t\u00e9 \"%%{x}\" \\" }
  }
  task "plain" "two" {
    with {
      text = <<-TEXT
        Dear ${input.name},

          $${this} is "literal".
      TEXT
    }
  }
  task "plain" "three" {
    with {
      text = <<TEXT
${one}
TEXT
    }
  }
}
"#,
        r#"
tasks: [{id: plain, ref: m.plain}]
workflows:
  - id: w
    input: {name: string}
    steps:
      - task: plain
        id: one
        with: {text: "Hello ${input.name}, $${literal} \t\u00e9 \"%{x}\" \\"}
      - task: plain
        id: two
        with:
          text: |
            Dear ${input.name},

              $${this} is "literal".
      - task: plain
        id: three
        with: {text: "${one}\n"}
"#,
    );
}

#[test]
fn sub_workflows() {
    twins(
        r#"
task "fetch" { ref = "m.fetch" }
workflow "outer" {
  workflow "inner" { with = { user_id = "u1" } }
  workflow "inner" "again" { critical = false }
}
workflow "inner" {
  durable = false
  task "fetch" {}
}
"#,
        r#"
tasks: [{id: fetch, ref: m.fetch}]
workflows:
  - {id: outer, steps: [{workflow: inner, with: {user_id: u1}}, {workflow: inner, id: again, critical: false}]}
  - {id: inner, durable: false, steps: [{task: fetch}]}
"#,
    );
}

#[test]
fn a_target() {
    let code = [("app/m.py", "async def a() -> None: ...\n")];
    let yaml = "targets: [{language: python, root: app, out: app/gen}]\ntasks: [{id: a, ref: m.a}]\nworkflows: [{id: w, target: python, steps: [{task: a}]}]";
    let rest = "task \"a\" { ref = \"m.a\" }\nworkflow \"w\" {\n  target = \"python\"\n  task \"a\" {}\n}\n";
    for target in [
        "target \"python\" {\n  root = \"app\"\n  out = \"app/gen\"\n}\n",
        "target {\n  language = \"python\"\n  root = \"app\"\n  out = \"app/gen\"\n}\n",
        "targets = [{ language = \"python\", root = \"app\", out = \"app/gen\" }]\n",
    ] {
        assert_twins(&format!("{target}{rest}"), yaml, &code);
    }
}

#[test]
fn values() {
    twins(
        r#"
version = 1.0
task "note" {
  ref         = "m.note"
  description = "counts"
  idempotent  = true
  with        = { data = { "a b" = 1, c : -2 } }
}
workflow "w" {
  task note {}
}
"#,
        r#"
version: "1.0"
tasks:
  - {id: note, ref: m.note, description: counts, idempotent: true, with: {data: {a b: 1, c: -2}}}
workflows: [{id: w, steps: [{task: note}]}]
"#,
    );
}

#[test]
fn the_order_of_blocks() {
    // Sections may be mixed; what counts is the order within each.
    twins(
        r#"
workflow "w" {
  task "fetch" {}
  input { unused = "int" }
  task "mail" {}
}
policy "p" { retries = 1 }
task "fetch" { ref = "m.fetch" }
workflow "v" {
  task "fetch" {}
}
task "mail" {
  policy = "p"
  ref    = "m.mail"
}
"#,
        r#"
policies: [{id: p, retries: 1}]
workflows:
  - {id: w, input: {unused: int}, steps: [{task: fetch}, {task: mail}]}
  - {id: v, steps: [{task: fetch}]}
tasks: [{id: fetch, ref: m.fetch}, {id: mail, policy: p, ref: m.mail}]
"#,
    );
}

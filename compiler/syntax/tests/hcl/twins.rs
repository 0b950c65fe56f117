//! Manifests in both syntaxes.

use crate::twins;

#[test]
fn sections() {
    twins(
        r#"
version = "1.0"

# Tasks are blocks.
target "python" {
  root = "app"
}
task "fetch" {
  ref    = "m.fetch" // why
  policy = "fast"
  with   = { limit = 10, name = "x" }
}
task charge {
  ref = "m.charge"
  /* inline, over
     two lines */
  policy {
    retries  = 3
    retry_on = ["A", "B",]
  }
}
policy "fast" { timeout = "2s" }
"#,
        r#"
version: "1.0"
targets: [{language: python, root: app}]
tasks:
  - {id: fetch, ref: m.fetch, policy: fast, with: {limit: 10, name: x}}
  - {id: charge, ref: m.charge, policy: {retries: 3, retry_on: [A, B]}}
policies:
  - {id: fast, timeout: 2s}
"#,
    );
}

#[test]
fn steps() {
    twins(
        r#"
workflow "main" {
  entrypoint = true
  input { amount = "decimal" }
  task "a" {}
  parallel {
    on_failure = "wait"
    task "b" "again" { when = "${a.x == "}" }" }
    sequence "both" {
      workflow "other" { critical = false }
      task "c" {
        with { n = "${a}" }
      }
    }
  }
  output = { all = "${a}" }
}
"#,
        r#"
workflows:
  - id: main
    entrypoint: true
    input: {amount: decimal}
    output: {all: "${a}"}
    steps:
      - task: a
      - parallel:
          - {task: b, id: again, when: '${a.x == "}" }'}
          - sequence:
              - {workflow: other, critical: false}
              - {task: c, with: {n: "${a}"}}
            id: both
        on_failure: wait
"#,
    );
}

#[test]
fn steps_that_hold_steps() {
    twins(
        r#"
workflow "main" {
  graph {
    task "a" {}
    task "b" { needs = ["a"] }
  }
  race "first" {
    task "a" {}
  }
  map "each" {
    over = "${xs}"
    as   = "x"
    task "a" {}
  }
  loop {
    until          = "${a}"
    max_iterations = 3
    task "a" {}
  }
  hold { 
    resource = "db"
    task "a" {}
    task "b" {}
  }
  switch {
    case {
      when = "${x}"
      task "a" {}
    }
    default {
      task "b" {}
    }
  }
  try {
    task "a" {}
    catch {
      errors = ["E"]
      as     = "error_a"
      task "b" {}
    }
    catch {
      task "c" {}
    }
    finally {
      task "d" {}
    }
  }
  emit { signal = "s" }
  wait_for "answer" { signal = "s" }
}
"#,
        r#"
workflows:
  - id: main
    steps:
      - graph: [{task: a}, {task: b, needs: [a]}]
      - race: [{task: a}]
        id: first
      - map: {id: each, over: "${xs}", as: x, steps: [{task: a}]}
      - loop: {until: "${a}", max_iterations: 3, steps: [{task: a}]}
      - hold: {resource: db, steps: [{task: a}, {task: b}]}
      - switch: [{when: "${x}", steps: [{task: a}]}, {default: [{task: b}]}]
      - try: [{task: a}]
        catch: [{errors: [E], as: error_a, steps: [{task: b}]}, {steps: [{task: c}]}]
        finally: [{task: d}]
      - emit: {signal: s}
      - wait_for: {id: answer, signal: s}
"#,
    );
}

#[test]
fn values() {
    twins(
        r#"
with = {
  "quoted key": 1
  null-able  = null, yes = true
  no         = false
  numbers    = [0, -7, 9223372036854775808, 1.50, 1e3, -2.5E-1]
  nested     = [{ a = [] }, {}, [
    "x", # one
    "y"
  ]]
}
"#,
        r#"
with:
  quoted key: 1
  null-able: null
  yes: true
  no: false
  numbers: [0, -7, 9223372036854775808, 1.50, 1e3, -2.5E-1]
  nested: [{a: []}, {}, [x, y]]
"#,
    );
}

#[test]
fn windows_line_ends_and_a_byte_order_mark() {
    twins(
        "\u{feff}task \"a\" {\r\n  ref = \"m.a\"\r\n  description = <<E\r\none\r\ntwo\r\nE\r\n}\r\n",
        "tasks: [{id: a, ref: m.a, description: \"one\\ntwo\\n\"}]",
    );
}

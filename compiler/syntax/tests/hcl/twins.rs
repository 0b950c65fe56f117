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
fn steps_that_hold_none() {
    twins(
        r#"
workflow "main" {
  sleep "5m" {}
  sleep "1h" "night" { when = "${x}" }
  sleep "pause" { duration = "${input.pause}" }
  sleep { duration = "5m" }
  wait_for "approval" {
    signal     = "approved"
    type       = { by = "string" }
    timeout    = "2d"
    on_timeout = "null"
  }
  emit {
    signal = "done"
    run    = "${input.parent}"
    data { total = 1 }
    when   = "${x}"
  }
  set {
    total = "${a + b}"
    label = "x"
    when  = "${x}"
  }
  set "names" { n = 1 }
  return { value = "${x}" }
  return {
    value = { a = 1 }
    when  = "${x}"
  }
  return "early" {
    value = { a = 1 }
  }
  return {
    value {
      a = 1
    }
  }
  return {}
  fail "no" {
    type    = "Refused"
    message = "no ${x}"
  }
}
"#,
        r#"
workflows:
  - id: main
    steps:
      - sleep: 5m
      - {sleep: 1h, id: night, when: "${x}"}
      - {sleep: "${input.pause}", id: pause}
      - sleep: 5m
      - wait_for: {id: approval, signal: approved, type: {by: string}, timeout: 2d, on_timeout: "null"}
      - emit: {signal: done, run: "${input.parent}", data: {total: 1}, when: "${x}"}
      - {set: {total: "${a + b}", label: x}, when: "${x}"}
      - {set: {n: 1}, id: names}
      - return: ${x}
      - {return: {a: 1}, when: "${x}"}
      - {return: {a: 1}, id: early}
      - return: {a: 1}
      - return:
      - fail: {id: "no", type: Refused, message: "no ${x}"}
"#,
    );
}

#[test]
fn options_of_blocks() {
    twins(
        r#"
workflow "main" {
  deadline = "1h"
  concurrency {
    limit = 3
    key   = "${input.user}"
  }
  schedule {
    cron = "0 3 * * *"
    zone = "Europe/Berlin"
  }
  input {
    order { total = "decimal" }
    lines = { type = "list<string>", default = [] }
  }
  switch "size" {
    when     = "${x}"
    critical = false
    case {
      when = "${big}"
      task "a" {}
      task "b" {}
    }
    default {
      task "c" {}
    }
  }
  try "charge" {
    critical = false
    task "a" {}
    catch {
      errors = ["Declined"]
      as     = "why"
      when   = "${x}"
      task "b" {}
    }
    finally {
      task "c" {}
    }
  }
  map "each" {
    over            = "${xs}"
    as              = "x"
    max_concurrency = 4
    task "a" {}
    task "b" { needs = ["a"] }
  }
  hold {
    resource = "db"
    atomic   = true
    policy { deadline = "5s" }
    task "a" {}
  }
  workflow "other" { detach = true }
}
"#,
        r#"
workflows:
  - id: main
    deadline: 1h
    concurrency: {limit: 3, key: "${input.user}"}
    schedule: {cron: 0 3 * * *, zone: Europe/Berlin}
    input: {order: {total: decimal}, lines: {type: list<string>, default: []}}
    steps:
      - switch: [{when: "${big}", steps: [{task: a}, {task: b}]}, {default: [{task: c}]}]
        id: size
        when: ${x}
        critical: false
      - try: [{task: a}]
        id: charge
        critical: false
        catch: [{errors: [Declined], as: why, when: "${x}", steps: [{task: b}]}]
        finally: [{task: c}]
      - map: {id: each, over: "${xs}", as: x, max_concurrency: 4, steps: [{task: a}, {task: b, needs: [a]}]}
      - hold: {resource: db, atomic: true, policy: {deadline: 5s}, steps: [{task: a}]}
      - {workflow: other, detach: true}
"#,
    );
}

#[test]
fn policies_resources_and_tasks() {
    twins(
        r#"
policy "careful" {
  retries = 3
  circuit_breaker {
    failure_rate = 0.5
    window       = "30s"
  }
  hedge { after = "200ms" }
  fallback { task = "charge_later" }
  rate_limit = "100/s"
}
resource "db" {
  kind = "postgres"
  url  = "${env.DATABASE_URL}"
  pool {
    min = 1
    max = 10
  }
}
task "charge" {
  ref  = "m.charge"
  uses = ["db"]
  cache {
    ttl = "5m"
    key = "${input.id}"
  }
  compensate {
    task = "refund"
    with { id = "${result.id}" }
  }
}
"#,
        r#"
policies:
  - id: careful
    retries: 3
    circuit_breaker: {failure_rate: 0.5, window: 30s}
    hedge: {after: 200ms}
    fallback: {task: charge_later}
    rate_limit: 100/s
resources:
  - {id: db, kind: postgres, url: "${env.DATABASE_URL}", pool: {min: 1, max: 10}}
tasks:
  - id: charge
    ref: m.charge
    uses: [db]
    cache: {ttl: 5m, key: "${input.id}"}
    compensate: {task: refund, with: {id: "${result.id}"}}
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

//! Where findings stand and how they are worded.

use expect_test::expect;

use super::{check, flow};

#[test]
fn unknown_blocks_and_attributes() {
    check(
        "tsk \"a\" { ref = \"m.a\" }\nfoo = 1\n",
        &expect![[r#"
            error[E050]: the manifest has no block or attribute `tsk`
             --> concurrency.hcl:1:1
              |
            1 | tsk "a" { ref = "m.a" }
              | ^^^ unknown block or attribute
              |
            help: did you mean `task`?
              |
            1 | task "a" { ref = "m.a" }
              |  +

            error[E050]: the manifest has no block or attribute `foo`
             --> concurrency.hcl:2:1
              |
            2 | foo = 1
              | ^^^ unknown block or attribute
              |
              = note: allowed here: version, target, task, policy, resource, workflow

            --- fixed
            task "a" { ref = "m.a" }
            foo = 1
            --- still: E050 the manifest has no block or attribute `foo`
        "#]],
    );
    check(
        "task \"a\" {\n  reff = \"m.a\"\n}\npolicy {\n  retry = 1\n}\nworkflow \"w\" {}\n",
        &expect![[r#"
            error[E050]: a task has no block or attribute `reff`
             --> concurrency.hcl:2:3
              |
            2 |   reff = "m.a"
              |   ^^^^ unknown block or attribute
              |
            help: did you mean `ref`?
              |
            2 -   reff = "m.a"
            2 +   ref = "m.a"
              |

            error[E027]: a `policy` names its id in a label
             --> concurrency.hcl:4:1
              |
            4 | policy {
              | ^^^^^^ no label
              |
              = help: write `policy "ID" { ... }`

            error[E050]: a policy has no block or attribute `retry`
             --> concurrency.hcl:5:3
              |
            5 |   retry = 1
              |   ^^^^^ unknown block or attribute
              |
              = note: allowed here: id, retries, strategy, initial, initial_ms, max_delay, max_delay_ms, multiplier, jitter, retry_on, abort_on, timeout, timeout_ms, deadline, deadline_ms, circuit_breaker, rate_limit, bulkhead, hedge, fallback, critical

            error[E061]: a workflow needs steps, each a block
             --> concurrency.hcl:7:1
              |
            7 | workflow "w" {}
              | ^^^^^^^^^^^^ this one has none

            --- fixed
            task "a" {
              ref = "m.a"
            }
            policy {
              retry = 1
            }
            workflow "w" {}
            --- still: E027 a `policy` names its id in a label
            --- still: E050 a policy has no block or attribute `retry`
            --- still: E061 a workflow needs steps, each a block
        "#]],
    );
    check(
        &flow("  paralel {\n    task \"b\" {}\n  }\n  task \"b\" {\n    whith = { n = 1 }\n  }\n"),
        &expect![[r#"
            error[E060]: there is no kind of step `paralel`
             --> concurrency.hcl:5:3
              |
            5 |   paralel {
              |   ^^^^^^^
              |
              = note: a step has one of the keys `task`, `workflow`, `sequence`, `parallel`, `graph`, `race`, `map`, `switch`, `loop`, `try`, `sleep`, `wait_for`, `emit`, `hold`, `set`, `return`, `fail`
            help: did you mean `parallel`?
              |
            5 |   parallel {
              |        +

            error[E050]: a `task` step has no block or attribute `whith`
             --> concurrency.hcl:9:5
              |
            9 |     whith = { n = 1 }
              |     ^^^^^ unknown block or attribute
              |
            help: did you mean `with`?
              |
            9 -     whith = { n = 1 }
            9 +     with = { n = 1 }
              |

            --- fixed
            task "a" { ref = "m.a" }
            task "b" { ref = "m.b" }
            workflow "w" {
              task "a" {}
              parallel {
                task "b" {}
              }
              task "b" {
                with = { n = 1 }
              }
            }
            --- still: E104 two steps of this workflow have the id `b`
        "#]],
    );
    check(&flow("  task \"b\" {}\n  race {\n    set { x = 1 }\n  }\n"), &expect![""]);
    check(
        &flow("  sequence {\n    policy { retries = 1 }\n  }\n"),
        &expect![[r#"
        error[E061]: `sequence` has no steps
         --> concurrency.hcl:5:3
          |
        5 |   sequence {
          |   ^^^^^^^^ at least one step must stand here

        error[E065]: a `sequence` step takes no `policy`
         --> concurrency.hcl:6:5
          |
        5 |   sequence {
          |   -------- this kind of step
        6 |     policy { retries = 1 }
          |     ^^^^^^
          |
          = help: blocks take only `deadline` and `critical`; policies belong to the calls inside

    "#]],
    );
}

#[test]
fn what_could_not_be_read_makes_no_other_findings() {
    check(
        "task \"a\" {\n  ref \"m.a\"\n}\ntask \"b\" {\n  = 1\n}\nworkflow \"w\" {\n  task \"a\" {}\n  task \"b\" {}\n}\n",
        &expect![[r#"
        error[E020]: `ref` is followed by neither `=` nor a block
         --> concurrency.hcl:2:7
          |
        2 |   ref "m.a"
          |       ^^^^^
          |
          = help: write `ref = "m.a"`, or `ref "m.a" { ... }`

        error[E020]: expected an attribute or a block
         --> concurrency.hcl:5:3
          |
        5 |   = 1
          |   ^
          |
          = help: an attribute is `name = value`, a block `name "label" { ... }`

    "#]],
    );
    check(
        "= 1\nworkflow \"w\" {\n  task \"a\" { policy = \"p\" }\n}\n",
        &expect![[r#"
        error[E020]: expected an attribute or a block
         --> concurrency.hcl:1:1
          |
        1 | = 1
          | ^
          |
          = help: an attribute is `name = value`, a block `name "label" { ... }`

    "#]],
    );
    check(
        &flow("  ]\n  task \"b\" {\n    with = { n = \"${lost.n}\" }\n  }\n"),
        &expect![[r#"
        error[E020]: expected an attribute or a block
         --> concurrency.hcl:5:3
          |
        5 |   ]
          |   ^
          |
          = help: an attribute is `name = value`, a block `name "label" { ... }`

    "#]],
    );
}

#[test]
fn places_in_expressions_are_those_of_the_file() {
    check(
        &flow(
            "  task \"b\" {\n    with {\n      n = <<-E\n          ${\n            nope}\n      E\n    }\n  }\n",
        ),
        &expect![[r#"
        error[E140]: `nope` is not known here
         --> concurrency.hcl:9:13
          |
        9 |             nope}
          |             ^^^^ no step has this id
          |
          = help: name a step that ran before, or `input.NAME`

    "#]],
    );
    check(
        &flow("  task \"b\" {\n    with = { n = \"\\t${aa}\" }\n  }\n"),
        &expect![[r#"
        error[E140]: `aa` is not known here
         --> concurrency.hcl:6:23
          |
        6 |     with = { n = "\t${aa}" }
          |                       ^^ no step has this id
          |
          = help: name a step that ran before, or `input.NAME`

    "#]],
    );
}

#[test]
fn help_is_written_in_hcl() {
    check(
        "task \"a\" {\n  ref = \"m.a\"\n  policy {\n    retries = 3\n    timeout = \"1s\"\n  }\n}\ntask \"b\" { ref = \"m.b\" }\nworkflow \"w\" {\n  input { x = \"int\" }\n  task \"a\" \"n\" { when = \"${input.nothing > 1}\" }\n  task \"b\" {}\n}\n",
        &expect![[r#"
            warning[W101]: `a` may happen twice: it is a write, and is retried after a time-out
             --> concurrency.hcl:1:6
              |
            1 |   task "a" {
              |        ^^^ an attempt that timed out may still have done its work
            2 |     ref = "m.a"
            3 | /   policy {
            4 | |     retries = 3
            5 | |     timeout = "1s"
            6 | |   }
              | |___- this policy has a `timeout` and retries
              |
              = help: say `effect = "read"` if it changes nothing, `idempotent = true` if twice is as good as once, else `in_doubt = "retry"`, `fail` or `pause`; or give the function a parameter `idempotency_key`

            error[E140]: the workflow has no input `nothing`
              --> concurrency.hcl:11:34
               |
            11 |   task "a" "n" { when = "${input.nothing > 1}" }
               |                                  ^^^^^^^ neither declared nor asked for by a step
               |
               = help: declare it in the workflow: `input = { nothing = "string" }`

            error[E131]: `n` of `b` gets the wrong type
              --> concurrency.hcl:12:8
               |
            11 |   task "a" "n" { when = "${input.nothing > 1}" }
               |            ---          ---------------------- where this does not hold, `n` is skipped and its result is null
               |            |
               |            `n` comes from here
            12 |   task "b" {}
               |        ^^^ it gets `n`, which has its name, but is `string?`
               |
              ::: m.py:3:13
               |
             3 | async def b(n: int) -> None: ...
               |             ------ the parameter wants `int`
               |
               = help: name another value: `with = { n = "${...}" }`

        "#]],
    );
}

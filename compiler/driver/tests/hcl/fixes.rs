//! Fixes write HCL.

use expect_test::expect;

use super::{check, flow};

#[test]
fn missing_policies_become_blocks() {
    check(
        "task \"a\" {\n  ref    = \"m.a\"\n  policy = \"zip\"\n}\n# the last line\n\nworkflow \"w\" {\n  task \"a\" { policy = \"zap\" }\n}\n",
        &expect![[r#"
            error[E110]: the policy `zip` is not defined
              --> concurrency.hcl:3:12
               |
             3 |   policy = "zip"
               |            ^^^^^ no policy has this id
               |
            help: define the policy `zip`: 3 retries, exponential backoff, 30 s an attempt
               |
             9 ~ }
            10 + 
            11 + policy "zip" {
            12 +   retries  = 3
            13 +   strategy = "exponential_backoff"
            14 +   timeout  = "30s"
            15 + }
               |

            error[E110]: the policy `zap` is not defined
              --> concurrency.hcl:8:23
               |
             8 |   task "a" { policy = "zap" }
               |                       ^^^^^ no policy has this id
               |
            help: define the policy `zap`: 3 retries, exponential backoff, 30 s an attempt
               |
             9 ~ }
            10 + 
            11 + policy "zap" {
            12 +   retries  = 3
            13 +   strategy = "exponential_backoff"
            14 +   timeout  = "30s"
            15 + }
               |

            --- fixed
            task "a" {
              ref    = "m.a"
              policy = "zip"
            }
            # the last line

            workflow "w" {
              task "a" { policy = "zap" }
            }

            policy "zip" {
              retries  = 3
              strategy = "exponential_backoff"
              timeout  = "30s"
            }

            policy "zap" {
              retries  = 3
              strategy = "exponential_backoff"
              timeout  = "30s"
            }
            --- still: W101 `a` may happen twice: it is a write, and is retried after a time-out
        "#]],
    );
    check(
        "task \"a\" {\n  ref    = \"m.a\"\n  policy = \"zip\"\n}\n\npolicy \"hasty\" { retries = 0 } # why\n\nworkflow \"w\" {\n  task \"a\" {}\n  task \"a\" \"c\" { policy = \"hasty\" }\n}\n",
        &expect![[r#"
            error[E110]: the policy `zip` is not defined
              --> concurrency.hcl:3:12
               |
             3 |   policy = "zip"
               |            ^^^^^ no policy has this id
               |
            help: define the policy `zip`: 3 retries, exponential backoff, 30 s an attempt
               |
             6 ~ policy "hasty" { retries = 0 } # why
             7 + 
             8 + policy "zip" {
             9 +   retries  = 3
            10 +   strategy = "exponential_backoff"
            11 +   timeout  = "30s"
            12 + }
               |

            --- fixed
            task "a" {
              ref    = "m.a"
              policy = "zip"
            }

            policy "hasty" { retries = 0 } # why

            policy "zip" {
              retries  = 3
              strategy = "exponential_backoff"
              timeout  = "30s"
            }

            workflow "w" {
              task "a" {}
              task "a" "c" { policy = "hasty" }
            }
            --- still: W101 `a` may happen twice: it is a write, and is retried after a time-out
        "#]],
    );
}

#[test]
fn conditions_are_wrapped_in_quotes() {
    check(
        &flow("  task \"b\" {\n    with = { n = 1 }\n    when = \"a == \\\"x\\\"\"\n  }\n"),
        &expect![[r#"
        error[E062]: a condition must be an expression in `${...}`
         --> concurrency.hcl:7:12
          |
        7 |     when = "a == \"x\""
          |            ^^^^^^^^^^^^ this is a text
          |
        help: wrap it
          |
        7 -     when = "a == \"x\""
        7 +     when = "${a == "x"}"
          |

        --- fixed
        task "a" { ref = "m.a" }
        task "b" { ref = "m.b" }
        workflow "w" {
          task "a" {}
          task "b" {
            with = { n = 1 }
            when = "${a == "x"}"
          }
        }
    "#]],
    );
    check(
        &flow("  task \"b\" {\n    with = { n = 1 }\n    when = a == \"x\"\n  }\n"),
        &expect![[r#"
        error[E023]: expressions stand in `"${...}"`
         --> concurrency.hcl:7:12
          |
        7 |     when = a == "x"
          |            ^^^^^^^^ HCL would compute this
          |
        help: wrap it
          |
        7 -     when = a == "x"
        7 +     when = "${a == "x"}"
          |

        --- fixed
        task "a" { ref = "m.a" }
        task "b" { ref = "m.b" }
        workflow "w" {
          task "a" {}
          task "b" {
            with = { n = 1 }
            when = "${a == "x"}"
          }
        }
    "#]],
    );
    check(
        &flow("  task \"b\" {\n    with = { n = 1 }\n    when = \"${a == 'x'\"\n  }\n"),
        &expect![[r#"
        error[E143]: this `${` has no matching `}`
         --> concurrency.hcl:7:13
          |
        7 |     when = "${a == 'x'"
          |             ^^
          |
          = help: close the expression with `}`, or write `$${` for the text `${`

    "#]],
    );
}

#[test]
fn words_and_names_keep_their_quotes() {
    check(
        "task \"a\" {\n  ref     = \"m.aa\"\n  effect  = \"reed\"\n  policy { retries = \"3\" }\n  critical = \"yes\"\n}\nworkflow \"w\" {\n  task \"a\" {}\n}\n",
        &expect![[r#"
            error[E120]: there is no function `m.aa` in the code
             --> concurrency.hcl:2:13
              |
            2 |   ref     = "m.aa"
              |             ^^^^^^ this ref leads nowhere
              |
              = note: searched `m.py` and `m/__init__.py`
              = help: did you mean `m.a`?
            help: replace it by `m.a`
              |
            2 -   ref     = "m.aa"
            2 +   ref     = "m.a"
              |

            error[E056]: `reed` is no value of `effect`
             --> concurrency.hcl:3:13
              |
            3 |   effect  = "reed"
              |             ^^^^^^
              |
              = note: allowed: `none`, `read`, `write`
            help: did you mean `read`?
              |
            3 -   effect  = "reed"
            3 +   effect  = "read"
              |

            error[E052]: expected a number of retries, found a string
             --> concurrency.hcl:4:22
              |
            4 |   policy { retries = "3" }
              |                      ^^^ this is a string
              |
            help: remove the quotes
              |
            4 -   policy { retries = "3" }
            4 +   policy { retries = 3 }
              |

            error[E052]: expected `true` or `false`, found a string
             --> concurrency.hcl:5:14
              |
            5 |   critical = "yes"
              |              ^^^^^ this is a string
              |
            help: write `true`
              |
            5 -   critical = "yes"
            5 +   critical = true
              |

            --- fixed
            task "a" {
              ref     = "m.a"
              effect  = "read"
              policy { retries = 3 }
              critical = true
            }
            workflow "w" {
              task "a" {}
            }
        "#]],
    );
    check(
        "task \"a\" {\n  ref    = \"m.a\"\n  policy = \"patent\"\n}\npolicy \"patient\" { timeout = 5 }\nworkflow \"w\" {\n  task \"aa\" {}\n}\n",
        &expect![[r#"
            error[E110]: the policy `patent` is not defined
              --> concurrency.hcl:3:12
               |
             3 |   policy = "patent"
               |            ^^^^^^^^ no policy has this id
               |
               = help: did you mean `patient`?
            help: replace it by `patient`
               |
             3 |   policy = "patient"
               |                +
            help: define the policy `patent`: 3 retries, exponential backoff, 30 s an attempt
               |
             5 ~ policy "patient" { timeout = 5 }
             6 + 
             7 + policy "patent" {
             8 +   retries  = 3
             9 +   strategy = "exponential_backoff"
            10 +   timeout  = "30s"
            11 + }
               |

            error[E057]: a duration needs a unit
             --> concurrency.hcl:5:30
              |
            5 | policy "patient" { timeout = 5 }
              |                              ^ milliseconds? seconds?
              |
            help: milliseconds: `5ms`
              |
            5 - policy "patient" { timeout = 5 }
            5 + policy "patient" { timeout = "5ms" }
              |
            help: seconds: `5s`
              |
            5 - policy "patient" { timeout = 5 }
            5 + policy "patient" { timeout = "5s" }
              |

            error[E101]: there is no task `aa`
             --> concurrency.hcl:7:8
              |
            7 |   task "aa" {}
              |        ^^^^ no task has this id
              |
              = help: the tasks are `a`

            --- fixed
            task "a" {
              ref    = "m.a"
              policy = "patient"
            }
            policy "patient" { timeout = "5ms" }
            workflow "w" {
              task "aa" {}
            }
            --- still: E101 there is no task `aa`
        "#]],
    );
}

#[test]
fn a_second_call_gets_a_second_label() {
    check(
        &flow(
            "  task \"a\" {}\n  task b {\n    with = { n = 1 }\n  }\n  task b {\n    with = { n = 2 }\n  }\n",
        ),
        &expect![[r#"
        error[E104]: two steps of this workflow have the id `a`
         --> concurrency.hcl:5:8
          |
        4 |   task "a" {}
          |        --- the first one
        5 |   task "a" {}
          |        ^^^ stands for a second step here
          |
          = note: a step without an `id` has that of its task or workflow
        help: give the second one an id: `a_2`
          |
        5 |   task "a" "a_2" {}
          |            +++++

        error[E104]: two steps of this workflow have the id `b`
         --> concurrency.hcl:9:8
          |
        6 |   task b {
          |        - the first one
        ...
        9 |   task b {
          |        ^ stands for a second step here
          |
          = note: a step without an `id` has that of its task or workflow
        help: give the second one an id: `b_2`
          |
        9 |   task b "b_2" {
          |          +++++

        --- fixed
        task "a" { ref = "m.a" }
        task "b" { ref = "m.b" }
        workflow "w" {
          task "a" {}
          task "a" "a_2" {}
          task b {
            with = { n = 1 }
          }
          task b "b_2" {
            with = { n = 2 }
          }
        }
    "#]],
    );
    check(
        &flow("  task \"b\" \"a\" {\n    with = { n = 1 }\n  }\n"),
        &expect![[r#"
        error[E104]: two steps of this workflow have the id `a`
         --> concurrency.hcl:5:12
          |
        4 |   task "a" {}
          |        --- the first one
        5 |   task "b" "a" {
          |            ^^^ stands for a second step here
          |
        help: rename the second one to `a_2`
          |
        5 |   task "b" "a_2" {
          |              ++

        --- fixed
        task "a" { ref = "m.a" }
        task "b" { ref = "m.b" }
        workflow "w" {
          task "a" {}
          task "b" "a_2" {
            with = { n = 1 }
          }
        }
    "#]],
    );
}

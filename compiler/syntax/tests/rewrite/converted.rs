//! Whole manifests, as they come out.

use conductor_syntax::Syntax;
use expect_test::{Expect, expect};

use crate::{opposite, other};

/// What comes out; and that it comes back with the same comments.
pub fn check(syntax: Syntax, text: &str, expected: Expect) {
    let converted = other(syntax, text);
    expected.assert_eq(&converted);
    let back = other(opposite(syntax), &converted);
    assert_eq!(comments(&converted), comments(&back), "from\n{converted}\nto\n{back}");
    // What moved to where the other syntax has a place for it stays there.
    assert_eq!(back, other(opposite(syntax), &other(syntax, &back)));
}

fn comments(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> =
        text.lines().filter_map(|line| line.split_once("# ")).map(|(_, text)| text).collect();
    found.sort_unstable();
    found
}

#[test]
fn the_shop() {
    check(
        Syntax::Yaml,
        include_str!("../../../../examples/shop/concurrency.yaml"),
        expect![[r#"
        version = "1.0"

        # 1. Define atomic tasks and map them to your code's functions/methods/services.

        task "fetch_user" {
          ref    = "user_service.get_user_by_id" # Mapping to a function
          policy = "retry_default"
        }

        task "check_permissions" {
          ref    = "auth_service.check_permissions" # Mapping to a gRPC endpoint
          policy = "fast_fail"
        }

        task "process_payment" {
          ref    = "payment_provider.charge"
          policy = "retry_idempotent"
        }

        task "send_receipt" {
          ref    = "notification_service.send_email"
          policy = "fire_and_forget"
        }

        # 2. Define reusable, high-level policies.

        policy "retry_default" {
          retries    = 3
          strategy   = "exponential_backoff"
          timeout_ms = 500
        }

        policy "fast_fail" {
          retries    = 0
          timeout_ms = 100
        }

        policy "fire_and_forget" {
          retries  = 2
          critical = false # Workflow continues even if this task fails after retries.
        }

        policy "retry_idempotent" {
          retries  = 3
          strategy = "exponential_backoff"
          timeout  = "30s"
        }

        # 3. Compose tasks into a logical workflow.

        workflow "process_order_workflow" {
          entrypoint = true

          # Simple sequence of critical steps
          task "fetch_user" {}
          task "check_permissions" {}

          # A block of non-critical tasks that can run in parallel
          parallel {
            task "process_payment" {}
            task "send_receipt" {}
          }
        }
    "#]],
    );
    let hcl = other(Syntax::Yaml, include_str!("../../../../examples/shop/concurrency.yaml"));
    check(
        Syntax::Hcl,
        &hcl,
        expect![[r#"
        version: "1.0"

        # 1. Define atomic tasks and map them to your code's functions/methods/services.

        tasks:
          - id: fetch_user
            ref: user_service.get_user_by_id # Mapping to a function
            policy: retry_default

          - id: check_permissions
            ref: auth_service.check_permissions # Mapping to a gRPC endpoint
            policy: fast_fail

          - id: process_payment
            ref: payment_provider.charge
            policy: retry_idempotent

          - id: send_receipt
            ref: notification_service.send_email
            policy: fire_and_forget

        # 2. Define reusable, high-level policies.

        policies:
          - id: retry_default
            retries: 3
            strategy: exponential_backoff
            timeout_ms: 500

          - id: fast_fail
            retries: 0
            timeout_ms: 100

          - id: fire_and_forget
            retries: 2
            critical: false # Workflow continues even if this task fails after retries.

          - id: retry_idempotent
            retries: 3
            strategy: exponential_backoff
            timeout: 30s

        # 3. Compose tasks into a logical workflow.

        workflows:
          - id: process_order_workflow
            entrypoint: true
            steps:

              # Simple sequence of critical steps
              - task: fetch_user
              - task: check_permissions

              # A block of non-critical tasks that can run in parallel
              - parallel:
                  - task: process_payment
                  - task: send_receipt
    "#]],
    );
}

#[test]
fn every_step() {
    check(
        Syntax::Yaml,
        r#"# Head.

targets: [{language: python, root: app}] # all
tasks: # beside tasks
  # above fetch
  - id: fetch # beside its id
    # above ref
    ref: m.fetch # beside ref
    with: {limit: 10, names: [a, "b c"], "odd key": 1}
    policy:
      retries: 3
      retry_on: [OSError, 503]
      # end of policy
    # end of fetch
  # end of tasks
resources:
  - id: db
    kind: postgres
    url: ${env.DB}
    pool: {min: 1, max: 5}
workflows:
  - id: w
    input:
      amount: decimal
      lines: {type: "list<string>", default: []}
    # above steps
    steps: # beside steps
      # first
      - task: fetch # beside fetch
        id: first
        when: '${input.amount > 1 && "a: b" != ""}'

      - parallel: # beside parallel
          # in parallel
          - workflow: other
            detach: true
          # end of parallel
        on_failure: wait # beside wait
      - switch:
          - when: ${x} # beside when
            steps:
              - task: fetch
          # above default
          - default:
              - task: fetch
        id: choice
        critical: false
      - try:
          - task: fetch
        catch:
          # above handler
          - errors: [E]
            as: why
            steps: [{task: fetch}]
        finally:
          - task: fetch
      - map:
          id: each
          over: ${xs}
          as: x
          steps:
            - task: fetch
            # end of map
      - sleep: 5m # beside sleep
      - sleep: ${input.pause}
        id: pause
      - return: {a: 1}
        when: ${x}
      - return:
          a: 1
          # in return
      - return:
      - set:
          total: ${a + b} # beside total
          text: |
            Dear ${name},

              $${this} is "it" %{x}
        when: ${x}
      - emit: {signal: done, data: {n: 1}}
      - wait_for:
          id: approval
          signal: approved # beside signal
      - fail:
          type: Refused
          message: "no\tway \\ \"now\""
    output:
      all: ${first}
# foot
"#,
        expect![[r##"
            # Head.

            # all

            target "python" {
              root = "app"
            }
            # beside tasks

            # above fetch
            task "fetch" { # beside its id
              # above ref
              ref  = "m.fetch" # beside ref
              with = { limit = 10, names = ["a", "b c"], "odd key" = 1 }
              policy {
                retries  = 3
                retry_on = ["OSError", 503]
                # end of policy
              }
              # end of fetch
            }
            # end of tasks

            resource "db" {
              kind = "postgres"
              url  = "${env.DB}"
              pool = { min = 1, max = 5 }
            }

            workflow "w" {
              input {
                amount = "decimal"
                lines  = { type = "list<string>", default = [] }
              }
              output {
                all = "${first}"
              }
              # above steps
              # beside steps
              # first
              task "fetch" "first" { # beside fetch
                when = "${input.amount > 1 && "a: b" != ""}"
              }

              parallel { # beside parallel
                on_failure = "wait" # beside wait
                # in parallel
                workflow "other" {
                  detach = true
                }
                # end of parallel
              }
              switch "choice" {
                critical = false
                case {
                  when = "${x}" # beside when
                  task "fetch" {}
                }
                # above default
                default {
                  task "fetch" {}
                }
              }
              try {
                task "fetch" {}
                # above handler
                catch {
                  errors = ["E"]
                  as     = "why"
                  task "fetch" {}
                }
                finally {
                  task "fetch" {}
                }
              }
              map "each" {
                over = "${xs}"
                as   = "x"
                task "fetch" {}
                # end of map
              }
              sleep "5m" {} # beside sleep
              sleep "pause" {
                duration = "${input.pause}"
              }
              return {
                value = { a = 1 }
                when  = "${x}"
              }
              return {
                value {
                  a = 1
                  # in return
                }
              }
              return {}
              set {
                total = "${a + b}" # beside total
                text = <<-TEXT
                  Dear ${name},

                    $${this} is "it" %%{x}
                  TEXT
                when = "${x}"
              }
              emit {
                signal = "done"
                data   = { n = 1 }
              }
              wait_for "approval" {
                signal = "approved" # beside signal
              }
              fail {
                type    = "Refused"
                message = "no\tway \\ \"now\""
              }
            }
            # foot
        "##]],
    );
}

#[test]
fn comments_of_hcl() {
    check(
        Syntax::Hcl,
        r#"// Head.

// Above the section.

// Above fetch.
task "fetch" { // beside fetch
  ref = "m.fetch" /* beside
                     ref */
  with = {
    a = 1 # beside a
    # end of with
  }
  # end of fetch
}
/* between */
policy "p" {} # beside p

task "second" { ref = "m.second" }
workflow "w" {
  # above the steps
  task "fetch" {}

  # a note
  parallel "all" {
    # nothing here yet
  }
  deadline = "5m" # beside deadline
  switch { # beside switch
    # above case
    case {
      when = true
      task "fetch" {}
      # end of case
    }
  }
  # end
}
# foot
"#,
        expect![[r#"
            # Head.

            # Above the section.

            tasks:
              # Above fetch.
              - id: fetch # beside fetch
                ref: m.fetch # beside
                # ref
                with:
                  a: 1 # beside a
                  # end of with
                # end of fetch

              - id: second
                ref: m.second

            policies:
              # between
              - id: p # beside p

            workflows:
              - id: w
                deadline: 5m # beside deadline
                steps:
                  # above the steps
                  - task: fetch

                  # a note
                  - parallel: []
                    id: all
                    # nothing here yet
                  - switch: # beside switch
                      # above case
                      - when: true
                        steps:
                          - task: fetch
                        # end of case
                # end
            # foot
        "#]],
    );
}

//! Layouts of YAML.

use conductor_syntax::Syntax;
use expect_test::{Expect, expect};

fn check(text: &str, expected: Expect) {
    crate::check(Syntax::Yaml, text, expected);
}

const SEED: &str = include_str!("../../../../examples/shop/concurrency.yaml");

#[test]
fn the_seed() {
    check(
        SEED,
        expect![[r#"
        version: "1.0"

        # 1. Define atomic tasks and map them to your code's functions/methods/services.
        tasks:
          - id: fetch_user
            ref: "user_service.get_user_by_id" # Mapping to a function
            policy: retry_default

          - id: check_permissions
            ref: "auth_service.check_permissions" # Mapping to a gRPC endpoint
            policy: fast_fail

          - id: process_payment
            ref: "payment_provider.charge"
            policy: retry_idempotent

          - id: send_receipt
            ref: "notification_service.send_email"
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
fn everything() {
    check(
        r#"# head
---
a: &x
  # c
  b:   1 # t
  e:
  # foo
  lit: |  # hdr

    one
      two

  keep: |+
    x

  fold: >2-
      x

  p: one
    two   
   three # c
q: &y "a
   b"
? ex
: val
f: [a: b, {c, "d":1, e: }, *y , ]
g: [ # c
  1,
  ]
s:
- 1
-
- - x
  - &z y: 1
*y : 3
h: &e
i: ""
...
"#,
        expect![[r##"
    # head
    ---
    a: &x
      # c
      b: 1 # t
      e:
      # foo
      lit: | # hdr

        one
          two

      keep: |+
        x

      fold: >2-
          x

      p: one
        two
        three # c
    q: &y "a
      b"
    ex: val
    f: [a: b, {c, "d": 1, e:}, *y]
    g:
      # c
      - 1
    s:
      - 1
      -
      - - x
        - &z y: 1
    *y : 3
    h: &e
    i: ""
"##]],
    );
}

#[test]
fn lines_of_tabs_are_not_kept_with_those_of_a_scalar() {
    check(
        "a: |+\n\n\t\n# c\n",
        expect![
            "a: |+

# c
"
        ],
    );
    check(
        "a: >+\n  x\n\n\t\n\n \n# c\nb: |+\n\n\t\n",
        expect![[r#"
        a: >+
          x

        # c
        b: |+

    "#]],
    );
}

#[test]
fn comments() {
    check(
        r#"


# one


# two
tasks:   # beside the key
      # first
      - id:    a      # beside a value
        ref: m.a
        # at the end of a
      # after a

      - # beside the dash
        id: b
      # at the end of the list
# before policies
policies:
  # nothing yet
workflows:
- id: w
  # of w
# neighbour of workflows
version: "1.0"
# foot
  # deeper foot


"#,
        expect![[r##"
    # one

    # two
    tasks: # beside the key
      # first
      - id: a # beside a value
        ref: m.a
        # at the end of a
      # after a

      - # beside the dash
        id: b
      # at the end of the list
    # before policies
    policies:
      # nothing yet
    workflows:
      - id: w
        # of w
    # neighbour of workflows
    version: "1.0"
    # foot
    # deeper foot
"##]],
    );
}

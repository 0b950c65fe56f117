//! Sections, ids, keys and words.

use expect_test::expect;

use crate::check;

#[test]
fn a_key_of_a_policy_is_sent_there() {
    check(
        "tasks:\n  - {id: a, ref: m.f, timeout: 3s}\n",
        expect![[r#"
        error[E050]: a task has no key `timeout`
         --> concurrency.yaml:2:23
          |
        2 |   - {id: a, ref: m.f, timeout: 3s}
          |                       ^^^^^^^ unknown key
          |
          = note: allowed here: id, ref, policy, with, uses, effect, idempotent, in_doubt, compensate, cache, critical, description
          = help: it belongs to a policy: `policy: {timeout: ...}`
    "#]],
    );
}

#[test]
fn unknown_keys() {
    check(
        "tasks:\n  - id: a\n    ref: m.f\n    polcy: p\n    frob: 1\n    cache: {ttl: 1s}\n",
        expect![[r#"
            error[E050]: a task has no key `polcy`
             --> concurrency.yaml:4:5
              |
            4 |     polcy: p
              |     ^^^^^ unknown key
              |
            help: did you mean `policy`?
              |
            4 |     policy: p
              |        +
            error[E050]: a task has no key `frob`
             --> concurrency.yaml:5:5
              |
            5 |     frob: 1
              |     ^^^^ unknown key
              |
              = note: allowed here: id, ref, policy, with, uses, effect, idempotent, in_doubt, compensate, cache, critical, description
            --- fixed
            tasks:
              - id: a
                ref: m.f
                policy: p
                frob: 1
                cache: {ttl: 1s}
        "#]],
    );
}

#[test]
fn sections_of_the_wrong_kind() {
    check(
        "tasks:\n  a: {ref: m.f}\npolicies: x\nworkflows:\n",
        expect![[r#"
        error[E052]: expected a list of tasks, found a mapping
         --> concurrency.yaml:1:1
          |
        1 | tasks:
          | ^^^^^ this is a mapping
        error[E052]: expected a list of policies, found a string
         --> concurrency.yaml:3:11
          |
        3 | policies: x
          |           ^ this is a string
    "#]],
    );
    check(
        "- a\n",
        expect![[r#"
        error[E052]: expected the manifest, which is a mapping, found a list
         --> concurrency.yaml:1:1
          |
        1 | - a
          | ^^^ this is a list
    "#]],
    );
    check(
        "task: []\nresources: []\nversion: 2\n",
        expect![[r#"
            error[E050]: the manifest has no key `task`
             --> concurrency.yaml:1:1
              |
            1 | task: []
              | ^^^^ unknown key
              |
            help: did you mean `tasks`?
              |
            1 | tasks: []
              |     +
            error[E064]: this build reads manifests of version 1.0, this one says 2
             --> concurrency.yaml:3:10
              |
            3 | version: 2
              |          ^
              |
              = help: a newer `conductor` may read it
            --- fixed
            tasks: []
            resources: []
            version: 2
        "#]],
    );
}

#[test]
fn keys_that_are_missing() {
    check(
        "tasks:\n- id: a\n- ref: m.f\n- 5\n- id: b\n  ref:\npolicies:\n- retries: 1\n",
        expect![[r#"
        error[E053]: a task needs `ref`
         --> concurrency.yaml:2:3
          |
        2 | - id: a
          |   ^^^^^ `ref` is missing
        error[E053]: a task needs `id`
         --> concurrency.yaml:3:3
          |
        3 | - ref: m.f
          |   ^^^^^^^^ `id` is missing
        error[E052]: expected a task, which is a mapping, found a number
         --> concurrency.yaml:4:3
          |
        4 | - 5
          |   ^ this is a number
        error[E052]: expected a function, such as "module.function", found nothing
         --> concurrency.yaml:6:3
          |
        6 |   ref:
          |   ^^^ this is nothing
        error[E053]: a policy needs `id`
         --> concurrency.yaml:8:3
          |
        8 | - retries: 1
          |   ^^^^^^^^^^ `id` is missing
    "#]],
    );
}

#[test]
fn ids() {
    check(
        "tasks:\n- {id: fetchUser, ref: m.f}\n- {id: 5, ref: m.f}\n- {id: run, ref: m.f}\n- {id: while, ref: m.f}\n- {id: 9a, ref: m.f}\n",
        expect![[r#"
            error[E054]: `fetchUser` cannot be an id
             --> concurrency.yaml:2:8
              |
            2 | - {id: fetchUser, ref: m.f}
              |        ^^^^^^^^^
              |
              = note: ids are lower-case letters, digits and `_`, and begin with a letter
              = help: `fetch_user` would do; change it where it is used, too
            error[E052]: expected an id, found a number
             --> concurrency.yaml:3:8
              |
            3 | - {id: 5, ref: m.f}
              |        ^ this is a number
            error[E055]: `run` is reserved and cannot be an id
             --> concurrency.yaml:4:8
              |
            4 | - {id: run, ref: m.f}
              |        ^^^ in expressions it names something else
              |
              = note: reserved are input, env, run, error and CEL's words: as, break, const, continue, else, false, for, function, if, import, in, let, loop, namespace, null, package, return, true, var, void, while
            error[E055]: `while` is reserved and cannot be an id
             --> concurrency.yaml:5:8
              |
            5 | - {id: while, ref: m.f}
              |        ^^^^^ it is a reserved word of the expression language (CEL)
              |
              = note: reserved are input, env, run, error and CEL's words: as, break, const, continue, else, false, for, function, if, import, in, let, loop, namespace, null, package, return, true, var, void, while
            error[E054]: `9a` cannot be an id
             --> concurrency.yaml:6:8
              |
            6 | - {id: 9a, ref: m.f}
              |        ^^
              |
              = note: ids are lower-case letters, digits and `_`, and begin with a letter
        "#]],
    );
}

#[test]
fn words_and_booleans() {
    check(
        "tasks:\n- id: a\n  ref: m.f\n  effect: reads\n  idempotent: yes\n  in_doubt: [x]\n  critical: maybe\n  description: 5\npolicies:\n- id: p\n  strategy: exponential\n  jitter: some\n",
        expect![[r#"
            error[E056]: `reads` is no value of `effect`
             --> concurrency.yaml:4:11
              |
            4 |   effect: reads
              |           ^^^^^
              |
              = note: allowed: `none`, `read`, `write`
            help: did you mean `read`?
              |
            4 -   effect: reads
            4 +   effect: read
              |
            error[E052]: expected `true` or `false`, found a string
             --> concurrency.yaml:5:15
              |
            5 |   idempotent: yes
              |               ^^^ this is a string
              |
            help: write `true`
              |
            5 -   idempotent: yes
            5 +   idempotent: true
              |
            error[E052]: expected one of `retry`, `fail`, `pause`, found a list
             --> concurrency.yaml:6:3
              |
            6 |   in_doubt: [x]
              |   ^^^^^^^^ this is a list
            error[E052]: expected `true` or `false`, found a string
             --> concurrency.yaml:7:13
              |
            7 |   critical: maybe
              |             ^^^^^ this is a string
            error[E052]: expected a string, found a number
             --> concurrency.yaml:8:16
              |
            8 |   description: 5
              |                ^ this is a number
            error[E056]: `exponential` is no value of `strategy`
              --> concurrency.yaml:11:13
               |
            11 |   strategy: exponential
               |             ^^^^^^^^^^^
               |
               = note: allowed: `constant`, `linear`, `exponential_backoff`
            help: did you mean `exponential_backoff`?
               |
            11 |   strategy: exponential_backoff
               |                        ++++++++
            error[E056]: `some` is no value of `jitter`
              --> concurrency.yaml:12:11
               |
            12 |   jitter: some
               |           ^^^^
               |
               = note: allowed: `none`, `full`, `equal`
            --- fixed
            tasks:
            - id: a
              ref: m.f
              effect: read
              idempotent: true
              in_doubt: [x]
              critical: maybe
              description: 5
            policies:
            - id: p
              strategy: exponential_backoff
              jitter: some
        "#]],
    );
}

#[test]
fn a_language_that_is_none() {
    check(
        "targets:\n- language: go\n- language: pyton\n",
        expect![[r#"
            error[E056]: `pyton` is no value of `language`
             --> concurrency.yaml:3:13
              |
            3 | - language: pyton
              |             ^^^^^
              |
              = note: allowed: `python`, `typescript`, `go`
            help: did you mean `python`?
              |
            3 | - language: python
              |                +
            --- fixed
            targets:
            - language: go
            - language: python
        "#]],
    );
}

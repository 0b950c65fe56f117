//! List items where a mapping's key must stand: found everywhere, mended where the key is known.

use expect_test::expect;

use crate::check;

#[test]
fn in_several_workflows_with_other_mistakes_around() {
    check(
        "\
version: '1.0'
version: '1.0'
workflows:
  - id: one
    # first
    # second

    # third
    - task: a # why
    - task: b
    output: ${b}

  - id: two   # two
    - parallel:
        - task: a
        - task: b
      on_failure: wait
      on_failure: wait
tasks:
  - id: a
",
        expect![[r#"
            error[E012]: the key `version` stands twice
             --> concurrency.yaml:2:1
              |
            1 | version: '1.0'
              | ------- first here
            2 | version: '1.0'
              | ^^^^^^^ here again
              |
              = help: keep one of the two
            error[E007]: list items stand where a key must stand
             --> concurrency.yaml:9:5
              |
            4 |   - id: one
              |   --------- in this workflow
            ...
            9 |     - task: a # why
              |     ^^^^^^^^^ this item belongs to no key of the workflow
              |
              = note: steps inside a workflow stand under its key `steps`
            help: put the items under `steps:`
              |
            8 +     steps:
              |
            error[E007]: list items stand where a key must stand
              --> concurrency.yaml:14:5
               |
            13 |   - id: two   # two
               |   --------- in this workflow
            14 |     - parallel:
               |     ^^^^^^^^^^^ this item belongs to no key of the workflow
               |
               = note: steps inside a workflow stand under its key `steps`
            help: put the items under `steps:`
               |
            14 +     steps:
               |
            error[E012]: the key `on_failure` stands twice
              --> concurrency.yaml:18:7
               |
            17 |       on_failure: wait
               |       ---------- first here
            18 |       on_failure: wait
               |       ^^^^^^^^^^ here again
               |
               = help: keep one of the two
            --- fixed
            version: '1.0'
            version: '1.0'
            workflows:
              - id: one
                # first
                # second

                steps:
                # third
                - task: a # why
                - task: b
                output: ${b}

              - id: two   # two
                steps:
                - parallel:
                    - task: a
                    - task: b
                  on_failure: wait
                  on_failure: wait
            tasks:
              - id: a
            --- still: E012 the key `version` stands twice
            --- still: E012 the key `on_failure` stands twice
        "#]],
    );
}

#[test]
fn items_in_two_parts_of_a_workflow() {
    check(
        "workflows:\n  - id: w\n    - task: a\n    output: x\n    - task: b\n",
        expect![[r#"
            error[E007]: list items stand where a key must stand
             --> concurrency.yaml:3:5
              |
            2 |   - id: w
              |   ------- in this workflow
            3 |     - task: a
              |     ^^^^^^^^^ this item belongs to no key of the workflow
              |
              = note: steps inside a workflow stand under its key `steps`
            help: put the items under `steps:`
              |
            3 +     steps:
              |
            error[E007]: list items stand where a key must stand
             --> concurrency.yaml:5:5
              |
            2 |   - id: w
              |   ------- in this workflow
            ...
            5 |     - task: b
              |     ^^^^^^^^^ this item belongs to no key of the workflow
              |
              = help: the workflow has `steps` already: move these items there
            --- fixed
            workflows:
              - id: w
                steps:
                - task: a
                output: x
                - task: b
            --- still: E007 list items stand where a key must stand
        "#]],
    );
    check(
        "workflows:\n  - id: w\n    steps:\n      - task: a\n    output: x\n    - task: b\n",
        expect![[r#"
            error[E007]: list items stand where a key must stand
             --> concurrency.yaml:6:5
              |
            2 |   - id: w
              |   ------- in this workflow
            ...
            6 |     - task: b
              |     ^^^^^^^^^ this item belongs to no key of the workflow
              |
              = help: the workflow has `steps` already: move these items there
        "#]],
    );
    check(
        "workflows:\n  - id: w\n    - task: b\n    steps:\n      - task: a\n",
        expect![[r#"
        error[E007]: list items stand where a key must stand
         --> concurrency.yaml:3:5
          |
        2 |   - id: w
          |   ------- in this workflow
        3 |     - task: b
          |     ^^^^^^^^^ this item belongs to no key of the workflow
          |
          = help: the workflow has `steps` already: move these items there
    "#]],
    );
}

#[test]
fn in_a_step_and_in_a_block() {
    check(
        "workflows:\n- id: w\n  steps:\n  - when: ${x}\n    - task: a\n    - task: b\n",
        expect![[r#"
            error[E007]: list items stand where a key must stand
             --> concurrency.yaml:5:5
              |
            4 |   - when: ${x}
              |   ------------ in this step
            5 |     - task: a
              |     ^^^^^^^^^ this item belongs to no key of the step
              |
              = note: steps inside a step stand under its key `sequence`
            help: put the items under `sequence:`
              |
            5 +     sequence:
              |
            --- fixed
            workflows:
            - id: w
              steps:
              - when: ${x}
                sequence:
                - task: a
                - task: b
        "#]],
    );
    check(
        "workflows:\n- id: w\n  steps:\n  - map:\n      over: ${x}\n      - task: a\n",
        expect![[r#"
            error[E007]: list items stand where a key must stand
             --> concurrency.yaml:6:7
              |
            5 |       over: ${x}
              |       ---------- in this block
            6 |       - task: a
              |       ^^^^^^^^^ this item belongs to no key of the block
              |
              = note: steps inside a block stand under its key `steps`
            help: put the items under `steps:`
              |
            6 +       steps:
              |
            --- fixed
            workflows:
            - id: w
              steps:
              - map:
                  over: ${x}
                  steps:
                  - task: a
        "#]],
    );
    check(
        "workflows:\n- id: w\n  steps:\n  - parallel:\n    id: x\n    - task: a\n",
        expect![[r#"
        error[E007]: list items stand where a key must stand
         --> concurrency.yaml:6:5
          |
        4 |   - parallel:
          |   ----------- in this step
        5 |     id: x
        6 |     - task: a
          |     ^^^^^^^^^ this item belongs to no key of the step
          |
          = help: put the items under the key that they belong to
    "#]],
    );
}

#[test]
fn deeper_than_the_keys() {
    check(
        "workflows:\n  - id: w\n    durable: true\n      - task: a\n      - task: b\n    output: x\n",
        expect![[r#"
            error[E007]: list items stand where a key must stand
             --> concurrency.yaml:4:7
              |
            2 |   - id: w
              |   ------- in this workflow
            3 |     durable: true
            4 |       - task: a
              |       ^^^^^^^^^ this item belongs to no key of the workflow
              |
              = note: steps inside a workflow stand under its key `steps`
            help: put the items under `steps:`
              |
            4 +     steps:
              |
            --- fixed
            workflows:
              - id: w
                durable: true
                steps:
                  - task: a
                  - task: b
                output: x
        "#]],
    );
}

#[test]
fn where_no_key_is_known() {
    check(
        "version: '1'\n- task: a\n- b\ntasks: []\n",
        expect![[r#"
        error[E007]: list items stand where a key must stand
         --> concurrency.yaml:2:1
          |
        1 | version: '1'
          | ------------ in this mapping
        2 | - task: a
          | ^^^^^^^^^ this item belongs to no key of the mapping
          |
          = help: put the items under the key that they belong to
    "#]],
    );
    check(
        "tasks:\n  - id: a\n    ref: m.f\n    - x\n    - y\n",
        expect![[r#"
        error[E007]: list items stand where a key must stand
         --> concurrency.yaml:4:5
          |
        2 |   - id: a
          |   ------- in this mapping
        3 |     ref: m.f
        4 |     - x
          |     ^^^ this item belongs to no key of the mapping
          |
          = help: put the items under the key that they belong to
    "#]],
    );
}

#[test]
fn with_windows_line_ends() {
    check(
        "workflows:\r\n  - id: w\r\n    - task: a\r\n    - task: b\r\n",
        expect![[r#"
            error[E007]: list items stand where a key must stand
             --> concurrency.yaml:3:5
              |
            2 |   - id: w
              |   ------- in this workflow
            3 |     - task: a
              |     ^^^^^^^^^ this item belongs to no key of the workflow
              |
              = note: steps inside a workflow stand under its key `steps`
            help: put the items under `steps:`
              |
            3 +     steps:
              |
            --- fixed
            workflows:␍
              - id: w␍
                steps:␍
                - task: a␍
                - task: b␍
        "#]],
    );
}

#[test]
fn plain_items_and_nested_lists() {
    check(
        "workflows:\n  - id: w\n    - a\n    - - b\n      - c\n    -\n      task: d\n",
        expect![[r#"
            error[E007]: list items stand where a key must stand
             --> concurrency.yaml:3:5
              |
            2 |   - id: w
              |   ------- in this workflow
            3 |     - a
              |     ^^^ this item belongs to no key of the workflow
              |
              = note: steps inside a workflow stand under its key `steps`
            help: put the items under `steps:`
              |
            3 +     steps:
              |
            --- fixed
            workflows:
              - id: w
                steps:
                - a
                - - b
                  - c
                -
                  task: d
        "#]],
    );
}

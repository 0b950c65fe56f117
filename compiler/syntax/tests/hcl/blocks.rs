//! Blocks where none may stand, and labels that are missing or too many.

use expect_test::expect;

use crate::check;

#[test]
fn blocks() {
    check(
        "tasks = [{ id = \"a\" }]\nworkflow \"w\" {\n  task = \"a\"\n  parallel = []\n  steps = []\n}\n",
        expect![[r#"
        error[E028]: `tasks` is written as a block in HCL
         --> concurrency.hcl:1:1
          |
        1 | tasks = [{ id = "a" }]
          | ^^^^^ this is an attribute
          |
          = help: write `task "ID" { ... }` for each
        error[E028]: `task` is written as a block in HCL
         --> concurrency.hcl:3:3
          |
        3 |   task = "a"
          |   ^^^^ this is an attribute
          |
        help: make it a block
          |
        3 -   task = "a"
        3 +   task "a" {}
          |
        error[E028]: `parallel` is written as a block in HCL
         --> concurrency.hcl:4:3
          |
        4 |   parallel = []
          |   ^^^^^^^^ this is an attribute
          |
          = help: write `parallel { ... }`
        error[E028]: `steps` is written as blocks in HCL
         --> concurrency.hcl:5:3
          |
        5 |   steps = []
          |   ^^^^^ this is an attribute
          |
          = help: each step is a block: `task "fetch_user" {}`
        --- fixed
        tasks = [{ id = "a" }]
        workflow "w" {
          task "a" {}
          parallel = []
          steps = []
        }
        --- still: E028 `tasks` is written as a block in HCL
        --- still: E028 `parallel` is written as a block in HCL
        --- still: E028 `steps` is written as blocks in HCL
    "#]],
    );
    check(
        "workflow \"w\" {\n  steps {\n    task \"a\" {}\n  }\n}\n",
        expect![[r#"
        error[E028]: a body holds its steps directly, without a `steps` block
         --> concurrency.hcl:2:3
          |
        2 |   steps {
          |   ^^^^^
          |
          = help: put its blocks in its place
    "#]],
    );
    check(
        "workflow \"w\" {\n  task \"a\" {\n    sequence {}\n  }\n  task {}\n  task \"a\" \"b\" \"c\" {}\n}\n",
        expect![[r#"
            error[E028]: a call holds no steps
             --> concurrency.hcl:3:5
              |
            3 |     sequence {}
              |     ^^^^^^^^
              |
              = help: steps stand in a workflow, a `sequence` or a `parallel`
            error[E027]: a `task` names what it calls in a label
             --> concurrency.hcl:5:3
              |
            5 |   task {}
              |   ^^^^ no label
              |
              = help: write `task "ID" { ... }`
            error[E027]: `task` takes two labels
             --> concurrency.hcl:6:16
              |
            6 |   task "a" "b" "c" {}
              |                ^^^ one label too many
        "#]],
    );
    check(
        "workflow \"w\" \"v\" {\n  input \"n\" { type = \"int\" }\n  sequence \"a\" \"b\" {}\n}\n",
        expect![[r#"
        error[E027]: `workflow` takes one label
         --> concurrency.hcl:1:14
          |
        1 | workflow "w" "v" {
          |              ^^^ one label too many
        error[E027]: `input` takes no label here
         --> concurrency.hcl:2:9
          |
        2 |   input "n" { type = "int" }
          |         ^^^ one label too many
          |
          = help: what a label would name is a key of its own: `NAME = ...`
        error[E027]: `sequence` takes one label
         --> concurrency.hcl:3:16
          |
        3 |   sequence "a" "b" {}
          |                ^^^ one label too many
    "#]],
    );
    check(
        "task \"a\" {\n  id = \"b\"\n  ref = \"m.a\"\n  ref = \"m.b\"\n  with {}\n  with = {}\n}\n",
        expect![[r#"
        error[E012]: the key `id` stands twice
         --> concurrency.hcl:2:3
          |
        1 | task "a" {
          | ---- first here
        2 |   id = "b"
          |   ^^ here again
          |
          = help: keep one of the two
        error[E012]: the key `ref` stands twice
         --> concurrency.hcl:4:3
          |
        3 |   ref = "m.a"
          |   --- first here
        4 |   ref = "m.b"
          |   ^^^ here again
          |
          = help: keep one of the two
        error[E012]: the key `with` stands twice
         --> concurrency.hcl:6:3
          |
        5 |   with {}
          |   ---- first here
        6 |   with = {}
          |   ^^^^ here again
          |
          = help: keep one of the two
    "#]],
    );
    check(
        "workflow \"w\" {\n  switch {\n    task \"a\" {}\n  }\n}\n",
        expect![[r#"
            error[E028]: the steps of a `switch` stand in `case` and `default` blocks
             --> concurrency.hcl:3:5
              |
            3 |     task "a" {}
              |     ^^^^
              |
              = help: put it into one of them
        "#]],
    );
    check(
        "workflow \"w\" {\n  sleep = \"5m\"\n  return = [1, 2]\n  emit = {}\n}\n",
        expect![[r#"
            error[E028]: `sleep` is written as a block in HCL
             --> concurrency.hcl:2:3
              |
            2 |   sleep = "5m"
              |   ^^^^^ this is an attribute
              |
            help: make it a block
              |
            2 |   sleep { duration = "5m" }
              |         ++++++++++        +
            error[E028]: `return` is written as a block in HCL
             --> concurrency.hcl:3:3
              |
            3 |   return = [1, 2]
              |   ^^^^^^ this is an attribute
              |
            help: make it a block
              |
            3 |   return { value = [1, 2] }
              |          +++++++          +
            error[E028]: `emit` is written as a block in HCL
             --> concurrency.hcl:4:3
              |
            4 |   emit = {}
              |   ^^^^ this is an attribute
              |
              = help: write `emit { ... }`
            --- fixed
            workflow "w" {
              sleep { duration = "5m" }
              return { value = [1, 2] }
              emit = {}
            }
            --- still: E028 `emit` is written as a block in HCL
        "#]],
    );
    check(
        "workflow \"w\" {\n  sleep \"soon\" {}\n  return \"a\\\"b\" { when = \"${x}\" }\n}\n",
        expect![[r#"
            error[E027]: the label of a `sleep` is its id, and its `duration` is missing
             --> concurrency.hcl:2:9
              |
            2 |   sleep "soon" {}
              |         ^^^^^^
              |
              = help: write `sleep { duration = "soon" }`
            error[E027]: the label of a `return` is its id, and its `value` is missing
             --> concurrency.hcl:3:10
              |
            3 |   return "a\"b" { when = "${x}" }
              |          ^^^^^^
              |
              = help: write `return { value = "a\"b" }`
        "#]],
    );
}

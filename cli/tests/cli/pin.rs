//! `fix --pin-bindings`: what was inferred is written out, in either syntax, and means the same.

use serde_json::json;

use crate::support::Project;

const WORK: &str = "\
from dataclasses import dataclass


@dataclass
class User:
    id: str


async def fetch(user_id: str) -> User:
    return User(user_id)


async def charge(user: User, amount: int, note: str = '') -> str:
    return ''


async def receipt(buyer: User, tags: dict[str, int] | None) -> None:
    pass
";

fn project(name: &str, manifest: &str) -> Project {
    let project = Project::empty();
    project.write(name, manifest);
    project.write("work.py", WORK);
    project
}

/// Pins the bindings: the manifest afterwards, once nothing is left and the Plans are those of before.
fn pinned(name: &str, manifest: &str) -> String {
    let project = project(name, manifest);
    project.conductor(&["build"]).says(0, &[]);
    let plans = project.read("conductor_gen/plans.json");
    project.conductor(&["fix", "--pin-bindings"]).says(0, &["written: "]);
    let (_, document) = project.json(&["plan"]);
    assert_eq!(document["bindings"], json!([]), "{}", project.read(name));
    assert_eq!(document["summary"]["keep"], json!(document["workflows"].as_array().unwrap().len()));
    project.conductor(&["build", "--check"]).says(0, &["up to date"]);
    assert_eq!(plans, project.read("conductor_gen/plans.json"));
    let text = project.read(name);
    project.conductor(&["fix", "--pin-bindings"]).says(0, &["no binding to write out"]);
    assert_eq!(text, project.read(name));
    text
}

#[test]
fn block_style_keeps_its_comments() {
    let before = "\
# The shop.
tasks:
  - {id: fetch, ref: work.fetch, effect: read}
  - {id: charge, ref: work.charge}
  - {id: receipt, ref: work.receipt}
workflows:
  - id: order # of one user
    steps:
      - task: fetch # first
      - task: charge
        with: # by hand
          note: hello # a text
      - parallel:
          - task: receipt
            with: {}
            id: bill
          - {task: charge, id: tip, with: {amount: 5}}
";
    let after = "\
# The shop.
tasks:
  - {id: fetch, ref: work.fetch, effect: read}
  - {id: charge, ref: work.charge}
  - {id: receipt, ref: work.receipt}
workflows:
  - id: order # of one user
    input:
      amount: int
      tags: \"map<string, int>?\"
      user_id: string
    steps:
      - task: fetch # first
        with: {user_id: \"${input.user_id}\"}
      - task: charge
        with: # by hand
          note: hello # a text
          amount: ${input.amount}
          user: ${fetch}
      - parallel:
          - task: receipt
            with: {buyer: \"${fetch}\", tags: \"${input.tags}\"}
            id: bill
          - {task: charge, id: tip, with: {amount: 5, user: \"${fetch}\"}}
";
    assert_eq!(pinned("concurrency.yaml", before), after);
}

#[test]
fn flow_style_stays_flow_style() {
    let tasks = "tasks: [{id: fetch, ref: work.fetch, effect: read}]\n";
    let before = format!("{tasks}workflows: [{{id: order, steps: [task: fetch]}}]\n");
    let after = format!(
        "{tasks}workflows: [{{id: order, input: {{user_id: string}}, steps: [{{task: fetch, with: {{user_id: \"${{input.user_id}}\"}}}}]}}]\n"
    );
    assert_eq!(pinned("concurrency.yaml", &before), after);
}

#[test]
fn a_declared_input_is_kept_and_others_join_it() {
    let tasks =
        "tasks:\n  - {id: fetch, ref: work.fetch, effect: read}\n  - {id: charge, ref: work.charge}\n";
    let before = format!(
        "{tasks}workflows:\n  - id: order\n    input:\n      zone: string # unused\n    steps:\n      - task: fetch\n      - task: charge\n"
    );
    let after = format!(
        "{tasks}workflows:\n  - id: order\n    input:\n      zone: string # unused\n      amount: int\n      user_id: string\n    steps:\n      - task: fetch\n        with: {{user_id: \"${{input.user_id}}\"}}\n      - task: charge\n        with: {{amount: \"${{input.amount}}\", user: \"${{fetch}}\"}}\n"
    );
    assert_eq!(pinned("concurrency.yaml", &before), after);
}

#[test]
fn blocks_of_hcl_get_attributes() {
    let before = "\
task \"fetch\" {
  ref    = \"work.fetch\"
  effect = \"read\"
}

task \"charge\" {
  ref = \"work.charge\"
}

workflow \"order\" {
  # one user
  task \"fetch\" {}
  task \"charge\" { with = { note = \"hi\" } }
  parallel {
    task \"charge\" \"tip\" {
      with {
        amount = 5 # euros
      }
    }
    task \"charge\" \"more\" { critical = false }
  }
}
";
    let after = "\
task \"fetch\" {
  ref    = \"work.fetch\"
  effect = \"read\"
}

task \"charge\" {
  ref = \"work.charge\"
}

workflow \"order\" {
  # one user
  task \"fetch\" {
    with = { user_id = \"${input.user_id}\" }
  }
  task \"charge\" { with = { note = \"hi\", amount = \"${input.amount}\", user = \"${fetch}\" } }
  parallel {
    task \"charge\" \"tip\" {
      with {
        amount = 5 # euros
        user = \"${fetch}\"
      }
    }
    task \"charge\" \"more\" {
      critical = false
      with = { amount = \"${input.amount}\", user = \"${fetch}\" }
    }
  }
  input = { amount = \"int\", user_id = \"string\" }
}
";
    assert_eq!(pinned("concurrency.hcl", before), after);
}

#[test]
fn a_manifest_with_errors_is_left_alone() {
    let manifest = "tasks: [{id: fetch, ref: work.gone}]\nworkflows: [{id: order, steps: [task: fetch]}]\n";
    let project = project("concurrency.yaml", manifest);
    project.conductor(&["fix", "--pin-bindings"]).says(1, &["gone"]);
    assert_eq!(project.read("concurrency.yaml"), manifest);
}

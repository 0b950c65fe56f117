//! Drafts as text: where a new workflow stands, and both syntaxes. `properties/drafts.rs` has what they leave alone.

use conductor_driver::drafting::{Drafted, draft};

use crate::support::Project;

fn drafted(project: &Project, instruction: &str, workflow: Option<&str>) -> Drafted {
    let name = project.manifest();
    draft((instruction, workflow), (name, project.get(name).as_bytes(), None), &mut |need| {
        project.answer(need)
    })
}

const CODE: &str = "
from decimal import Decimal

def fetch_user(user_id: str) -> str: ...
def check_permissions(fetch_user: str) -> None: ...
def charge(amount: Decimal) -> None: ...
def send_email(user_id: str) -> None: ...
";
const TASKS: &str = "\
tasks:
  - {id: fetch_user, ref: m.fetch_user} # who
  - {id: check_permissions, ref: m.check_permissions}
  - {id: process_payment, ref: m.charge}
  - {id: send_receipt, ref: m.send_email}
";

#[test]
fn a_new_workflow_stands_at_the_end_and_is_an_entrypoint() {
    let project = Project::new([("concurrency.yaml", TASKS), ("m.py", CODE)]);
    let sentence = "run fetch_user and check_permissions sequentially, then in parallel process payment and send a receipt";
    let outcome = drafted(&project, sentence, Some("order"));
    let expected = format!(
        "{TASKS}
workflows:
  - id: order
    entrypoint: true
    steps:
      - task: fetch_user
      - task: check_permissions
      - parallel:
          - task: process_payment
          - task: send_receipt
"
    );
    assert_eq!(outcome.text.as_deref(), Some(expected.as_str()));
    let project = Project::new([("concurrency.yaml", expected.as_str()), ("m.py", CODE)]);
    assert_eq!(drafted(&project, sentence, None).text.as_deref(), Some(expected.as_str()), "again");
}

#[test]
fn hcl_is_written_as_hcl() {
    let manifest = "\
task \"fetch_user\" {
  ref = \"m.fetch_user\"
}

task \"process_payment\" {
  ref = \"m.charge\"
}

workflow \"order\" {
  entrypoint = true

  # Who is it?
  task \"fetch_user\" {}
  task \"process_payment\" {}
}
";
    let project = Project::new([("concurrency.hcl", manifest), ("m.py", CODE)]);
    let outcome = drafted(
        &project,
        "retry the payment twice, and the whole workflow must finish within 9 seconds",
        None,
    );
    let text = outcome.text.expect("it is drafted");
    for part in [
        "policy \"process_payment_policy\" {\n  retries = 2\n}",
        "deadline   = \"9s\"",
        "# Who is it?\n  task \"fetch_user\" {}",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let outcome = drafted(&project, "if the amount is above 1000 ask for approval first", None);
    assert!(outcome.text.expect("it is drafted").contains("wait_for {"), "as a block");
}

#[test]
fn a_manifest_that_cannot_be_read_is_mended_first() {
    let project = Project::new([("concurrency.yaml", "tasks: [\n"), ("m.py", CODE)]);
    let outcome = drafted(&project, "fetch the user", None);
    assert!(outcome.draft.is_none() && outcome.text.is_none() && !outcome.diagnostics.is_empty());
}

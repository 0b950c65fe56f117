//! Drafts in manifests of all kinds: the text says what was drafted, and no comment is lost.

use conductor_driver::drafting::{Drafted, draft};

use crate::samples::samples;
use crate::support::Project;

fn drafted(project: &Project, instruction: &str, workflow: Option<&str>) -> Drafted {
    let name = project.manifest();
    draft((instruction, workflow), (name, project.get(name).as_bytes(), None), &mut |need| {
        project.answer(need)
    })
}

/// Each workflow with the tasks that it calls, in the order of its Plan; what is called twice is left out.
fn workflows(project: &Project) -> Vec<(String, Vec<String>)> {
    let plans = project.compile().compiled.map(|compiled| compiled.plans).unwrap_or_default();
    let calls = |plan: &conductor_protocol::plan::Plan| {
        let mut tasks = Vec::new();
        called(&serde_json::to_value(plan).expect("a Plan is JSON")["steps"], &mut tasks);
        let once = |task: &&String| tasks.iter().filter(|other| other == task).count() == 1;
        (plan.workflow.clone(), tasks.iter().filter(once).cloned().collect())
    };
    plans.iter().map(calls).collect()
}

fn called(value: &serde_json::Value, tasks: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| called(item, tasks)),
        serde_json::Value::Object(fields) => {
            tasks.extend(fields.get("task").and_then(|task| task.as_str()).map(str::to_owned));
            fields.values().for_each(|value| called(value, tasks));
        }
        _ => {}
    }
}

/// Instructions about the steps that a workflow has.
fn instructions(tasks: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    if let [first, rest @ ..] = tasks {
        all.push(format!("retry {first} 4 times with backoff"));
        all.push(format!("give {first} 7 seconds"));
        all.push(format!("ignore failures of {first}"));
        all.push("ask for approval first".to_owned());
        if let Some(second) = rest.first() {
            all.push(format!("move {second} before {first}"));
            all.push(format!("remove {second}"));
            all.push(format!("run {first} and {second} in parallel"));
        }
    }
    all
}

fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.find("# ").map(|at| line[at..].trim())).collect()
}

#[test]
fn drafts_keep_comments_and_say_what_was_asked() {
    let (mut written, mut asked) = (0, 0);
    for folder in ["tests/manifests", "tests/patterns"] {
        for (path, project) in samples(folder) {
            let name = project.manifest();
            let before = project.get(name);
            for (workflow, tasks) in &workflows(&project) {
                for instruction in instructions(tasks) {
                    let outcome = drafted(&project, &instruction, Some(workflow));
                    let Some(text) = outcome.text else {
                        asked += 1;
                        continue;
                    };
                    written += 1;
                    let after = comments(&text);
                    if !instruction.starts_with("remove") {
                        for comment in comments(before) {
                            assert!(
                                after.contains(&comment),
                                "{}: {instruction}: {comment}\n{text}",
                                path.display()
                            );
                        }
                    }
                    let mut again = project.clone();
                    again.set(name, &text);
                    let same = drafted(&again, &instruction, Some(workflow)).text;
                    if !instruction.starts_with("ask")
                        && !instruction.starts_with("remove")
                        && !instruction.starts_with("move")
                    {
                        assert_eq!(same.as_ref(), Some(&text), "{}: {instruction}", path.display());
                    }
                }
            }
        }
    }
    println!("{written} written, {asked} asked");
    assert!(written > 100 && written > asked, "{written} written, {asked} asked");
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

//! `draft`: what it prints and writes, the form that programs rely on, and what it refuses.

use serde_json::{Value, json};

use crate::support::Project;

const SENTENCE: &str =
    "run fetch_user and check_permissions sequentially, then in parallel process payment and send a receipt";

fn json(project: &Project, arguments: &[&str]) -> (Option<i32>, Value) {
    let all: Vec<&str> = ["draft", "--format", "json"].iter().chain(arguments).copied().collect();
    let finished = project.conductor(&all);
    (
        finished.code,
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}")),
    )
}

#[test]
fn the_sentence_of_the_vision_gives_its_workflow() {
    let project = Project::shop();
    let before = project.files();
    let (code, drafted) = json(&project, &["--offline", SENTENCE]);
    let parallel = json!([{"task": "process_payment"}, {"task": "send_receipt"}]);
    let steps = json!([{"task": "fetch_user"}, {"task": "check_permissions"}, {"parallel": parallel}]);
    assert_eq!(code, Some(0), "{drafted}");
    assert_eq!(drafted["steps"], steps);
    assert_eq!(
        (&drafted["workflow"], &drafted["question"]),
        (&json!("process_order_workflow"), &Value::Null)
    );
    assert!(
        drafted["understood"][0]["text"].is_string() && drafted["understood"][0]["as"].is_string(),
        "{drafted}"
    );
    let words: Vec<&str> =
        std::iter::once("--workflow").chain(["other"]).chain(SENTENCE.split(' ')).collect();
    let (code, other) = json(&project, &words);
    assert_eq!((code, &other["steps"], &other["workflow"]), (Some(0), &steps, &json!("other")), "{other}");
    assert_eq!(before, project.files(), "nothing is written");
}

#[test]
fn what_is_written_runs_through_the_checker_and_is_written_once() {
    let project = Project::shop();
    for instruction in [
        "retry the payment five times with backoff",
        "wait at most two seconds for the permission check",
        "if the amount is above 1000 ask for approval first",
        "send the receipt only when the payment succeeded",
    ] {
        let finished = project.conductor(&["draft", "--write", instruction]);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(finished.stdout.contains("+++ b/concurrency.yaml"), "{finished:?}");
    }
    let text = project.read("concurrency.yaml");
    for part in
        ["retries: 5", "timeout: 2s", "when: ${input.amount > 1000}", "# Simple sequence of critical steps"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(project.conductor(&["check"]).code, Some(0));
    let again = project.conductor(&["draft", "--write", "retry the payment five times with backoff"]);
    assert!(again.stderr.contains("says that already"), "{again:?}");
    assert_eq!(project.read("concurrency.yaml"), text);
}

#[test]
fn a_question_is_no_draft() {
    let project = Project::shop();
    let (code, asked) = json(&project, &["refund the payment"]);
    assert_eq!((code, &asked["steps"]), (Some(1), &Value::Null), "{asked}");
    assert!(asked["question"].as_str().unwrap().contains("\"refund the payment\""), "{asked}");
    let finished = project.conductor(&["draft", "--write", "make it better"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stdout.starts_with("question: "), "{finished:?}");
    assert_eq!(project.conductor(&["draft"]).code, Some(2));
    assert_eq!(project.conductor(&["draft", ""]).code, Some(1));
    let long = "then fetch the user ".repeat(5_000);
    assert_eq!(project.conductor(&["draft", &long]).code, Some(1));
}

#[test]
fn what_the_checker_refuses_is_not_written() {
    let project = Project::hello();
    let finished = project.conductor(&["draft", "--write", "greet only if the name is above 3"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stdout.contains("question: "), "{finished:?}");
    assert!(!project.read("concurrency.yaml").contains("when"), "it was not written");
}

#[test]
fn comments_of_the_code_are_drafted_once() {
    let project = Project::shop();
    let code = project.read("app.py");
    project.write("app.py", format!("# Conductor: process the payment,\n# then send the receipt\n{code}"));
    project.write("worker.ts", "// Conductor: fetch the user, then frobnicate\nexport {};\n");
    project.write("concurrency.yaml", project.read("concurrency.yaml").split("# 3.").next().unwrap());
    let finished = project.conductor(&["draft", "--from-comments", "--write"]);
    assert_eq!(finished.code, Some(1), "one of them is a question: {finished:?}");
    assert!(
        finished.stdout.contains("app.py:1\n") && finished.stdout.contains("worker.ts:1\n    question: "),
        "{finished:?}"
    );
    let text = project.read("concurrency.yaml");
    assert!(
        text.contains("    steps:\n      - task: process_payment\n      - task: send_receipt\n"),
        "{text}"
    );
    project.conductor(&["draft", "--from-comments", "--write"]);
    assert_eq!(project.read("concurrency.yaml"), text, "drafting again changes nothing");
    let (_, drafts) = json(&project, &["--from-comments"]);
    assert_eq!(drafts["drafts"][0]["file"], json!("app.py"));
}

#[test]
fn a_step_whose_result_others_use_is_not_taken_away_unasked() {
    let project = Project::shop();
    project.write(
        "shop.py",
        "async def find(user_id: str) -> str: ...\n\n\nasync def greet(find: str) -> None: ...\n",
    );
    let manifest = "version: \"1.0\"\ntasks:\n  - {id: find, ref: shop.find, effect: read}\n  - {id: greet, ref: shop.greet, in_doubt: retry}\n\
                    workflows:\n  - id: welcome\n    steps:\n      - task: find\n      - task: greet\n";
    project.write("concurrency.yaml", manifest);
    for instruction in ["remove find", "find in the background", "move greet before find"] {
        let (code, drafted) = json(&project, &[instruction]);
        let question = drafted["question"].as_str().unwrap_or_default();
        assert_eq!(code, Some(1), "{instruction}: {drafted}");
        assert!(question.contains("`greet` takes `find` from `find`"), "{instruction}: {drafted}");
    }
    project.write(
        "concurrency.yaml",
        manifest.replace("  - id: welcome\n", "  - id: welcome\n    input: {find: string}\n"),
    );
    let (code, drafted) = json(&project, &["remove find"]);
    assert_eq!((code, &drafted["question"]), (Some(0), &Value::Null), "{drafted}");
}

#[test]
fn a_value_of_the_caller_does_not_become_a_result_unasked() {
    let project = Project::shop();
    project.write(
        "shop.py",
        "async def find(user_id: str) -> str: ...\n\n\nasync def greet(find: str) -> None: ...\n",
    );
    let manifest = "version: \"1.0\"\ntasks:\n  - {id: find, ref: shop.find, effect: read}\n  - {id: greet, ref: shop.greet, in_doubt: retry}\n\
                    workflows:\n  - id: welcome\n    steps:\n      - task: greet\n      - task: find\n";
    project.write("concurrency.yaml", manifest);
    let (code, drafted) = json(&project, &["move greet after find"]);
    let question = drafted["question"].as_str().unwrap_or_default();
    assert_eq!(code, Some(1), "{drafted}");
    assert!(question.contains("`greet` takes `find` from whoever calls `welcome`"), "{drafted}");
    // A step that is new was asked for.
    project.write("concurrency.yaml", manifest.replace("\n      - task: find\n", "\n"));
    let (code, drafted) = json(&project, &["add find before greet"]);
    assert_eq!((code, &drafted["question"]), (Some(0), &Value::Null), "{drafted}");
}

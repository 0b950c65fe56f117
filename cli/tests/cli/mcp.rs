//! `mcp`: a client of the official SDK uses the commands as tools.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::Project;

const MANIFEST: &str = "\
tasks:
  - id: greet
    ref: greetings.greet
  - id: wave
    ref: greetings.wave
";
const CODE: &str =
    "def greet(name: str) -> str:\n    return name\n\n\ndef wave(greet: str) -> str:\n    return greet\n";

fn talk(project: &Project) -> Value {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(tests.join("../target/venv/bin/python"))
        .arg(tests.join("tests/cli/mcp_client.py"))
        .arg(env!("CARGO_BIN_EXE_conductor"))
        .arg(project.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn a_client_drafts_checks_and_simulates_a_workflow() {
    let project = Project::empty();
    project.write("concurrency.yaml", MANIFEST);
    project.write("greetings.py", CODE);
    let said = talk(&project);
    assert_eq!(said["server"], json!("conductor"));
    for tool in ["check", "lint", "plan", "draft", "simulate", "explain", "runs", "show"] {
        assert_eq!(said["tools"][tool]["type"], json!("object"), "{tool}: {said}");
    }
    assert_eq!(said["tools"]["draft"]["required"], json!(["instruction"]));
    assert!(said["resources"].as_array().unwrap().contains(&json!("conductor://schema")), "{said}");
    assert!(said["prompts"].as_array().unwrap().contains(&json!("write_workflow")), "{said}");
    assert!(said["schema"]["$schema"].is_string(), "{}", said["schema"]);
    assert!(said["prompt"].as_str().unwrap().contains("greet, then wave"), "{said}");
    let steps = json!([{"task": "greet"}, {"task": "wave"}]);
    assert_eq!(
        (&said["drafted"]["error"], &said["drafted"]["value"]["steps"]),
        (&json!(false), &steps),
        "{said}"
    );
    assert!(project.read("concurrency.yaml").contains("- id: both"), "it was written");
    assert_eq!(said["checked"]["value"]["diagnostics"].as_array().map(Vec::len), Some(0), "{said}");
    assert_eq!(said["simulated"]["error"], json!(false), "{said}");
    assert!(said["explained"]["text"].as_str().unwrap().contains("E101"), "{said}");
}

#[test]
fn questions_are_answers_and_mistakes_are_errors() {
    let project = Project::empty();
    project.write("concurrency.yaml", MANIFEST);
    project.write("greetings.py", CODE);
    let said = talk(&project);
    assert_eq!(said["asked"]["error"], json!(false), "{said}");
    assert!(said["asked"]["value"]["question"].is_string(), "{said}");
    assert_eq!(said["unknown"]["error"], json!(true), "no sidecar answers: {said}");
    assert_eq!(said["wrong"], json!({"error": true, "value": null, "text": "`show` takes no `rum`"}));
    assert_eq!(said["dashes"]["error"], json!(true), "an argument is no flag: {said}");
}

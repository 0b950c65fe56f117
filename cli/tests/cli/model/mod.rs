//! Models behind endpoints: what is sent, what becomes of good and bad answers, and of endpoints that are none.

mod anthropic;
mod drafts;
mod failures;
mod reviews;
mod server;

use serde_json::{Value, json};

use crate::support::{Finished, Project, finish};

const SENTENCE: &str = "fetch the user, then charge";
const KEY: &str = "k-0123456789-secret";

/// `conductor draft` with the model at `url` and the key in the environment.
fn draft(project: &Project, url: &str, arguments: &[&str]) -> Finished {
    let all = [&["draft", "--model", "tiny", "--endpoint", url], arguments].concat();
    let mut command = project.command(&all);
    command.env("CONDUCTOR_MODEL_KEY", KEY);
    let finished = finish(
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap(),
    );
    assert!(!finished.stdout.contains(KEY) && !finished.stderr.contains(KEY), "{finished:?}");
    finished
}

/// As [`draft`], with the document that it prints.
fn drafted(project: &Project, url: &str, arguments: &[&str]) -> (Option<i32>, Value) {
    let finished = draft(project, url, &[arguments, &["--format", "json"]].concat());
    let document = serde_json::from_str(&finished.stdout);
    (finished.code, document.unwrap_or_else(|error| panic!("{error}: {finished:?}")))
}

/// An answer with these steps.
fn steps(steps: &Value) -> String {
    json!({"question": null, "workflow": "checkout", "steps": steps, "policies": []}).to_string()
}

//! Answers of a language model that say what a manifest says already: the schema takes them, and nothing changes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use conductor_driver::Syntax;
use conductor_driver::drafting::Ground;
use conductor_source::Sources;
use serde_json::{Value, json};

use crate::mutants;
use crate::samples::{patterns, samples};
use crate::support::Project;

const VALIDATE: &str = "
import json, sys
import jsonschema
for number, line in enumerate(sys.stdin):
    schema, answer = json.loads(line)
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(answer))
    if errors:
        print(number, errors[0].json_path, errors[0].message[:200])
";

fn ground(project: &Project) -> Ground {
    let name = project.manifest();
    Ground::read((name, project.get(name).as_bytes(), None), &mut |need| project.answer(need))
        .expect("a sample can be read")
}

fn document(project: &Project) -> Value {
    let name = project.manifest();
    let mut sources = Sources::default();
    let (_, tree, _) = Syntax::of(name).read(&mut sources, name, project.get(name).as_bytes());
    mutants::json_of(&tree)
}

/// Without keys that a model is not told of: each has one that says the same with a unit.
fn has_milliseconds(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_milliseconds),
        Value::Object(pairs) => {
            pairs.iter().any(|(key, value)| key.ends_with("_ms") || has_milliseconds(value))
        }
        _ => false,
    }
}

#[test]
fn an_answer_that_repeats_a_workflow_is_of_the_schema_and_changes_nothing() {
    let mut lines = Vec::new();
    let patterns = patterns::manifests().into_iter().map(|(name, project)| (name.into(), project));
    for (path, project) in samples("tests/manifests").into_iter().chain(patterns) {
        let ground = ground(&project);
        let document = document(&project);
        for workflow in document["workflows"].as_array().into_iter().flatten() {
            let (Some(id), steps) = (workflow["id"].as_str(), &workflow["steps"]) else { continue };
            let answer = json!({"answer": {"workflow": id, "steps": steps}});
            let draft = ground.answered(&answer.to_string(), Some(id));
            let draft = draft.unwrap_or_else(|why| panic!("{}: {id}: {why}", path.display()));
            let text = ground.written(&draft);
            assert_eq!(text.as_deref(), Some(project.get(project.manifest())), "{}: {id}", path.display());
            if !has_milliseconds(steps) {
                let prompt = ground.prompt("anything", Some(id));
                lines.push((format!("{}: {id}", path.display()), json!([prompt.schema, answer])));
            }
        }
    }
    assert!(lines.len() > 30, "{} answers", lines.len());
    let refused = refused(&lines.iter().map(|(_, line)| line).collect::<Vec<_>>());
    let named = refused.lines().map(|line| {
        let number: usize = line.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
        format!("{}: {line}\n", lines[number].0)
    });
    assert_eq!(named.collect::<String>(), "");
}

#[expect(clippy::disallowed_methods, reason = "the validator is a program; only the crate itself is pure")]
fn refused(lines: &[&Value]) -> String {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python");
    assert!(python.exists(), "{} is missing: run `cargo xtask setup`", python.display());
    let mut child = Command::new(&python)
        .args(["-c", VALIDATE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the validator can be started");
    let mut input = child.stdin.take().expect("it has an input");
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("the validator ends");
    writer.join().expect("the writer ends").expect("the validator reads all");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

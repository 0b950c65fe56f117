//! `conductor export schema` against lowering: what the one refuses the other refuses, in every manifest of the repository.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use conductor_source::Sources;
use conductor_syntax::Syntax;
use serde_json::{Value, json};

use crate::mutants;
use crate::support::blocks;

/// What only lowering can judge: bounds of durations, expressions, types, cron, rates, and order.
const BEYOND_A_SCHEMA: [&str; 6] = ["E057", "E059", "E060", "E062", "E063", "E067"];

/// Reads the schema and documents from standard input, one JSON text a line, and writes the numbers of those that it
/// refuses.
const WITH_JSONSCHEMA: &str = "
import json, sys
import jsonschema
schema = json.loads(sys.stdin.readline())
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
print([number for number, line in enumerate(sys.stdin) if not validator.is_valid(json.loads(line))])
";

const WITH_AJV: &str = "
const lines = require('fs').readFileSync(0, 'utf8').trimEnd().split('\\n');
const Ajv = require(process.argv[1] + '/ajv');
const validate = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false, strictTypes: false })
  .compile(JSON.parse(lines[0]));
const refused = [];
lines.slice(1).forEach((line, number) => { if (!validate(JSON.parse(line))) refused.push(number); });
console.log(JSON.stringify(refused));
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The numbers of the documents that each of two validators refuses, which agree.
fn refused(documents: &[Value]) -> BTreeSet<usize> {
    let mut input = conductor_model::schema().to_string();
    for document in documents {
        input.push('\n');
        input.push_str(&document.to_string());
    }
    let python = root().join("target/venv/bin/python");
    let modules = root().join("target/node/node_modules");
    for needed in [&python, &modules] {
        assert!(needed.exists(), "{} is missing: run `cargo xtask setup`", needed.display());
    }
    let by_python = run(&python, &["-c", WITH_JSONSCHEMA], &input);
    let by_ajv = run(Path::new("node"), &["-e", WITH_AJV, "--", &modules.to_string_lossy()], &input);
    assert_eq!(by_python, by_ajv, "the validators disagree");
    by_python
}

#[expect(clippy::disallowed_methods, reason = "validators are programs; only the crate itself is pure")]
fn run(program: &Path, arguments: &[&str], input: &str) -> BTreeSet<usize> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the validator can be started");
    let mut stdin = child.stdin.take().expect("it has an input");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("the validator ends");
    writer.join().expect("the writer ends").expect("the validator reads all");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("a list of numbers")
}

/// The document, and the codes for which lowering refuses it. `None` where it cannot even be read.
fn lowered(path: &str, text: &str) -> Option<(Value, BTreeSet<&'static str>)> {
    let mut sources = Sources::default();
    let syntax = Syntax::of(path);
    let (_, tree, findings) = syntax.read(&mut sources, path, text.as_bytes());
    if !findings.is_empty() {
        return None;
    }
    let (_, findings) = conductor_model::lower(&tree, syntax);
    Some((mutants::json_of(&tree), findings.into_iter().map(|finding| finding.code.0).collect()))
}

/// Compares both judgements; what only lowering can judge may pass the schema.
fn assert_agreement(judged: &[(String, Value, BTreeSet<&'static str>)]) {
    let documents: Vec<Value> = judged.iter().map(|(_, document, _)| document.clone()).collect();
    let refused = refused(&documents);
    let mut wrong = Vec::new();
    for (number, (name, _, codes)) in judged.iter().enumerate() {
        let excused = codes.iter().any(|code| BEYOND_A_SCHEMA.contains(code));
        match (codes.is_empty(), refused.contains(&number)) {
            (true, true) => wrong.push(format!("{name}: the schema refuses it, lowering does not")),
            (false, false) if !excused => {
                wrong.push(format!("{name}: lowering refuses it ({codes:?}), the schema does not"));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), judged.len(), wrong.join("\n"));
}

/// Every manifest in a file of the documentation: blocks that name a manifest.
#[expect(clippy::disallowed_methods, reason = "the pages are files; only the crate itself is pure")]
fn manifests_of(file: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(file).expect("a page can be read");
    let named = blocks(&text).filter(|(path, _)| path.starts_with("concurrency."));
    named.map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

fn files(folder: &str, suffixes: &[&str]) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder can be listed");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut found: Vec<PathBuf> =
        paths.filter(|path| suffixes.iter().any(|suffix| path.to_string_lossy().ends_with(suffix))).collect();
    found.sort();
    found
}

#[test]
#[expect(clippy::disallowed_methods, reason = "manifests are files; only the crate itself is pure")]
fn schema_and_lowering_judge_every_manifest_of_the_repository_alike() {
    let mut judged = Vec::new();
    let mut add = |name: String, path: &str, text: &str| {
        if let Some((document, codes)) = lowered(path, text) {
            judged.push((name, document, codes));
        }
    };
    for folder in ["docs", "docs/codes"] {
        for page in files(folder, &[".md"]) {
            for (number, (path, text)) in manifests_of(&page).into_iter().enumerate() {
                add(format!("{} ({number})", page.display()), &path, &text);
            }
        }
    }
    for folder in ["examples/shop", "compiler/driver/tests/constructs"] {
        for file in files(folder, &[".yaml", ".hcl"]) {
            let text = std::fs::read_to_string(&file).expect("a manifest can be read");
            add(file.display().to_string(), &file.to_string_lossy(), &text);
        }
    }
    assert!(judged.len() > 90, "only {} manifests were found", judged.len());
    assert_agreement(&judged);
}

#[test]
fn schema_and_lowering_judge_every_mistake_alike() {
    let judged: Vec<_> = mutants::all()
        .into_iter()
        .filter_map(|mutant| {
            let (document, codes) = lowered("concurrency.yaml", &mutant.document.to_string())?;
            Some((mutant.name, document, codes))
        })
        .collect();
    assert!(judged.len() > 1_000, "only {} mutants", judged.len());
    assert_agreement(&judged);
}

/// A workflow around a step.
fn with_step(step: &Value) -> Value {
    json!({"workflows": [{"id": "w", "steps": [step]}]})
}

#[test]
#[expect(clippy::too_many_lines, reason = "one line a mistake")]
fn structural_mistakes_are_refused_by_both() {
    let task = |more: Value| {
        let mut task = json!({"id": "a", "ref": "m.a"});
        task.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({"tasks": [task]})
    };
    let policy = |more: Value| task(json!({"policy": more}));
    let resource = |more: Value| json!({"resources": [more]});
    let table = [
        ("an unknown section", json!({"jobs": []})),
        ("a section that is no list", json!({"tasks": {"a": {}}})),
        ("an item that is no mapping", json!({"tasks": ["a"]})),
        ("another version", json!({"version": "2.0"})),
        ("an unknown key", task(json!({"retires": 3}))),
        ("no ref", json!({"tasks": [{"id": "a"}]})),
        ("an id in capitals", json!({"tasks": [{"id": "FetchUser", "ref": "m.a"}]})),
        ("a reserved id", json!({"tasks": [{"id": "input", "ref": "m.a"}]})),
        ("an unknown word", task(json!({"effect": "writes"}))),
        ("a text for a boolean", task(json!({"idempotent": "yes"}))),
        ("no ttl", task(json!({"cache": {}}))),
        ("a quoted number", policy(json!({"retries": "3"}))),
        ("a negative number", policy(json!({"retries": -1}))),
        ("a duration without a unit", policy(json!({"timeout": 500}))),
        ("an unknown unit", policy(json!({"timeout": "5d"}))),
        ("a duration given twice", policy(json!({"timeout": "5s", "timeout_ms": 5000}))),
        ("a unit under `_ms`", policy(json!({"timeout_ms": "5s"}))),
        ("a rate without a time", policy(json!({"rate_limit": 100}))),
        ("a rate of nothing", policy(json!({"rate_limit": "0/s"}))),
        ("percent", policy(json!({"circuit_breaker": {"failure_rate": 50}}))),
        ("two ways to open", policy(json!({"circuit_breaker": {"failure_rate": 0.5, "failures": 5}}))),
        ("a hedge without `after`", policy(json!({"hedge": {"max": 2}}))),
        ("two fallbacks", policy(json!({"fallback": {"task": "b", "value": 1}}))),
        ("no fallback", policy(json!({"fallback": {}}))),
        ("a permit of nothing", resource(json!({"id": "r", "kind": "semaphore"}))),
        (
            "a semaphore with an address",
            resource(json!({"id": "r", "kind": "semaphore", "max_concurrency": 1, "url": "x"})),
        ),
        ("a database without an address", resource(json!({"id": "r", "kind": "postgres"}))),
        ("two addresses", resource(json!({"id": "r", "kind": "http", "url": "x", "address": "y"}))),
        ("no steps", json!({"workflows": [{"id": "w"}]})),
        ("empty steps", json!({"workflows": [{"id": "w", "steps": []}]})),
        (
            "a cron of four fields",
            json!({"workflows": [{"id": "w", "schedule": "0 3 * *", "steps": [{"return": 1}]}]}),
        ),
        (
            "an input without a type",
            json!({"workflows": [{"id": "w", "input": {"a": {"default": 1}}, "steps": [{"return": 1}]}]}),
        ),
        ("a bare name", with_step(&json!("fetch_user"))),
        ("a step of no kind", with_step(&json!({"id": "a", "when": true}))),
        ("a step of an unknown kind", with_step(&json!({"tsak": "a"}))),
        ("a step of two kinds", with_step(&json!({"task": "a", "workflow": "b"}))),
        ("a key of another step", with_step(&json!({"task": "a", "max_concurrency": 2}))),
        ("options beside the mapping", with_step(&json!({"emit": {"signal": "s"}, "id": "a"}))),
        ("a condition without `${}`", with_step(&json!({"task": "a", "when": "x > 5"}))),
        ("a map without `as`", with_step(&json!({"map": {"over": [1], "steps": [{"return": 1}]}}))),
        ("a loop without a bound", with_step(&json!({"loop": {"while": true, "steps": [{"return": 1}]}}))),
        (
            "a loop without a condition",
            with_step(&json!({"loop": {"max_iterations": 3, "steps": [{"return": 1}]}})),
        ),
        ("a case without steps", with_step(&json!({"switch": [{"when": true}]}))),
        ("a try that catches nothing", with_step(&json!({"try": [{"return": 1}]}))),
        ("a sleep of nothing", with_step(&json!({"sleep": "soon"}))),
        ("nothing set", with_step(&json!({"set": {}}))),
        ("a failure without a type", with_step(&json!({"fail": {"message": "no"}}))),
    ];
    let documents: Vec<Value> = table.iter().map(|(_, document)| document.clone()).collect();
    let refused = refused(&documents);
    for (number, (name, document)) in table.iter().enumerate() {
        let (_, codes) = lowered("concurrency.yaml", &document.to_string()).expect(name);
        assert!(!codes.is_empty(), "lowering lets pass {name}");
        assert!(refused.contains(&number), "the schema lets pass {name}");
    }
}

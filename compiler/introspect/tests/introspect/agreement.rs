//! Signatures and types agree with what Python's own `inspect`, `dataclasses` and `enum` say of the imported code.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Files, run};
use conductor_introspect::{Answer, Introspector};
use conductor_model::Lookup;
use conductor_protocol::plan::Language;
use serde_json::{Value, json};

const REFS: &str = "zoo.nothing zoo.one zoo.annotated zoo.defaults zoo.positional_only zoo.mixed_kinds
    zoo.keyword_only zoo.bare_star zoo.only_args zoo.only_kwargs zoo.all_positional zoo.expressions zoo.strings
    zoo.multi_line zoo.lambda_default zoo.unicode_name zoo.soft_keywords zoo.shadows zoo.asynchronous
    zoo.async_variadic zoo.with_inner zoo.generic_call zoo.public zoo.overloaded zoo.redefined zoo.versioned
    zoo.optional zoo.available zoo.square zoo.logged zoo.retried zoo.cached zoo.later_bound zoo.deepest zoo.deeper
    zoo.alias zoo.shapes._private zoo.shapes.available zoo.decorated.logged_by zoo.decorated.retry
    zoo.inner.deep.deep zoo.models.everything plain.space.in_namespace plain.space.imported";

#[test]
fn python_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/introspect/fixture");
    let mut files = Files::new();
    read(&folder, "", &mut files);
    let introspector = Introspector::new(Language::Python, ".", REFS.split_whitespace(), []);
    let (findings, _, _) = run(introspector, &files);
    assert_eq!(findings.diagnostics, []);
    let mut functions = Vec::new();
    for (reference, lookup) in &findings.lookups {
        let Lookup::Found(found) = lookup else { panic!("{reference}: {lookup:?}") };
        let parameter = |one: &conductor_model::Parameter| {
            let kind = format!("{:?}", one.kind);
            json!({"name": one.name, "kind": kind, "annotated": one.annotated, "default": one.default})
        };
        let parameters: Vec<Value> = found.parameters.iter().map(parameter).collect();
        let function = found.function().unwrap();
        functions.push(json!({
            "module": function.module, "name": function.name, "is_async": function.is_async, "doc": found.doc,
            "parameters": parameters,
        }));
    }
    let known = findings.types.iter().filter(|(name, _)| name.module.starts_with("zoo"));
    let types: Vec<Value> = known.map(|(name, found)| json!([name.module, name.name, found])).collect();
    assert!(
        functions.len() >= 40 && types.len() >= 13,
        "{} functions, {} types",
        functions.len(),
        types.len()
    );
    let verdict = compare(&folder, &json!({"functions": functions, "types": types}));
    assert!(verdict.ends_with(" 0 disagreements\n"), "{verdict}");
}

#[expect(clippy::disallowed_methods, reason = "the fixture is on the disk for Python's sake")]
fn read(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{path}/"), files);
        } else if path.ends_with(".py") {
            files.insert(path, Answer::File(std::fs::read(entry.path()).unwrap()));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "Python is the oracle")]
fn compare(folder: &Path, found: &Value) -> String {
    let mut python = Command::new("python3")
        .args(["-B", "compare.py"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed");
    python.stdin.take().unwrap().write_all(found.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

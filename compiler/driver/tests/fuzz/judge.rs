//! What must hold for every input, however broken it is.
//!
//! It knows no input.

use conductor_driver::Outcome;
use conductor_source::{Severity, render};
use conductor_syntax::Syntax;
use conductor_syntax::format::Unwritten;

use crate::support::Project;

pub fn project(project: &Project) {
    let outcome = project.compile();
    let has_error = outcome.diagnostics.iter().any(|found| found.severity == Severity::Error);
    assert_eq!(outcome.compiled.is_none(), has_error, "compiled with an error, or not without one");
    places(&outcome);
    rendered(&outcome);
    formatted(project);
}

/// Every place lies within its file, on boundaries of characters, and so does every edit.
fn places(outcome: &Outcome) {
    for found in &outcome.diagnostics {
        let edits = found.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        for span in found.labels.iter().map(|label| label.span).chain(edits) {
            let text = outcome.sources.text(span.file);
            assert!(
                text.get(span.start()..span.end()).is_some(),
                "{}: a place outside of its file",
                found.code
            );
        }
    }
    conductor_source::fix::apply(&outcome.sources, outcome.diagnostics.iter().flat_map(|found| &found.fixes));
}

fn rendered(outcome: &Outcome) {
    for found in &outcome.diagnostics {
        assert!(!render::text(found, &outcome.sources, true).is_empty());
    }
    let json = render::json(&outcome.diagnostics, &outcome.sources);
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "the findings are no JSON");
}

/// What can be laid out stays as it is when it is laid out again.
fn formatted(project: &Project) {
    let path = project.manifest();
    let syntax = Syntax::of(path);
    let format = |text: &str| {
        let mut sources = conductor_source::Sources::default();
        conductor_syntax::format::read(syntax, &mut sources, path, text.as_bytes())
    };
    let once = format(project.get(path));
    assert!(!matches!(once, Err(Unwritten::Bug(_))), "laying out would change the manifest");
    if let Ok(once) = once {
        let twice = format(&once).ok();
        assert_eq!(twice.as_deref(), Some(once.as_str()), "laying out twice is not the same as once");
    }
}

pub fn expression(text: &str) {
    let (ast, errors) = conductor_cel::parse(text);
    for error in &errors {
        assert!(text.get(error.range.clone()).is_some(), "an error outside of the expression");
    }
    for reference in ast.references() {
        assert!(text.get(reference.root.range.clone()).is_some(), "a name outside of the expression");
    }
    let manifest = format!(
        "workflows:\n  - id: w\n    input: {{n: int, a: any}}\n    steps:\n      - set: {{a: '${{input.a}}'}}\n      - set: {{v: '${{{}}}'}}\n",
        text.replace('\'', "''")
    );
    project(&Project::new([("concurrency.yaml", manifest.as_str())]));
}

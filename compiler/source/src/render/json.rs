//! The document that `--format json` prints.
//!
//! It knows the published form and nothing of how a finding came about.

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Safety};
use crate::file::{FileId, Sources, Span};
use crate::render::lines::Places;

#[derive(Serialize)]
struct Document<'a> {
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    file: &'a str,
    span: Range,
    labels: Vec<Label<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
    fixes: Vec<Fix<'a>>,
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
    byte: usize,
}

#[derive(Serialize)]
struct Label<'a> {
    file: &'a str,
    span: Range,
    message: &'a str,
    primary: bool,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safety: &'a str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    file: &'a str,
    start: usize,
    end: usize,
    text: &'a str,
}

/// One JSON document with every finding, in the order given, without a line break at its end.
#[must_use]
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut document = Builder { sources, places: Places::new(sources) };
    let diagnostics = diagnostics.iter().map(|diagnostic| document.finding(diagnostic)).collect();
    // Strings and numbers always serialize; an empty document would only hide findings, so the form stays valid.
    serde_json::to_string_pretty(&Document { diagnostics })
        .unwrap_or_else(|_| r#"{"diagnostics": []}"#.to_owned())
}

struct Builder<'a> {
    sources: &'a Sources,
    places: Places<'a>,
}

impl<'a> Builder<'a> {
    fn finding(&mut self, diagnostic: &'a Diagnostic) -> Finding<'a> {
        let span = diagnostic.span();
        Finding {
            code: diagnostic.code.0,
            severity: diagnostic.severity.as_str(),
            message: &diagnostic.message,
            file: self.sources.path(span.file),
            span: self.range(span),
            labels: diagnostic.labels.iter().map(|label| self.label(label)).collect(),
            notes: &diagnostic.notes,
            help: diagnostic.help.as_deref(),
            fixes: diagnostic.fixes.iter().map(|fix| self.fix(fix)).collect(),
        }
    }

    fn label(&mut self, label: &'a crate::Label) -> Label<'a> {
        Label {
            file: self.sources.path(label.span.file),
            span: self.range(label.span),
            message: &label.message,
            primary: label.primary,
        }
    }

    fn fix(&self, fix: &'a crate::Fix) -> Fix<'a> {
        let edits = fix.edits.iter().map(|edit| Edit {
            file: self.sources.path(edit.span.file),
            start: edit.span.start(),
            end: edit.span.end(),
            text: &edit.text,
        });
        let safety = match fix.safety {
            Safety::Safe => "safe",
            Safety::Unsafe => "unsafe",
        };
        Fix { title: &fix.title, safety, edits: edits.collect() }
    }

    fn range(&mut self, span: Span) -> Range {
        Range { start: self.position(span.file, span.start()), end: self.position(span.file, span.end()) }
    }

    fn position(&mut self, file: FileId, byte: usize) -> Position {
        let (line, column) = self.places.position(file, byte);
        Position { line, column, byte }
    }
}

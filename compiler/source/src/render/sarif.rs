//! Findings as a SARIF 2.1.0 log, for code scanning and editors (OASIS standard, section numbers below are its).
//!
//! It knows the standard, not what a rule means: the tool and its rules come from outside.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::diagnostic::{Diagnostic, Edit, Fix, Label, Safety, Severity};
use crate::file::{FileId, Sources, Span};
use crate::render::inert;
use crate::render::lines::Places;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Relative paths are below this place, which whoever reads the log knows: for GitHub it is the checkout (3.14.14).
const BASE: &str = "%SRCROOT%";

/// Who found what is reported.
#[derive(Debug, Clone, Copy)]
pub struct Tool<'a> {
    pub name: &'a str,
    pub version: &'a str,
    /// Every rule, sorted by code.
    pub rules: &'a [Rule<'a>],
}

/// A code, and what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    pub code: &'a str,
    /// A few words: "undefined policy".
    pub title: &'a str,
    /// What the rule is about, in some sentences.
    pub summary: &'a str,
    /// The whole page, in Markdown.
    pub page: &'a str,
    pub severity: Severity,
}

/// The log of one run, with every finding in the order given. `properties` are added to the run.
#[must_use]
pub fn sarif(
    tool: &Tool,
    diagnostics: &[Diagnostic],
    sources: &Sources,
    properties: Map<String, Value>,
) -> Value {
    let mut log = Log { sources, tool, places: Places::new(sources), artifacts: Vec::new() };
    let results: Vec<Value> = diagnostics.iter().map(|finding| log.result(finding)).collect();
    let artifacts: Vec<Value> = (0..log.artifacts.len()).map(|index| log.artifact(index)).collect();
    let mut run = json!({
        "tool": driver(tool),
        "invocations": [{"executionSuccessful": true}],
        "columnKind": "unicodeCodePoints",
        "artifacts": artifacts,
        "results": results,
    });
    if !properties.is_empty() {
        run["properties"] = Value::Object(properties);
    }
    document(run)
}

/// The log of a run that could not do its work (3.20.21).
#[must_use]
pub fn failed(tool: &Tool, exit_code: u8, message: &str) -> Value {
    document(json!({
        "tool": driver(tool),
        "invocations": [{
            "executionSuccessful": false,
            "exitCode": exit_code,
            "toolExecutionNotifications": [{"level": "error", "message": {"text": literal(message)}}],
        }],
        "columnKind": "unicodeCodePoints",
        "results": [],
    }))
}

fn document(run: Value) -> Value {
    json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})
}

fn driver(tool: &Tool) -> Value {
    let rules: Vec<Value> = tool.rules.iter().map(rule).collect();
    json!({"driver": {
        "name": tool.name,
        "version": tool.version,
        "semanticVersion": tool.version,
        "rules": rules,
    }})
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "name": pascal_case(rule.title),
        "shortDescription": {"text": sentence(rule.title)},
        "fullDescription": {"text": rule.summary},
        "help": {"text": format!("{}\n`conductor explain {}` shows an example.", rule.summary, rule.code), "markdown": rule.page},
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

/// "undefined policy" as `UndefinedPolicy` (3.49.7 wants an identifier).
fn pascal_case(title: &str) -> String {
    let words = title.split(|character: char| !character.is_ascii_alphanumeric());
    words
        .flat_map(|word| {
            let mut characters = word.chars();
            characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters)
        })
        .collect()
}

fn sentence(title: &str) -> String {
    let mut characters = title.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

struct Log<'a> {
    sources: &'a Sources,
    tool: &'a Tool<'a>,
    places: Places<'a>,
    /// In the order in which findings name them.
    artifacts: Vec<FileId>,
}

impl<'a> Log<'a> {
    fn result(&mut self, finding: &Diagnostic) -> Value {
        let code = finding.code.0;
        let mut result = json!({
            "ruleId": code,
            "level": level(finding.severity),
            "message": {"text": message(finding)},
            "locations": [{"physicalLocation": self.place(finding.span())}],
        });
        if let Some(index) = self.tool.rules.iter().position(|rule| rule.code == code) {
            result["ruleIndex"] = json!(index);
        }
        let related: Vec<Value> = finding
            .labels
            .iter()
            .skip(1)
            .enumerate()
            .map(|(index, label)| self.related(index, label))
            .collect();
        if !related.is_empty() {
            result["relatedLocations"] = Value::Array(related);
        }
        let fixes: Vec<Value> =
            finding.fixes.iter().filter(|fix| !fix.edits.is_empty()).map(|fix| self.fix(fix)).collect();
        if !fixes.is_empty() {
            result["fixes"] = Value::Array(fixes);
        }
        result
    }

    fn related(&mut self, index: usize, label: &Label) -> Value {
        let mut related = json!({"id": index, "physicalLocation": self.place(label.span)});
        if !label.message.is_empty() {
            related["message"] = json!({"text": literal(&label.message)});
        }
        related
    }

    fn place(&mut self, span: Span) -> Value {
        json!({"artifactLocation": self.location(span.file), "region": self.region(span)})
    }

    /// An end column is given always: without one a region reaches to the end of its line, even an empty one (3.30.2).
    fn region(&mut self, span: Span) -> Value {
        let (start_line, start_column) = self.position(span.file, span.start());
        let (end_line, end_column) = self.position(span.file, span.end());
        json!({
            "startLine": start_line,
            "startColumn": start_column,
            "endLine": end_line,
            "endColumn": end_column,
        })
    }

    /// Line and column; a byte order mark is no character of its line.
    fn position(&mut self, file: FileId, offset: usize) -> (usize, usize) {
        let (line, column) = self.places.position(file, offset);
        let mark = line == 1 && column > 1 && self.sources.text(file).starts_with('\u{feff}');
        (line, column - usize::from(mark))
    }

    fn location(&mut self, file: FileId) -> Value {
        let index = self.artifacts.iter().position(|known| *known == file).unwrap_or_else(|| {
            self.artifacts.push(file);
            self.artifacts.len() - 1
        });
        json!({"uri": uri(self.sources.path(file)), "uriBaseId": BASE, "index": index})
    }

    fn artifact(&mut self, index: usize) -> Value {
        let file = self.artifacts[index];
        json!({"location": self.location(file), "length": self.sources.text(file).len(), "encoding": "UTF-8"})
    }

    /// Replacements stand in the order of the text: the standard has them made one after the other (3.57.3).
    fn fix(&mut self, fix: &Fix) -> Value {
        let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
        for edit in &fix.edits {
            by_file.entry(edit.span.file).or_default().push(edit);
        }
        let mut changes = Vec::new();
        for (file, mut edits) in by_file {
            edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
            let replacements: Vec<Value> = edits
                .iter()
                .map(|edit| json!({"deletedRegion": self.region(edit.span), "insertedContent": {"text": edit.text}}))
                .collect();
            changes.push(json!({"artifactLocation": self.location(file), "replacements": replacements}));
        }
        let safety = match fix.safety {
            Safety::Safe => "safe",
            Safety::Unsafe => "unsafe",
        };
        json!({
            "description": {"text": literal(&fix.title)},
            "artifactChanges": changes,
            "properties": {"safety": safety},
        })
    }
}

/// The message with the primary label; below it notes and help.
fn message(finding: &Diagnostic) -> String {
    let mut text = literal(&finding.message);
    let label = finding.labels.first().map_or("", |label| label.message.as_str());
    if !label.is_empty() {
        text.push_str(": ");
        text.push_str(&literal(label));
    }
    let notes = finding.notes.iter().map(|note| ("note", note));
    for (word, more) in notes.chain(finding.help.iter().map(|help| ("help", help))) {
        text.push('\n');
        text.push_str(word);
        text.push_str(": ");
        text.push_str(&literal(more));
    }
    text
}

/// Text in which a message string would read neither a placeholder (3.11.5) nor a link (3.11.6), and that steers nothing.
///
/// Braces are doubled only where they would be a placeholder: viewers show doubled ones as they stand, and `${...}` is
/// often spoken of.
fn literal(text: &str) -> String {
    let text = inert::line(text);
    let links = text.contains("](");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['{', '[']) {
        out.push_str(&rest[..at]);
        let (special, after) = rest[at..].split_at(1);
        rest = after;
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if special == "{" && digits > 0 && after[digits..].starts_with('}') {
            out.push_str("{{");
            out.push_str(&after[..digits]);
            out.push_str("}}");
            rest = &after[digits + 1..];
        } else {
            out.push_str(if special == "[" && links { "\\[" } else { special });
        }
    }
    out.push_str(rest);
    out
}

/// A relative path as a URI reference (RFC 3986): everything but unreserved characters and `/` is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{literal, pascal_case, sentence, uri};

    #[test]
    fn messages_hold_neither_placeholders_nor_links() {
        assert_eq!(literal("`${a[0]}` is {0} [x](http://y)"), "`${a\\[0]}` is {{0}} \\[x](http://y)");
        assert_eq!(literal("${input.x} {a} {} [b]"), "${input.x} {a} {} [b]");
        assert_eq!(literal("{1"), "{1");
    }

    #[test]
    fn names_are_identifiers_and_descriptions_sentences() {
        assert_eq!(pascal_case("a write that may happen twice"), "AWriteThatMayHappenTwice");
        assert_eq!(sentence("undefined policy"), "Undefined policy.");
    }

    #[test]
    fn paths_are_uri_references() {
        assert_eq!(uri("src/a b:ü.py"), "src/a%20b%3A%C3%BC.py");
    }
}

//! Findings as commands of a GitHub workflow, which shows them beside the lines that they are about.
//!
//! It knows how a command is escaped, and nothing of where the repository lies: paths get a prefix from outside.

use std::fmt::Write as _;

use crate::diagnostic::{Diagnostic, Severity};
use crate::file::{FileId, Sources};
use crate::render::inert;
use crate::render::lines::Places;

/// One command a finding, each on a line. `prefix` leads from the repository's root to the manifest's folder: it is empty
/// or ends with `/`.
#[must_use]
pub fn github(diagnostics: &[Diagnostic], sources: &Sources, prefix: &str) -> String {
    let mut commands = Commands { sources, prefix, places: Places::new(sources) };
    diagnostics.iter().map(|finding| commands.finding(finding)).collect()
}

/// A command with a line break at its end. Values of properties and the message are escaped here.
#[must_use]
pub fn command(severity: Severity, properties: &[(&str, &str)], message: &str) -> String {
    let name = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    };
    let properties: Vec<String> =
        properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    let space = if properties.is_empty() { "" } else { " " };
    format!("::{name}{space}{}::{}\n", properties.join(","), data(message))
}

struct Commands<'a> {
    sources: &'a Sources,
    prefix: &'a str,
    places: Places<'a>,
}

impl Commands<'_> {
    fn finding(&mut self, finding: &Diagnostic) -> String {
        let span = finding.span();
        let (line, column) = self.places.position(span.file, span.start());
        let (end_line, end_column) = self.places.position(span.file, span.end());
        let path = self.path(span.file);
        let [line, column, end_line, end_column] =
            [line, column, end_line, end_column].map(|number| number.to_string());
        let mut properties = vec![("file", path.as_str()), ("line", &line)];
        // GitHub's runner drops the columns of what spans lines, and complains.
        let one_line = line == end_line;
        if one_line {
            properties.push(("col", &column));
        }
        properties.push(("endLine", &end_line));
        if one_line {
            properties.push(("endColumn", &end_column));
        }
        properties.push(("title", finding.code.0));
        command(finding.severity, &properties, &self.message(finding))
    }

    /// The message, and below it all else that the finding says.
    fn message(&mut self, finding: &Diagnostic) -> String {
        let mut text = inert::line(&finding.message);
        for label in &finding.labels {
            let said = inert::line(&label.message);
            if !label.primary {
                let (line, column) = self.places.position(label.span.file, label.span.start());
                let path = inert::line(&self.path(label.span.file));
                let _infallible = write!(text, "\n{path}:{line}:{column}");
            }
            if !said.is_empty() {
                let _infallible = write!(text, ": {said}");
            }
        }
        let notes = finding.notes.iter().map(|note| ("note", note));
        let help = finding.help.iter().map(|help| ("help", help));
        let fixes = finding.fixes.iter().map(|fix| ("fix", &fix.title));
        for (word, more) in notes.chain(help).chain(fixes) {
            let _infallible = write!(text, "\n{word}: {}", inert::line(more));
        }
        text
    }

    fn path(&self, file: FileId) -> String {
        format!("{}{}", self.prefix, self.sources.path(file))
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&inert::line(text)).replace(':', "%3A").replace(',', "%2C")
}

//! Findings for programs: JSON, SARIF, and commands of a GitHub workflow.
//!
//! It knows forms and paths, not what was checked.

use std::path::Path;

use conductor_source::{Diagnostic, Severity, Sources, render};
use serde_json::{Map, Value, json};

use crate::output;
use crate::pages;
use crate::project::Project;

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
    Sarif,
    Github,
}

impl Format {
    /// The format of that name, which may be one that only some commands have.
    #[must_use]
    pub fn named(name: &str) -> Option<Format> {
        <Format as clap::ValueEnum>::from_str(name, false).ok()
    }
}

impl From<output::Format> for Format {
    fn from(format: output::Format) -> Format {
        match format {
            output::Format::Text => Format::Text,
            output::Format::Json => Format::Json,
        }
    }
}

/// What was found, and what else a command has to tell a program, by key.
pub struct Document<'a> {
    pub project: &'a Project,
    pub diagnostics: &'a [Diagnostic],
    pub sources: &'a Sources,
    pub more: Map<String, Value>,
    /// Why the command fails, beside what was found: one sentence each.
    pub problems: Vec<String>,
}

impl Document<'_> {
    /// Writes the document to standard output, with `text` for people.
    pub fn print(self, format: Format, text: impl FnOnce() -> String) {
        let Document { project, diagnostics, sources, more, problems } = self;
        match format {
            Format::Text => output::print(&text()),
            Format::Json => {
                let text = render::json(diagnostics, sources);
                let mut document: Value = serde_json::from_str(&text).unwrap_or_default();
                for (key, value) in more {
                    document[key] = value;
                }
                output::print_json(&document);
            }
            Format::Sarif => {
                let mut log = pages::sarif(|tool| render::sarif(tool, diagnostics, sources, more));
                if !problems.is_empty() {
                    let notified =
                        problems.iter().map(|text| json!({"level": "error", "message": {"text": text}}));
                    log["runs"][0]["invocations"][0]["toolExecutionNotifications"] = notified.collect();
                }
                output::print_json(&log);
            }
            Format::Github => {
                let found = render::github(diagnostics, sources, &prefix(&project.root));
                let title = [("title", "conductor")];
                let problem = |text: &String| render::github_command(Severity::Error, &title, text);
                output::print(&(found + &problems.iter().map(problem).collect::<String>()));
            }
        }
    }
}

/// The way from the repository's root to the project. GitHub names the root in its environment; else it is the working
/// folder.
fn prefix(root: &Path) -> String {
    let canonical = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
    let workspace = std::env::var_os("GITHUB_WORKSPACE").filter(|path| !path.is_empty());
    let bases = [workspace.map(Into::into), std::env::current_dir().ok()];
    let inside = bases.into_iter().flatten().find_map(|base| {
        let base = std::fs::canonicalize(base).ok()?;
        Some(canonical.strip_prefix(base).ok()?.to_string_lossy().into_owned())
    });
    match inside {
        Some(path) if !path.is_empty() => path + "/",
        _ => String::new(),
    }
}

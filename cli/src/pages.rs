//! The pages of docs/codes/ and docs/rules/, which explain each code.
//!
//! It does not know when a code is reported.

use conductor_source::{Severity, render};
use serde_json::Value;

// `PAGES: &[(&str, &str)]`, code and page, sorted; made by the build script.
include!(concat!(env!("OUT_DIR"), "/codes.rs"));

/// A code and the text that explains it.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub code: &'static str,
    /// In Markdown.
    pub text: &'static str,
}

/// All pages, sorted by code.
pub fn all() -> impl Iterator<Item = Page> {
    PAGES.iter().map(|(code, text)| Page { code, text })
}

impl Page {
    /// What the code stands for, in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        let line = self.text.lines().next().unwrap_or_default();
        line.split_once(": ").map_or(line, |(_, title)| title)
    }

    /// The first paragraph of prose, on one line.
    #[must_use]
    pub fn summary(self) -> String {
        let paragraph =
            self.text.split("\n\n").skip(1).find(|text| !text.starts_with("Family: ")).unwrap_or_default();
        paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// As its family says.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self.code.as_bytes().first() {
            Some(b'E') => Severity::Error,
            Some(b'W') => Severity::Warning,
            // Rules say what they are themselves.
            _ => {
                let rule = conductor_driver::RULES.iter().find(|rule| rule.code.0 == self.code);
                rule.map_or(Severity::Warning, |rule| rule.severity)
            }
        }
    }
}

/// A SARIF log that this program has made with `write`.
pub fn sarif(write: impl FnOnce(&render::Tool) -> Value) -> Value {
    let summaries: Vec<String> = all().map(Page::summary).collect();
    let rules: Vec<render::Rule> = all()
        .zip(&summaries)
        .map(|(page, summary)| render::Rule {
            code: page.code,
            title: page.title(),
            summary,
            page: page.text,
            severity: page.severity(),
        })
        .collect();
    write(&render::Tool { name: "conductor", version: env!("CARGO_PKG_VERSION"), rules: &rules })
}

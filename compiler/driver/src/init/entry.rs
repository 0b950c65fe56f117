//! The text of a manifest that is made from nothing: entries under their sections, live or commented out.
//!
//! It knows how entries are written in both syntaxes, not where they come from.

use conductor_source::{FileId, Sources};
use conductor_syntax::{Syntax, convert, format};

/// The sections in the order in which they are written.
const SECTIONS: [&str; 5] = ["targets", "tasks", "policies", "resources", "workflows"];

/// One entry of a section.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub section: &'static str,
    /// Comments that stand above it.
    pub notes: Vec<String>,
    /// Its lines as YAML, relative to its first key.
    pub lines: Vec<String>,
    /// Otherwise it is commented out.
    pub live: bool,
}

impl Entry {
    pub(crate) fn new(section: &'static str, fields: &[(&str, String)]) -> Entry {
        let lines = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        Entry { section, notes: Vec::new(), lines, live: true }
    }

    /// An entry whose lines are written already.
    pub(crate) fn of_lines(section: &'static str, lines: Vec<String>) -> Entry {
        Entry { section, notes: Vec::new(), lines, live: true }
    }

    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Entry {
        self.notes.push(note.into());
        self
    }

    #[must_use]
    pub(crate) fn suggested(mut self) -> Entry {
        self.live = false;
        self
    }

    /// As an item of a list, without the notes.
    pub(crate) fn item(&self) -> Vec<String> {
        let marked =
            |(index, line): (usize, &String)| format!("{}{line}", if index == 0 { "- " } else { "  " });
        self.lines.iter().enumerate().map(marked).collect()
    }

    /// As blocks of HCL, without the notes.
    pub(crate) fn blocks(&self) -> Vec<String> {
        let items: Vec<String> = self.item().iter().map(|line| format!("  {line}\n")).collect();
        let yaml = format!("{}:\n{}", self.section, items.concat());
        let converted = convert::convert(Syntax::Yaml, Syntax::Hcl, FileId(0), &yaml).unwrap_or_default();
        converted.lines().map(str::to_owned).collect()
    }
}

/// The whole manifest: `head` is what its first lines say.
pub(crate) fn manifest(syntax: Syntax, head: &[String], entries: &[Entry]) -> String {
    let mut text: String = head.iter().map(|line| format!("# {line}\n")).collect();
    if !entries.iter().any(|entry| entry.live) {
        // Comments alone are no manifest.
        text.push_str(match syntax {
            Syntax::Yaml => "\nversion: \"1.0\"\n",
            Syntax::Hcl => "\nversion = \"1.0\"\n",
        });
    }
    for section in SECTIONS {
        let of: Vec<&Entry> = entries.iter().filter(|entry| entry.section == section).collect();
        if !of.is_empty() {
            text.push('\n');
            match syntax {
                Syntax::Yaml => yaml(&mut text, section, &of),
                Syntax::Hcl => hcl(&mut text, &of),
            }
        }
    }
    // The layout of `conductor fmt`, unless it refuses: then the text stands as it is.
    let mut sources = Sources::default();
    format::read(syntax, &mut sources, "", text.as_bytes()).unwrap_or(text)
}

fn yaml(text: &mut String, section: &str, entries: &[&Entry]) {
    let live = entries.iter().any(|entry| entry.live);
    text.push_str(&format!("{}{section}:\n", if live { "" } else { "# " }));
    for entry in entries {
        let indent = if live { "  " } else { "" };
        entry.notes.iter().for_each(|note| text.push_str(&format!("{indent}# {note}\n")));
        for line in entry.item() {
            match (entry.live, live) {
                (true, _) => text.push_str(&format!("  {line}\n")),
                (false, true) => text.push_str(&format!("  # {line}\n")),
                (false, false) => text.push_str(&format!("#   {line}\n")),
            }
        }
    }
}

fn hcl(text: &mut String, entries: &[&Entry]) {
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        entry.notes.iter().for_each(|note| text.push_str(&format!("# {note}\n")));
        for line in entry.blocks() {
            let shown = if entry.live || line.is_empty() { line } else { format!("# {line}") };
            text.push_str(&format!("{shown}\n"));
        }
    }
}

/// A text as a value of YAML, quoted where it would be read as something else.
pub(crate) fn scalar(value: &str) -> String {
    let plain = value.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && value.chars().all(|letter| letter.is_ascii_alphanumeric() || "_./-<>".contains(letter))
        && !matches!(
            value.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off"
        );
    if plain { value.to_owned() } else { serde_json::Value::from(value).to_string() }
}

/// `[a, b]`.
pub(crate) fn list(values: &[String]) -> String {
    format!("[{}]", values.join(", "))
}

/// A time in milliseconds as the manifest writes it.
pub(crate) fn duration(milliseconds: u64) -> String {
    if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000)
    } else {
        format!("{milliseconds}ms")
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, manifest, scalar};
    use conductor_syntax::Syntax;

    fn entries() -> Vec<Entry> {
        vec![
            Entry::new("tasks", &[("id", "a".to_owned()), ("ref", "m.a".to_owned())]).note("first"),
            Entry::new("tasks", &[("id", "b".to_owned()), ("ref", "m.b".to_owned())]).suggested(),
            Entry::new("resources", &[("id", "db".to_owned()), ("kind", "postgres".to_owned())]).suggested(),
        ]
    }

    #[test]
    fn commented_entries_stand_in_their_section() {
        let yaml = manifest(Syntax::Yaml, &["Head.".to_owned()], &entries());
        assert_eq!(
            yaml,
            "# Head.\n\ntasks:\n  # first\n  - id: a\n    ref: m.a\n  # - id: b\n  #   ref: m.b\n\n# resources:\n\
             #   - id: db\n#     kind: postgres\n"
        );
        let hcl = manifest(Syntax::Hcl, &["Head.".to_owned()], &entries());
        assert_eq!(
            hcl,
            "# Head.\n\n# first\ntask \"a\" {\n  ref = \"m.a\"\n}\n\n# task \"b\" {\n#   ref = \"m.b\"\n# }\n\n\
             # resource \"db\" {\n#   kind = \"postgres\"\n# }\n"
        );
    }

    #[test]
    fn a_manifest_of_suggestions_is_one() {
        let text = manifest(Syntax::Yaml, &[], &entries()[1..]);
        assert!(text.contains("version: \"1.0\"\n"), "{text}");
    }

    #[test]
    fn texts_that_look_like_something_else_are_quoted() {
        for (given, wanted) in [
            ("shop.users", "shop.users"),
            ("no", "\"no\""),
            ("a: b", "\"a: b\""),
            ("1.5", "\"1.5\""),
            ("", "\"\""),
        ] {
            assert_eq!(scalar(given), wanted);
        }
    }
}

//! Attributes of Rust items: derives, serde's, `cfg` and `path`.
//!
//! It reads their text; it knows no items.

use crate::rust::syntax::Serde;

/// Deeper conditions are taken to hold.
const MAX_DEPTH: usize = 30;

#[derive(Debug, Default)]
pub struct Attributes {
    pub serde: Serde,
    pub path: Option<String>,
    is_left_out: bool,
}

/// A word of an attribute with what stands after it: `name`, `name = "value"`, `name(...)`.
#[derive(Debug, PartialEq, Eq)]
struct Word<'t> {
    name: &'t str,
    value: Option<String>,
    inside: Option<&'t str>,
}

impl Attributes {
    /// Whether a build for Linux has what stands below them, tests apart.
    pub fn is_built(&self) -> bool {
        !self.is_left_out
    }

    /// `text` is the whole attribute, `#[...]`.
    pub fn read(&mut self, text: &str) {
        let inner = text.trim().strip_prefix("#[").and_then(|text| text.strip_suffix(']')).unwrap_or("");
        for word in words(inner) {
            self.word(&word, 0);
        }
    }

    fn word(&mut self, word: &Word<'_>, depth: usize) {
        match (word.name, word.inside) {
            ("derive", Some(inside)) => words(inside).iter().for_each(|derived| self.derive(derived.name)),
            ("serde", Some(inside)) => words(inside).iter().for_each(|said| self.serde(said)),
            ("cfg", Some(inside)) => {
                self.is_left_out |= words(inside).first().is_some_and(|condition| !holds(condition, 0));
            }
            ("cfg_attr", Some(inside)) if depth < MAX_DEPTH => {
                let words = words(inside);
                if words.first().is_some_and(|condition| holds(condition, 0)) {
                    words[1..].iter().for_each(|word| self.word(word, depth + 1));
                }
            }
            ("path", None) => self.path.clone_from(&word.value),
            ("test", None) => self.is_left_out = true,
            _ => {}
        }
    }

    fn derive(&mut self, name: &str) {
        match name.rsplit("::").next().unwrap_or(name) {
            "Serialize" | "Deserialize" => self.serde.is_derived = true,
            "Serialize_repr" | "Deserialize_repr" => self.serde.is_repr = true,
            "Default" => self.serde.derives_default = true,
            _ => {}
        }
    }

    fn serde(&mut self, word: &Word<'_>) {
        // `rename(serialize = "a", deserialize = "b")`: what is written is what others see.
        let value = || {
            word.value.clone().or_else(|| {
                let said = words(word.inside?);
                said.into_iter().find(|one| one.name == "serialize").and_then(|one| one.value)
            })
        };
        let serde = &mut self.serde;
        match word.name {
            "rename" => serde.rename = value(),
            "rename_all" => serde.rename_all = value(),
            "default" => serde.is_default = true,
            "skip" | "skip_serializing" => serde.is_skipped = true,
            "skip_deserializing" => serde.is_default = true,
            "skip_serializing_if" => serde.may_be_absent = true,
            "transparent" => serde.is_transparent = true,
            "flatten" | "tag" | "content" | "untagged" | "from" | "try_from" | "into" | "remote" => {
                serde.is_reshaped = true;
            }
            "with" | "serialize_with" | "deserialize_with" => serde.is_custom = true,
            _ => {}
        }
    }
}

/// What is not known, as a feature, is taken to hold.
fn holds(condition: &Word<'_>, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return true;
    }
    let inside = || words(condition.inside.unwrap_or(""));
    let value = condition.value.as_deref();
    match condition.name {
        "not" => !inside().first().is_some_and(|one| holds(one, depth + 1)),
        "all" => inside().iter().all(|one| holds(one, depth + 1)),
        "any" => inside().iter().any(|one| holds(one, depth + 1)),
        "test" | "windows" | "doc" | "loom" | "miri" => false,
        "target_os" => value == Some("linux"),
        "target_family" => value == Some("unix"),
        "target_arch" => value == Some("x86_64"),
        "target_pointer_width" => value == Some("64"),
        _ => true,
    }
}

/// Words between commas, at the top level of brackets and quotation marks.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut open = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            ',' if open == 0 => {
                found.extend(word(&text[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    found.extend(word(&text[start..]));
    found
}

fn word(text: &str) -> Option<Word<'_>> {
    let text = text.trim();
    let end = text.find(['(', '=']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    let inside = rest.strip_prefix('(').map(|inside| inside.trim_end().strip_suffix(')').unwrap_or(inside));
    let value = rest.strip_prefix('=').map(str::trim).and_then(|value| {
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        Some(value.replace("\\\"", "\"").replace("\\\\", "\\"))
    });
    Some(Word { name, value, inside })
}

#[cfg(test)]
mod tests {
    use super::Attributes;

    fn read(text: &str) -> Attributes {
        let mut attributes = Attributes::default();
        attributes.read(text);
        attributes
    }

    #[test]
    fn conditions_are_those_of_linux_without_tests() {
        for out in [
            "test",
            "windows",
            "not(unix)",
            "all(unix, test)",
            "target_os = \"macos\"",
            "not(feature = \"a\")",
        ] {
            assert!(!read(&format!("#[cfg({out})]")).is_built(), "{out}");
        }
        for inside in ["unix", "feature = \"a\"", "any(test, unix)", "not(test)", "target_os = \"linux\"", ""]
        {
            assert!(read(&format!("#[cfg({inside})]")).is_built(), "{inside}");
        }
        let deep = format!("#[cfg({}test{})]", "not(".repeat(10_000), ")".repeat(10_000));
        read(&deep);
    }

    #[test]
    fn serde_is_read_through_conditions() {
        let found = read(
            r#"#[cfg_attr(feature = "serde", derive(serde::Serialize, Default), serde(rename_all = "camelCase"))]"#,
        );
        assert!(found.serde.is_derived && found.serde.derives_default);
        assert_eq!(found.serde.rename_all.as_deref(), Some("camelCase"));
        let found = read(
            r#"#[serde(rename(serialize = "a, \"b\"", deserialize = "c"), default = "f", skip_serializing_if = "Option::is_none")]"#,
        );
        assert_eq!(found.serde.rename.as_deref(), Some("a, \"b\""));
        assert!(found.serde.is_default && found.serde.may_be_absent && !found.serde.is_skipped);
        for odd in ["#[", "#[serde(", "#[serde(\"", "#[=]", "#[serde(rename = )]", "#[cfg(not())]", ""] {
            read(odd);
        }
    }
}

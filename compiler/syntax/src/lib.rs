//! Manifest text to one span tree, and edits of the text that keep everything else in its place.
//!
//! It knows YAML and HCL, not what a key means; only where steps may stand.

mod bytes;
pub mod convert;
pub mod format;
pub mod hcl;
pub mod tree;
pub mod yaml;

pub use tree::{Entry, Key, Kind, Node, Scalar};

use conductor_source::{Code, Diagnostic, FileId, Sources};

/// Every code that this crate reports.
pub const CODES: &[Code] = &[
    yaml::EMPTY,
    yaml::NOT_UTF8,
    yaml::TOO_LARGE,
    yaml::TOO_DEEP,
    yaml::SYNTAX,
    yaml::TAB,
    yaml::LIST_ITEM,
    yaml::SPLIT_EXPRESSION,
    yaml::UNCLOSED,
    yaml::ALIAS_BOMB,
    yaml::ALIAS,
    yaml::DUPLICATE_KEY,
    yaml::DOCUMENTS,
    yaml::TAG,
    yaml::KEY,
    yaml::MERGE_KEY,
    hcl::SYNTAX,
    hcl::COLON,
    hcl::ONE_LINE,
    hcl::BARE_EXPRESSION,
    hcl::ESCAPE,
    hcl::ESCAPED_QUOTE,
    hcl::DIRECTIVE,
    hcl::LABELS,
    hcl::OUT_OF_PLACE,
    convert::INEXPRESSIBLE,
];

/// The two ways to write a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    Yaml,
    Hcl,
}

impl Syntax {
    /// By the name of the file: `.hcl` is HCL, everything else YAML.
    #[must_use]
    pub fn of(path: &str) -> Syntax {
        if path.ends_with(".hcl") { Syntax::Hcl } else { Syntax::Yaml }
    }

    /// As people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Syntax::Yaml => "YAML",
            Syntax::Hcl => "HCL",
        }
    }

    /// Takes the bytes of a manifest into `sources` and parses them.
    pub fn read(self, sources: &mut Sources, path: &str, bytes: &[u8]) -> (FileId, Node, Vec<Diagnostic>) {
        match self {
            Syntax::Yaml => yaml::read(sources, path, bytes),
            Syntax::Hcl => hcl::read(sources, path, bytes),
        }
    }

    /// Parses a text.
    #[must_use]
    pub fn parse(self, file: FileId, text: &str) -> (Node, Vec<Diagnostic>) {
        match self {
            Syntax::Yaml => yaml::parse(file, text),
            Syntax::Hcl => hcl::parse(file, text),
        }
    }

    /// An id, a word or a duration as a value of the manifest.
    #[must_use]
    pub fn word(self, word: &str) -> String {
        match self {
            Syntax::Yaml => word.to_owned(),
            Syntax::Hcl => format!("\"{word}\""),
        }
    }

    /// A key with its value, a boolean or a text, as a help text shows it.
    #[must_use]
    pub fn pair(self, key: &str, value: &str) -> String {
        match (self, value) {
            (Syntax::Yaml, _) => format!("{key}: {value}"),
            (Syntax::Hcl, "true" | "false") => format!("{key} = {value}"),
            (Syntax::Hcl, _) => format!("{key} = \"{value}\""),
        }
    }

    /// A mapping with one key whose value is a text, as a help text shows it.
    #[must_use]
    pub fn mapping(self, mapping: &str, key: &str, value: &str) -> String {
        let pair = self.pair(key, value);
        match self {
            Syntax::Yaml => format!("{mapping}: {{{pair}}}"),
            Syntax::Hcl => format!("{mapping} = {{ {pair} }}"),
        }
    }

    /// What the key of a mapping is called: a section of YAML is a kind of block in HCL.
    #[must_use]
    pub fn spelled(self, key: &str) -> &str {
        match self {
            Syntax::Yaml => key,
            Syntax::Hcl => hcl::spelled(key),
        }
    }
}

//! Manifest text to one span tree, and edits of the text that keep everything else in its place.
//!
//! It knows YAML, not what a key means; only its repairs know which keys of a manifest hold steps.

pub mod tree;
pub mod yaml;

pub use tree::{Entry, Key, Kind, Node, Scalar};

use conductor_source::Code;

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
];

//! Which words mean the same.

use std::collections::{BTreeMap, BTreeSet};

use super::Stems;
use super::nouns::is_noun_of;

const TABLE: &str = include_str!("concepts.txt");

/// Stems with the concepts that they belong to.
pub(crate) struct Concepts {
    by_stem: BTreeMap<String, BTreeSet<usize>>,
}

impl Concepts {
    pub fn new(stems: &Stems) -> Concepts {
        let mut by_stem = BTreeMap::<String, BTreeSet<usize>>::new();
        for (number, line) in TABLE.lines().filter(|line| !line.starts_with('#')).enumerate() {
            for word in line.split_whitespace() {
                by_stem.entry(stems.of(word)).or_default().insert(number);
            }
        }
        Concepts { by_stem }
    }

    /// Whether two stems are one word, or two words for one thing.
    pub fn are_same(&self, one: &str, other: &str) -> bool {
        one == other
            || is_noun_of(one, other)
            || is_noun_of(other, one)
            || match (self.by_stem.get(one), self.by_stem.get(other)) {
                (Some(one), Some(other)) => !one.is_disjoint(other),
                _ => false,
            }
    }

    /// Every stem that the table has.
    pub fn stems(&self) -> impl Iterator<Item = &str> {
        self.by_stem.keys().map(String::as_str)
    }

    pub fn knows(&self, stem: &str) -> bool {
        self.by_stem.contains_key(stem)
    }
}

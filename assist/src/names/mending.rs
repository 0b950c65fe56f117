//! Which word of the names a misspelt one was meant to be.
//!
//! It mends nothing where two words are equally near.

use super::Names;
use crate::words::{Kin, WORDS, are_kin, are_swapped, is_russian, is_typo_of, lacks_one};

impl Names<'_> {
    /// The stem of the name's word that this one was meant to be.
    pub fn mended(&self, word: &str) -> Option<&str> {
        let named =
            self.words.iter().find(|(wanted, _)| is_typo_of(word, wanted)).map(|(_, stem)| stem.as_str());
        let named = named.or_else(|| self.short(word)).or_else(|| self.told_as(word));
        let named = named.or_else(|| self.abbreviated(word)).or_else(|| self.inflected(word));
        named.or_else(|| self.concepts.near(word).filter(|_| word.chars().count() >= 6))
    }

    /// Whether a Russian word has the root of a docstring's word, so that it is no slip.
    pub fn has_kin(&self, word: &str, stem: &str) -> bool {
        let text = word.replace('ё', "е");
        let is_kin = |(own, told): &(String, String)| {
            is_russian(told) && are_kin((stem, &text), (own, told)) == Some(Kin::Near)
        };
        self.profiles.iter().flat_map(|profile| &profile.told).any(is_kin)
    }

    /// The stem of a docstring's word, where one slip tells the two apart; verbs are told by their stems.
    fn told_as(&self, word: &str) -> Option<&str> {
        let stem = WORDS.stems.of(word);
        let is_short = |told: &str| told.chars().count() == 5 && lacks_one(word, told);
        let is_soft = |told: &str| word.strip_suffix('ь') == Some(told);
        let is_meant = |(told, other): &&(String, String)| {
            is_typo_of(word, told) || is_typo_of(&stem, other) || is_short(told) || is_soft(told)
        };
        let mut near = self.told.iter().filter(is_meant).map(|(_, stem)| stem.as_str());
        let first = near.next()?;
        near.all(|other| other == first).then_some(first)
    }

    /// The one short word of the names that a letter was left out of, or whose letters changed places: `opn`, `tkae`.
    fn short(&self, word: &str) -> Option<&str> {
        let lacks = |wanted: &str| {
            matches!(wanted.chars().count(), 4 | 5) && (lacks_one(word, wanted) || are_swapped(word, wanted))
        };
        let mut near = self.words.iter().filter(|(wanted, _)| lacks(wanted)).map(|(_, stem)| stem.as_str());
        near.next().filter(|_| near.next().is_none())
    }

    /// The one long word of the names that begins so: `devs`, `prod`, `auth`.
    fn abbreviated(&self, word: &str) -> Option<&str> {
        let short = word.strip_suffix('s').unwrap_or(word);
        let is_begun = |wanted: &str| wanted.len() >= short.len() + 3 && wanted.starts_with(short);
        if short.len() < 3 || !short.is_ascii() {
            return None;
        }
        let mut near =
            self.words.iter().filter(|(wanted, _)| is_begun(wanted)).map(|(_, stem)| stem.as_str());
        let first = near.next()?;
        near.all(|other| other == first).then_some(first)
    }

    /// The stem of the name's word that this form was meant to be: `procesed`, `fecthing`, `cheks`.
    fn inflected(&self, word: &str) -> Option<&str> {
        if !word.is_ascii() {
            return None;
        }
        let stem = WORDS.stems.of(word);
        let is_meant = |wanted: &str, own: &str| {
            let has_ending = ENDINGS.iter().any(|ending| word.ends_with(ending));
            has_ending && is_typo_of(&stem, own)
                || ENDINGS.iter().any(|ending| is_typo_of(word, &format!("{wanted}{ending}")))
        };
        let mut near =
            self.words.iter().filter(|(wanted, own)| is_meant(wanted, own)).map(|(_, stem)| stem.as_str());
        let first = near.next()?;
        near.all(|other| other == first).then_some(first)
    }
}

/// Of English verbs and plurals.
const ENDINGS: [&str; 4] = ["s", "es", "ed", "ing"];

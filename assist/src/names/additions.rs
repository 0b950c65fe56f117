//! What a phrase may say besides the name of a task: whose a thing is, for whom, and what was done to it before.
//!
//! It knows where such words stand, not which task is meant.

use super::{Names, Profile};
use crate::items::{PhraseWord, is_order};
use crate::words::{is_benign, is_russian, is_small, is_telling};

impl Names<'_> {
    /// Whether all of the name is said.
    fn is_whole(&self, profile: &Profile, phrase: &[PhraseWord]) -> bool {
        let said = |words: &[String]| {
            let words: Vec<String> = words.iter().filter(|word| !is_small(word)).cloned().collect();
            match words.as_slice() {
                [] => false,
                [only] => phrase.iter().any(|word| word.stem == *only),
                words => self.covers(phrase, words),
            }
        };
        said(&profile.own) || said(&profile.function)
    }

    /// Whether all of a Russian docstring is said.
    fn is_told_whole(&self, profile: &Profile, phrase: &[PhraseWord]) -> bool {
        let mut told = profile.told.iter().filter(|(_, word)| is_russian(word) && !is_small(word)).peekable();
        told.peek().is_some() && told.all(|told| phrase.iter().any(|word| self.is_same_verb(told, word)))
    }

    /// Whether the words that the task does not say change nothing: `the customer's card`, `the receipt for the customer`.
    pub(super) fn adds(
        &self,
        profile: &Profile,
        phrase: &[PhraseWord],
        strange: &[usize],
        unknown: usize,
    ) -> bool {
        let own = |word: &PhraseWord| {
            let same = |own: &String| self.concepts.are_same(own, &word.stem);
            profile.own.iter().chain(&profile.function).any(same) || profile.about.contains(&word.stem)
        };
        let others = || phrase.iter().any(|word| !own(word) && self.distinguishes(&word.stem, &profile.id));
        let is_whole = self.is_whole(profile, phrase);
        // `damaged pallets` is a condition.
        if strange
            .iter()
            .any(|at| self.properties.iter().any(|own| self.concepts.are_same(own, &phrase[*at].stem)))
            || !is_whole && !self.is_told_whole(profile, phrase)
        {
            return false;
        }
        let is_addressed =
            strange.iter().any(|at| preposition(phrase, *at) == Some("to") && !self.handles(&phrase[*at]));
        if is_whole && strange.len() <= phrase.len() / 2 && unknown == 0 && !others() && !is_addressed {
            return true;
        }
        // Another task whose verb is said, too, may be the one that is meant.
        let is_rival = |other: &Profile| {
            let has = |own: &String, at: usize| self.concepts.are_same(own, &phrase[at].stem);
            let is_verb_said = (0..phrase.len()).any(|at| {
                other.own.first().is_some_and(|verb| has(verb, at)) && !self.is_attribute(phrase, at)
            });
            other.id != profile.id
                && is_verb_said
                && strange.iter().any(|at| other.own.iter().any(|own| has(own, *at)))
        };
        strange.iter().all(|at| self.is_aside(profile, phrase, *at)) && !self.profiles.iter().any(is_rival)
    }

    /// Whether any task has to do with it: `to the boss` says of a receipt whom it goes to.
    fn handles(&self, word: &PhraseWord) -> bool {
        self.words.iter().any(|(_, own)| self.concepts.are_same(own, &word.stem))
    }

    /// Whether a word that the task does not say may be passed over where it stands.
    fn is_aside(&self, profile: &Profile, phrase: &[PhraseWord], at: usize) -> bool {
        let word = &phrase[at];
        // `users from Germany` are not all users.
        if is_telling(&word.text) || word.is_proper {
            return false;
        }
        let preposition = preposition(phrase, at);
        // `for premium users`: which of them is a condition.
        let is_inner = phrase.get(at + 1).is_some_and(|next| next.preposition.is_empty());
        if preposition.is_some() && is_inner && !word.text.ends_with("'s") && !self.handles(word) {
            return false;
        }
        let is_owner = word.text.ends_with("'s") && at + 1 < phrase.len();
        // `проверь паспорт клиента`
        let said = || phrase[..at].iter().filter(|word| self.tells(profile, word)).count();
        let is_genitive =
            || preposition.is_none() && is_russian(&word.text) && !is_order(&word.text) && said() > 1;
        let is_benign = |small: &str| is_benign(small) && (small != "to" || self.handles(word));
        is_owner || self.is_attribute(phrase, at) || preposition.is_some_and(is_benign) || is_genitive()
    }

    /// `the downloaded video`: what a step has done to a thing before.
    fn is_attribute(&self, phrase: &[PhraseWord], at: usize) -> bool {
        let is_inner = at > 0 && at + 1 < phrase.len();
        is_inner && phrase[at].text.ends_with("ed") && self.begins(&phrase[at].stem)
    }
}

/// The small word that leads what a word belongs to.
fn preposition(phrase: &[PhraseWord], at: usize) -> Option<&str> {
    let before = phrase.get(1..=at)?.iter().rev();
    before.map(|word| word.preposition.as_str()).find(|word| !word.is_empty())
}

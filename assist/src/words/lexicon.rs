//! Phrases with a fixed meaning, from the tables of both languages.

use std::collections::{BTreeMap, BTreeSet};

use super::Stems;
use super::patterns::{Classes, Memo, Pattern, words};

const TABLES: [&str; 3] =
    [include_str!("english_patterns.txt"), include_str!("english.txt"), include_str!("russian.txt")];

macro_rules! marks {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// What a phrase says of the steps around it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Mark { $($name),* }

        impl Mark {
            fn named(name: &str) -> Option<Mark> {
                match name { $($text => Some(Mark::$name),)* _ => None }
            }
        }
    };
}

marks! {
    Then = "then", And = "and", Or = "or", Parallel = "parallel", Alongside = "alongside", While = "while",
    Sequential = "sequential", Both = "both", All = "all", EachOfThem = "each_of_them", Before = "before", After = "after",
    When = "when", ButFirst = "but_first", First = "first", If = "if", OnlyIf = "only_if", Unless = "unless", Else = "else",
    ForEach = "for_each", Each = "each", UpTo = "up_to", Least = "at_least_once_word", AtATime = "at_a_time", Retry = "retry",
    Retries = "retries", Attempts = "attempts", Times = "times", OnceMore = "once_more", Backoff = "backoff", Linear = "linear",
    Constant = "constant", PauseBetween = "pause_between", BetweenAttempts = "between_attempts", Timeout = "timeout",
    Within = "within", Give = "give", GiveUp = "give_up", Wait = "wait", WaitFor = "wait_for", Approval = "approval",
    Ignore = "ignore", Failures = "failures", MayFail = "may_fail", EvenIf = "even_if", Critical = "critical", Fails = "fails",
    Succeeds = "succeeds", Done = "done", Anything = "anything", Undo = "undo", ByMeans = "by_means", Until = "until",
    Loop = "loop", Every = "every", Race = "race", Always = "always", Detach = "detach", Remove = "remove", Add = "add",
    Move = "move", Replace = "replace", Instead = "instead", With = "with_word", To = "to_word", Not = "not", Above = "above",
    Below = "below", AtLeast = "at_least", AtMost = "at_most", Equals = "equals", Differs = "differs", Exists = "exists",
    Missing = "missing", True = "true", False = "false", Empty = "empty", Of = "of", It = "it", Them = "them",
    Note = "parenthesis_note", Whole = "whole", OnFailure = "on_failure", GoOn = "go_on", Between = "between", NotNeeded = "not_needed",
    StartingAt = "starting_at", CannotBe = "cannot_be", Because = "because", Remark = "remark", Relative = "relative", So = "so", Filler = "filler",
}

/// Short words of order that a letter is often left out of: `aftr`. Each is its own stem.
const ORDER: [&str; 3] = ["after", "then", "while"];

/// The phrases by the stems that they may begin with.
pub(crate) struct Lexicon {
    places: BTreeMap<String, Vec<usize>>,
    phrases: Vec<(Pattern, Mark)>,
    classes: Classes,
    /// Words that are worth mending where they are misspelt, with their stems.
    long: Vec<(String, String)>,
    stems: BTreeSet<String>,
}

impl Lexicon {
    pub fn new(stems: &Stems) -> Lexicon {
        let stems = &Memo::new(stems);
        let mut lexicon = Lexicon {
            places: BTreeMap::new(),
            phrases: Vec::new(),
            classes: Classes::default(),
            long: Vec::new(),
            stems: BTreeSet::new(),
        };
        let lines = || TABLES.iter().flat_map(|table| table.lines()).filter(|line| !line.starts_with('#'));
        for (name, phrases) in lines().filter_map(|line| line.split_once(':')) {
            if name.starts_with('<') {
                lexicon.classes.define(name.trim(), phrases, stems);
            }
        }
        lexicon.stems.extend(lexicon.classes.stems().cloned());
        for (name, phrases) in lines().filter_map(|line| line.split_once(':')) {
            let Some(mark) = Mark::named(name.trim()) else { continue };
            for phrase in phrases.split(" | ") {
                lexicon.add(phrase.trim(), mark, stems);
            }
        }
        lexicon
    }

    fn add(&mut self, phrase: &str, mark: Mark, stems: &Memo<'_>) {
        let pattern = self.classes.pattern(phrase, stems);
        let is_worth = |word: &&str| word.chars().count() >= 5 && mark != Mark::Filler && !word.contains('<');
        let of_classes = self.classes.words_of(&pattern).map(String::as_str);
        let long: Vec<&str> = words(phrase).chain(of_classes).filter(is_worth).collect();
        for word in long {
            if !self.long.iter().any(|(known, _)| known == word) {
                self.long.push((word.to_owned(), stems.of(word)));
            }
        }
        self.stems.extend(pattern.stems().cloned());
        for first in self.classes.firsts(&pattern) {
            match self.places.get_mut(first) {
                Some(places) => places.push(self.phrases.len()),
                None => {
                    self.places.insert(first.to_owned(), vec![self.phrases.len()]);
                }
            }
        }
        self.phrases.push((pattern, mark));
    }

    /// The marks of the longest phrase at the beginning of `stems`, with the number of its words. A phrase may have several meanings.
    pub fn at(&self, stems: &[&str]) -> Option<(usize, Vec<Mark>)> {
        let phrases = self.places.get(*stems.first()?)?.iter().map(|place| &self.phrases[*place]);
        let fits = phrases.filter_map(|(pattern, mark)| Some((self.classes.longest(pattern, stems)?, *mark)));
        let fits: Vec<(usize, Mark)> = fits.collect();
        let longest = fits.iter().map(|(used, _)| *used).max()?;
        let mut marks: Vec<Mark> =
            fits.iter().filter(|(used, _)| *used == longest).map(|(_, mark)| *mark).collect();
        marks.sort();
        marks.dedup();
        Some((longest, marks))
    }

    /// Whether a phrase has a word with the stem.
    pub fn knows(&self, stem: &str) -> bool {
        self.stems.contains(stem)
    }

    /// The stem of the word that this one was meant to be.
    pub fn mended(&self, word: &str) -> Option<&str> {
        let is_meant = |wanted: &str| match wanted.chars().count() {
            5 => super::are_swapped(word, wanted),
            _ => super::is_typo_of(word, wanted),
        };
        let near = self.long.iter().find(|(wanted, _)| is_meant(wanted));
        near.map(|(_, stem)| stem.as_str())
            .or_else(|| ORDER.into_iter().find(|wanted| super::lacks_one(word, wanted)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Lexicon, Mark};
    use crate::words::Stems;

    /// `неё` once had the stem of `не`, so that what was forbidden was done.
    #[test]
    fn what_says_something_is_no_filler() {
        let lexicon = Lexicon::new(&Stems::new());
        let words = |wanted: &dyn Fn(Mark) -> bool| {
            let fits = lexicon.phrases.iter().filter(|(_, mark)| wanted(*mark));
            fits.map(|(pattern, _)| format!("{pattern:?}")).collect::<std::collections::BTreeSet<_>>()
        };
        let fillers = words(&|mark| mark == Mark::Filler);
        let telling = words(&|mark| {
            matches!(mark, Mark::Not | Mark::Unless | Mark::If | Mark::Else | Mark::Remove | Mark::Or)
        });
        assert_eq!(fillers.intersection(&telling).collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

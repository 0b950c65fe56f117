//! Phrases of the tables as patterns: words, and classes of words that may stand for each other.
//!
//! It knows how stems match, not what a phrase says.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::Stems;

/// Words that may stand inside of a phrase and change nothing.
const INSIDE: [&str; 11] =
    ["the", "a", "an", "just", "simpli", "actual", "realli", "ever", "alreadi", "pleas", "still"];
/// In shorter ones an article counts: `in the order` is not `in order`.
const LONG: usize = 3;
/// `can't` is two words wherever it stands.
const JOINED: [(&str, &str, &str); 1] = [("cannot", "can", "not")];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Stem(String),
    Class(usize),
    /// The end of a clause.
    End,
}

/// A row of words and classes, each with whether it may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<(Part, bool)>,
}

/// Classes by their names: each a list of what may stand there.
#[derive(Default)]
pub(super) struct Classes {
    names: BTreeMap<String, usize>,
    rows: Vec<Vec<Vec<String>>>,
    /// The words of each class as they are written.
    words: Vec<Vec<String>>,
}

/// The words of a phrase as a text has them.
pub(super) fn words(phrase: &str) -> impl Iterator<Item = &str> {
    phrase.split_whitespace().flat_map(|word| {
        let joined = JOINED.iter().find(|(whole, ..)| *whole == word);
        let (one, other) = joined.map_or((word, None), |(_, one, other)| (*one, Some(*other)));
        std::iter::once(one).chain(other)
    })
}

/// The stems of words that come again and again.
pub(super) struct Memo<'a> {
    stems: &'a Stems,
    known: RefCell<BTreeMap<String, String>>,
}

impl<'a> Memo<'a> {
    pub fn new(stems: &'a Stems) -> Memo<'a> {
        Memo { stems, known: RefCell::default() }
    }

    pub fn of(&self, word: &str) -> String {
        if let Some(stem) = self.known.borrow().get(word) {
            return stem.clone();
        }
        let stem = self.stems.of(word);
        self.known.borrow_mut().insert(word.to_owned(), stem.clone());
        stem
    }
}

impl Pattern {
    /// The stems that are no class.
    pub fn stems(&self) -> impl Iterator<Item = &String> {
        self.parts.iter().filter_map(|(part, _)| match part {
            Part::Stem(stem) => Some(stem),
            Part::Class(_) | Part::End => None,
        })
    }
}

impl Classes {
    /// `<name>: phrase | phrase`
    pub fn define(&mut self, name: &str, phrases: &str, stems: &Memo<'_>) {
        let row = phrases.split(" | ").map(|phrase| words(phrase).map(|word| stems.of(word)).collect());
        self.names.insert(name.to_owned(), self.rows.len());
        self.rows.push(row.collect());
        self.words.push(words(phrases).filter(|word| *word != "|").map(str::to_owned).collect());
    }

    /// A phrase of the table: `<must-not> <stop> <the-run>`, `<it-is>? fine if`.
    pub fn pattern(&self, phrase: &str, stems: &Memo<'_>) -> Pattern {
        let part = |word: &str| {
            let (word, may_lack) = word.strip_suffix('?').map_or((word, false), |word| (word, true));
            let class = self.names.get(word).map(|class| Part::Class(*class));
            let class = class.or((word == "$").then_some(Part::End));
            (class.unwrap_or_else(|| Part::Stem(stems.of(word))), may_lack)
        };
        Pattern { parts: words(phrase).map(part).collect() }
    }

    /// The stems that a pattern may begin with.
    pub fn firsts<'a>(&'a self, pattern: &'a Pattern) -> Vec<&'a str> {
        let mut firsts: Vec<&str> = Vec::new();
        for (part, may_lack) in &pattern.parts {
            match part {
                Part::Stem(stem) => firsts.push(stem),
                Part::Class(class) => {
                    firsts.extend(self.rows[*class].iter().filter_map(|row| row.first()).map(String::as_str));
                }
                Part::End => {}
            }
            if !may_lack {
                break;
            }
        }
        firsts.sort_unstable();
        firsts.dedup();
        firsts
    }

    /// The words of the classes of a pattern.
    pub fn words_of(&self, pattern: &Pattern) -> impl Iterator<Item = &String> {
        let classes = pattern.parts.iter().filter_map(|(part, _)| match part {
            Part::Class(class) => Some(&self.words[*class]),
            Part::Stem(_) | Part::End => None,
        });
        classes.flatten()
    }

    /// Every stem of a class.
    pub fn stems(&self) -> impl Iterator<Item = &String> {
        self.rows.iter().flatten().flatten()
    }

    /// How many of the stems the pattern takes from the first on, at most.
    pub fn longest(&self, pattern: &Pattern, stems: &[&str]) -> Option<usize> {
        self.walk(&pattern.parts, stems, 0, pattern.parts.len() >= LONG).filter(|used| *used > 0)
    }

    fn walk(&self, parts: &[(Part, bool)], stems: &[&str], at: usize, is_long: bool) -> Option<usize> {
        let Some(((part, may_lack), rest)) = parts.split_first() else { return Some(at) };
        let mut best = if *may_lack { self.walk(rest, stems, at, is_long) } else { None };
        let inside = stems[at..].iter().take_while(|stem| at > 0 && is_long && INSIDE.contains(stem)).count();
        for at in at..=at + inside {
            match part {
                Part::Stem(stem) if stems.get(at).is_some_and(|said| said == stem) => {
                    best = best.max(self.walk(rest, stems, at + 1, is_long));
                }
                // The table has an article that the text has not.
                Part::Stem(stem) if is_long && at > 0 && INSIDE[..3].contains(&stem.as_str()) => {
                    best = best.max(self.walk(rest, stems, at, is_long));
                }
                Part::Stem(_) => {}
                // Only words have stems.
                Part::End if stems.get(at).is_none_or(|stem| stem.is_empty()) => {
                    best = best.max(self.walk(rest, stems, at, is_long));
                }
                Part::End => {}
                Part::Class(class) => {
                    for row in &self.rows[*class] {
                        if stems[at..].len() >= row.len()
                            && row.iter().zip(&stems[at..]).all(|(one, other)| one == other)
                        {
                            best = best.max(self.walk(rest, stems, at + row.len(), is_long));
                        }
                    }
                }
            }
        }
        best
    }
}

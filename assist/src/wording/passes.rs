//! Rows of items right after they are read: which words make one phrase, where a sentence ends, what has failed.
//!
//! It knows items, not what they say of steps.

use std::ops::Range;

use crate::items::{Item, alone, is_order};
use crate::names::{Meant, Names};
use crate::words::{Mark, WORDS, is_telling};

/// Marks that may stand inside of what names one thing.
const GLUE: [Mark; 8] =
    [Mark::Between, Mark::Of, Mark::With, Mark::To, Mark::Filler, Mark::ByMeans, Mark::It, Mark::Them];

const PREPOSITIONS: [&str; 27] = [
    "about", "за", "of", "for", "to", "from", "on", "in", "at", "with", "by", "via", "using", "through",
    "between", "у", "от", "для", "из", "с", "со", "в", "на", "по", "к", "о", "при",
];

pub(crate) fn sign_item(sign: &str, at: Range<usize>) -> Option<Item> {
    let marks = match sign {
        "->" | "=>" | "→" | "-->" | ">>" => vec![Mark::Then],
        ">" => vec![Mark::Above],
        "<" => vec![Mark::Below],
        ">=" => vec![Mark::AtLeast],
        "<=" => vec![Mark::AtMost],
        "=" | "==" => vec![Mark::Equals],
        "!=" => vec![Mark::Differs],
        "&" | "+" => vec![Mark::And],
        "-" | "–" | "—" => return Some(Item::Comma(at)),
        _ => return None,
    };
    Some(Item::Marks(marks, at))
}

/// In words.
const LONGEST_TITLE: usize = 4;

/// A colon ends a sentence that names something, as in `the payment within 5s: ...`; behind words like `in parallel` it says nothing.
pub(crate) fn ended(items: Vec<Item>, names: &Names<'_>) -> Vec<Item> {
    let mut ended: Vec<Item> = Vec::new();
    let mut items = items.into_iter().peekable();
    while let Some(item) = items.next() {
        let Item::Colon(at) = item else {
            ended.push(item);
            continue;
        };
        // `the payment: 3 retries, 1 second`
        let is_value = |item: &Item| {
            matches!(item, Item::Number(..) | Item::Time(..))
                || item.is_any(&[
                    Mark::Timeout,
                    Mark::UpTo,
                    Mark::Within,
                    Mark::MayFail,
                    Mark::Detach,
                    Mark::Retry,
                    Mark::Add,
                    Mark::Give,
                ])
        };
        let is_alone = matches!(ended.as_slice(), [.., Item::Stop(_), Item::Phrase(_)] | [Item::Phrase(_)]);
        // `A and B: 2 attempts each`
        let is_pair =
            matches!(ended.as_slice(), [Item::Phrase(_), and, Item::Phrase(_)] if and.is(Mark::And));
        if (is_alone || is_pair) && items.peek().is_some_and(is_value) {
            ended.push(Item::Comma(at));
            continue;
        }
        // `payment retries: 5`
        let is_setting = ended.last().is_some_and(|last| last.is_any(&[Mark::Retries, Mark::Timeout]));
        if is_setting && items.peek().is_some_and(|next| matches!(next, Item::Number(..) | Item::Time(..))) {
            continue;
        }
        // `Checkout: ...` is a title.
        let is_title = |item: &Item| {
            matches!(item, Item::Phrase(title) if title.words.len() <= LONGEST_TITLE
            && !matches!(names.meant_by(title, &[]), Meant::Task(_))
            && !title.words.iter().any(|word| is_telling(&word.text)))
        };
        if is_alone && ended.last().is_some_and(is_title) {
            ended.pop();
            continue;
        }
        // `for each node: ...`
        let start = ended.iter().rposition(|item| matches!(item, Item::Stop(_))).map_or(0, |at| at + 1);
        let clauses = [Mark::After, Mark::Before, Mark::OnFailure];
        if ended.get(start).is_some_and(|first| first.is(Mark::ForEach)) {
            ended.push(Item::Colon(at));
            continue;
        }
        if ended.get(start).is_some_and(|first| first.is_any(&clauses)) {
            ended.push(Item::Comma(at));
            continue;
        }
        let sentence = ended.iter().rev().take_while(|item| !matches!(item, Item::Stop(_)));
        if sentence.into_iter().any(|item| matches!(item, Item::Phrase(_) | Item::Time(..))) {
            ended.push(Item::Stop(at));
        }
    }
    ended
}

/// `the receipt cannot be sent` and `the receipt does not get sent` are `sending the receipt fails`.
pub(crate) fn failing(items: Vec<Item>, names: &Names<'_>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        let object = found.len().checked_sub(2).map(|at| &found[at]);
        match (item, object, found.last()) {
            (Item::Phrase(verb), Some(Item::Phrase(object)), Some(cannot)) if cannot.is(Mark::CannotBe) => {
                let (verb, rest) = verb.split(1);
                let mut whole = object.clone();
                whole.words.extend(verb.words);
                whole.at.end = verb.at.end;
                let fails = Item::Marks(vec![Mark::Fails], verb.at);
                found.truncate(found.len() - 2);
                found.extend([Item::Phrase(whole), fails]);
                found.extend((!rest.words.is_empty()).then_some(Item::Phrase(rest)));
            }
            // `if they can't be charged`
            (Item::Phrase(verb), Some(it), Some(cannot))
                if it.is_any(&[Mark::It, Mark::Them]) && cannot.is(Mark::CannotBe) =>
            {
                let fails = Item::Marks(vec![Mark::Fails], verb.at.clone());
                found.truncate(found.len() - 2);
                found.extend([Item::Phrase(verb), fails]);
            }
            (Item::Phrase(verb), Some(Item::Phrase(object)), Some(not))
                if not.is_any(&[Mark::Not, Mark::Differs])
                    && verb.words.last().is_some_and(|word| {
                        is_participle(&word.text) && names.begins(&word.stem) || is_reflexive(&word.text)
                    })
                    && found.len() > 2
                    && found[found.len() - 3].is_any(&[Mark::If, Mark::When, Mark::EvenIf]) =>
            {
                let mut whole = object.clone();
                whole.words.extend(verb.words.iter().cloned());
                if !matches!(names.meant(&whole.words, &[]), Meant::Task(_)) {
                    found.push(Item::Phrase(verb));
                    continue;
                }
                whole.at.end = verb.at.end;
                let fails = Item::Marks(vec![Mark::Fails], verb.at);
                found.truncate(found.len() - 2);
                found.extend([Item::Phrase(whole), fails]);
            }
            (item, ..) => found.push(item),
        }
    }
    found
}

/// `открылась`: what a thing has done by itself.
fn is_reflexive(word: &str) -> bool {
    ["лся", "лась", "лось", "лись"].iter().any(|end| word.ends_with(end))
}

/// `charged`, `sent`: what was done to a thing.
fn is_participle(word: &str) -> bool {
    word.ends_with("ed") || WORDS.stems.of(word) != word && word.ends_with(['t', 'n', 'd'])
}

/// Neighbouring words become one phrase, with the small words between them.
pub(crate) fn joined(items: Vec<Item>, text: &str) -> Vec<Item> {
    let mut joined: Vec<Item> = Vec::new();
    let mut glue: Vec<Item> = Vec::new();
    for item in items {
        let is_glue = matches!(&item, Item::Marks(marks, _) if marks.iter().all(|mark| GLUE.contains(mark)));
        match (joined.last_mut(), item) {
            (Some(Item::Phrase(_)), item) if is_glue => glue.push(item),
            (Some(Item::Phrase(last)), Item::Phrase(mut next)) => {
                let before = last.words.len();
                let mut small = glue.iter().map(|item| text[item.at().clone()].to_lowercase());
                let preposition = small.rfind(|word| PREPOSITIONS.contains(&word.as_str()));
                if let (Some(first), Some(preposition)) = (next.words.first_mut(), preposition) {
                    first.preposition = preposition;
                }
                for word in &mut next.words {
                    word.is_proper = text[word.at.clone()].starts_with(char::is_uppercase);
                }
                last.glue.extend(glue.drain(..).filter_map(|item| match item {
                    Item::Marks(marks, _) => Some((before, marks)),
                    _ => None,
                }));
                last.words.extend(next.words);
                last.at.end = next.at.end;
            }
            (_, item) => {
                joined.append(&mut glue);
                joined.push(item);
            }
        }
    }
    joined.extend(glue);
    joined
}

/// `launch and land the drone`: what a task is called by is a step where nothing else is named beside it.
pub(crate) fn lone_verbs(items: &mut [Item], names: &Names<'_>, text: &str) {
    let is_filler = |item: &Item| matches!(item, Item::Marks(marks, _) if *marks == [Mark::Filler]);
    let beside = |item: Option<&Item>| {
        item.is_some_and(|item| matches!(item, Item::Phrase(_) | Item::Marks(..)) && !is_joint(item))
    };
    for at in 0..items.len() {
        let said = text[items[at].at().clone()].to_lowercase();
        // `ответь на него`
        let is_small = |item: &Item| {
            is_filler(item)
                || item.is_any(&[Mark::To, Mark::With, Mark::Of, Mark::It, Mark::Them])
                    && !item.is(Mark::Both)
        };
        let is_alone = !beside(items[at + 1..].iter().find(|item| !is_small(item)))
            && !beside(items[..at].iter().rfind(|item| !is_filler(item)));
        if !is_filler(&items[at]) || !is_alone {
            continue;
        }
        let verb = alone(said, items[at].at().clone());
        let word = &verb.words[0];
        if names.begins(&word.stem) || is_order(&word.text) && names.has_verb(word) {
            items[at] = Item::Phrase(verb);
        }
    }
}

/// What joins steps, or says how one ended.
fn is_joint(item: &Item) -> bool {
    item.is_any(&[
        Mark::And,
        Mark::Or,
        Mark::Then,
        Mark::Both,
        Mark::If,
        Mark::When,
        Mark::Before,
        Mark::After,
        Mark::Retry,
        Mark::Fails,
        Mark::Succeeds,
        Mark::OnFailure,
        Mark::Parallel,
    ])
}

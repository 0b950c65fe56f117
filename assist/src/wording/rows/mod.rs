//! Short rows of items that say the same as others: `within a second or fail` is `within a second`.
//!
//! It knows rows of items, not what they say of steps.

mod approvals;
mod contrasts;
mod limits;
mod orders;
mod outcomes;
mod retries;

use crate::items::{Item, Phrase};
use crate::names::{Meant, Names};
use crate::words::Mark;

/// What stands before a row, its first item, and what follows that.
struct Place<'a> {
    found: &'a [Item],
    item: &'a Item,
    rest: &'a [Item],
    text: &'a str,
    names: &'a Names<'a>,
    is_conditional: bool,
    is_repeated: bool,
}

/// What a row is turned to: how many items before it go, what comes instead of it, and how many items behind its first it takes.
struct Turn {
    dropped: usize,
    items: Vec<Item>,
    used: usize,
}

pub(crate) fn turned(items: &[Item], names: &Names<'_>, text: &str) -> Vec<Item> {
    let is_conditional =
        items.iter().any(|item| item.is_any(&[Mark::If, Mark::Unless, Mark::When, Mark::OnlyIf]));
    let is_repeated = items.iter().any(|item| item.is(Mark::Until));
    let mut found: Vec<Item> = Vec::new();
    let mut items = items;
    while let Some((item, rest)) = items.split_first() {
        items = rest;
        let place = Place { found: &found, item, rest, text, names, is_conditional, is_repeated };
        let turn = retries::turn_of(&place)
            .or_else(|| limits::turn_of(&place))
            .or_else(|| approvals::turn_of(&place))
            .or_else(|| outcomes::turn_of(&place))
            .or_else(|| contrasts::turn_of(&place))
            .or_else(|| orders::turn_of(&place));
        match turn {
            Some(turn) => {
                found.truncate(found.len() - turn.dropped);
                found.extend(turn.items);
                items = &rest[turn.used..];
            }
            None => found.push(item.clone()),
        }
    }
    found
}

fn mark(mark: Mark, item: &Item) -> Item {
    Item::Marks(vec![mark], item.at().clone())
}

fn ends(item: Option<&Item>) -> bool {
    item.is_none_or(|next| matches!(next, Item::Stop(_) | Item::Comma(_)))
}

fn turn(items: Vec<Item>, used: usize) -> Option<Turn> {
    Some(Turn { dropped: 0, items, used })
}

impl Place<'_> {
    fn said(&self, item: &Item) -> String {
        self.text[item.at().clone()].to_lowercase()
    }

    /// Whether a clause begins here.
    fn begins(&self) -> bool {
        self.found.last().is_none_or(|last| {
            matches!(last, Item::Stop(_) | Item::Comma(_)) || last.is_any(&[Mark::And, Mark::Then])
        })
    }

    /// Whether a sentence begins here.
    fn is_first(&self) -> bool {
        self.found.last().is_none_or(|last| matches!(last, Item::Stop(_)))
    }

    fn is_task(&self, phrase: &Phrase) -> bool {
        matches!(self.names.meant_by(phrase, &[]), Meant::Task(_))
    }

    /// What follows to the end of the sentence.
    fn sentence(&self) -> &[Item] {
        let end = self.rest.iter().position(|item| matches!(item, Item::Stop(_))).unwrap_or(self.rest.len());
        &self.rest[..end]
    }

    /// The small words between two items, which say nothing by themselves.
    fn between(&self, one: &Item, other: &Item) -> String {
        self.text.get(one.at().end..other.at().start).unwrap_or_default().to_lowercase()
    }

    /// Whether what begins with an item behind another is set against it.
    fn is_but(&self, one: &Item, other: &Item) -> bool {
        self.between(one, other)
            .split_whitespace()
            .any(|word| ["but", "but,", "но", "но,", "only"].contains(&word))
    }
}

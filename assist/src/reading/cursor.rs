//! Looking for marks in rows of items.

use std::ops::Range;

use crate::items::Item;
use crate::words::Mark;

/// Without commas, `and` and `then` at both ends.
pub(super) fn trimmed(mut items: &[Item]) -> &[Item] {
    let is_edge = |item: &Item| {
        matches!(item, Item::Comma(_) | Item::Stop(_))
            || item.is_any(&[Mark::And, Mark::Then, Mark::Filler, Mark::First])
                && !item.is_any(&[Mark::ButFirst])
    };
    while let Some((first, rest)) = items.split_first() {
        if !is_edge(first) {
            break;
        }
        items = rest;
    }
    while let Some((last, rest)) = items.split_last() {
        if !is_edge(last) && !last.is_any(&[Mark::With, Mark::Of]) {
            break;
        }
        items = rest;
    }
    items
}

pub(super) fn find(items: &[Item], marks: &[Mark]) -> Option<usize> {
    items.iter().position(|item| item.is_any(marks))
}

/// The pieces between items that are separators.
pub(super) fn split(items: &[Item], is_separator: impl Fn(&Item) -> bool) -> Vec<&[Item]> {
    items.split(is_separator).filter(|piece| !trimmed(piece).is_empty()).collect()
}

/// Takes a range out of a row.
pub(super) fn cut(items: &mut Vec<Item>, range: Range<usize>) {
    items.drain(range);
}

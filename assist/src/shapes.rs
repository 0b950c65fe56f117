//! Ways to say the same that one order of items stands for: `10 times at most` is `at most 10 times`.
//!
//! It knows rows of items, not what they say of steps.

use crate::items::Item;
use crate::names::{Meant, Names};
use crate::words::Mark;

/// Somebody who does one of these is waited for, whatever else is called like him.
const VERBS: [&str; 6] = ["approves", "approved", "confirms", "confirmed", "одобрит", "подтвердит"];

pub(crate) fn straightened(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    bounded(consented(failed(items), names, text))
}

/// `did not pass` is a failure.
fn failed(items: Vec<Item>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        let not = found.last().filter(|last| matches!(last, Item::Marks(marks, _) if *marks == [Mark::Not]));
        match not.map(|not| not.at().start).filter(|_| item.is(Mark::Succeeds)) {
            Some(start) => {
                found.pop();
                found.push(Item::Marks(vec![Mark::Fails], start..item.at().end));
            }
            None => found.push(item),
        }
    }
    found
}

/// `5 minutes max`, `10 times at most`: the bound comes first.
fn bounded(mut items: Vec<Item>) -> Vec<Item> {
    for at in 1..items.len() {
        let goes_on = items.get(at + 1).is_some_and(|item| {
            matches!(item, Item::Number(..) | Item::Time(..) | Item::Phrase(_)) || item.is(Mark::Whole)
        });
        if !items[at].is(Mark::UpTo) || goes_on {
            continue;
        }
        let counts = [Mark::Times, Mark::Retries, Mark::Attempts];
        let start = match (&items[at - 1], at.checked_sub(2).map(|start| &items[start])) {
            (Item::Time(..), _) => at - 1,
            (unit, Some(Item::Number(..))) if unit.is_any(&counts) => at - 2,
            _ => continue,
        };
        items[start..=at].rotate_right(1);
    }
    items
}

/// `wait until the supervisor approves` waits for an approval, and so does `only once someone approved`.
fn consented(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        let who = match found.as_slice() {
            [.., order, Item::Phrase(who)] if item.is(Mark::Approval) && who.words.len() == 1 => {
                let is_verb = VERBS.contains(&text[item.at().clone()].to_lowercase().as_str());
                Some(order).filter(|_| is_verb || names.meant(&who.words, &[]) == Meant::Nothing)
            }
            _ => None,
        };
        let is_wait = who.is_some_and(|order| order.is(Mark::Until))
            && found.len().checked_sub(3).is_some_and(|at| found[at].is_any(&[Mark::Wait, Mark::WaitFor]));
        let is_order = who.is_some_and(|order| order.is_any(&[Mark::OnlyIf, Mark::After, Mark::When]));
        if is_wait {
            let at = found[found.len() - 3].at().clone();
            found.truncate(found.len() - 3);
            found.push(Item::Marks(vec![Mark::WaitFor], at));
        } else if is_order {
            found.pop();
            if let Some(Item::Marks(marks, _)) = found.last_mut() {
                *marks = vec![Mark::After];
            }
        }
        found.push(item);
    }
    found
}

/// Where there is no workflow to change, `put the pallet on the shelf` names a task by its verb.
pub(crate) fn with_verbs(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    let edits = [Mark::Add, Mark::Move, Mark::Remove, Mark::Replace, Mark::Undo];
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        let verb =
            found.last().filter(|before| before.is_any(&edits) && !before.is(Mark::Then)).map(Item::at);
        if let (Item::Phrase(phrase), Some(verb)) = (&item, verb) {
            let whole = phrase.led_by(text[verb.clone()].to_lowercase(), verb.clone());
            if matches!(names.meant(&whole.words, &[]), Meant::Task(_)) {
                found.pop();
                found.push(Item::Phrase(whole));
                continue;
            }
        }
        found.push(item);
    }
    found
}

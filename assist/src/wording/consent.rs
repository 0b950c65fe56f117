//! Who approves what, and when: `the payment must be approved` is an approval before it.
//!
//! It knows rows of items, not what they say of steps.

use crate::items::Item;
use crate::names::{Meant, Names};
use crate::words::Mark;

/// Somebody who does one of these is waited for, whatever else is called like him.
const VERBS: [&str; 6] = ["approves", "approved", "confirms", "confirmed", "одобрит", "подтвердит"];

/// `somebody has to approve, wait up to 4 hours for that`: how long the approval is waited for.
pub(crate) fn patient(items: Vec<Item>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut items = items.as_slice();
    while let Some((item, rest)) = items.split_first() {
        found.push(item.clone());
        items = rest;
        // `approve the order within 24 hours`: the time is the approval's, whatever is approved.
        if item.is(Mark::Approval)
            && let [object, behind @ ..] = rest
            && (object.is(Mark::It) || matches!(object, Item::Phrase(_)))
            && let comma = usize::from(matches!(behind.first(), Some(Item::Comma(_))))
            && let [limit, time @ Item::Time(..), rest @ ..] = &behind[comma..]
            && limit.is_any(&[Mark::UpTo, Mark::Within])
        {
            found.extend([Item::Marks(vec![Mark::Within], limit.at().clone()), time.clone(), object.clone()]);
            let ends = usize::from(matches!(rest, [Item::Comma(_), before, ..] if before.is(Mark::Before)));
            items = &rest[ends..];
            continue;
        }
        // `an approval, max 6 hours, before A`
        if let [comma @ Item::Comma(_), limit, time @ Item::Time(..), rest @ ..] = rest
            && item.is(Mark::Approval)
            && limit.is_any(&[Mark::UpTo, Mark::Within])
        {
            found.extend([Item::Marks(vec![Mark::Within], comma.at().clone()), time.clone()]);
            items = match rest {
                [Item::Comma(_), before, ..] if before.is(Mark::Before) => &rest[1..],
                rest => rest,
            };
            continue;
        }
        // `approve the payment within 24 hours`, `an approval before A, but do not wait longer than an hour`
        if let [before, next @ Item::Phrase(_), behind @ ..] = rest
            && item.is(Mark::Approval)
            && before.is(Mark::Before)
            && let comma = usize::from(matches!(behind.first(), Some(Item::Comma(_))))
            && (comma == 1 || before.at() == item.at())
            && let [limit, time @ Item::Time(..), rest @ ..] = &behind[comma..]
            && limit.is_any(&[Mark::Within, Mark::UpTo])
        {
            let within = Item::Marks(vec![Mark::Within], limit.at().clone());
            found.extend([within, time.clone(), before.clone(), next.clone()]);
            items = rest;
            continue;
        }
        let ([joint, wait, limit, time @ Item::Time(..), rest @ ..], true) = (rest, item.is(Mark::Approval))
        else {
            continue;
        };
        let is_joint = matches!(joint, Item::Comma(_)) || joint.is(Mark::And);
        if is_joint && wait.is_any(&[Mark::Wait, Mark::WaitFor]) && limit.is(Mark::UpTo) {
            found.extend([Item::Marks(vec![Mark::Within], limit.at().clone()), time.clone()]);
            items = match rest {
                [with, it, rest @ ..] if with.is(Mark::With) && it.is(Mark::It) => rest,
                rest => rest,
            };
        }
    }
    found
}

/// `wait until the supervisor approves` waits for an approval, and so does `only once someone approved`.
pub(crate) fn consented(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        let who = match found.as_slice() {
            [.., order, Item::Phrase(who)] if item.is(Mark::Approval) && who.words.len() == 1 => {
                let is_verb = VERBS.contains(&text[item.at().clone()].to_lowercase().as_str());
                Some(order).filter(|_| is_verb || names.meant(&who.words, &[]) == Meant::Nothing)
            }
            _ => None,
        };
        // `wait until somebody approves`
        if item.is(Mark::Approval)
            && let [.., wait, until] = found.as_slice()
            && wait.is_any(&[Mark::Wait, Mark::WaitFor])
            && until.is(Mark::Until)
        {
            let at = wait.at().clone();
            found.truncate(found.len() - 2);
            found.extend([Item::Marks(vec![Mark::WaitFor], at), item]);
            continue;
        }
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

/// `the supervisor's approval`, `одобрение директора`: who gives it is nobody's step.
pub(crate) fn nobodys(mut items: Vec<Item>, names: &Names<'_>) -> Vec<Item> {
    let is_who = |item: &Item| matches!(item, Item::Phrase(who) if who.words.len() == 1 && names.meant(&who.words, &[]) == Meant::Nothing);
    let mut at = 1;
    while at < items.len() {
        let possessive = matches!(&items[at - 1], Item::Phrase(who) if who.words.iter().all(|word| word.text.ends_with("'s")));
        // `approval by the planner`
        let is_by = items[at - 1].is(Mark::Approval)
            && items[at].is(Mark::ByMeans)
            && matches!(items.get(at + 1), Some(Item::Phrase(who)) if who.words.len() == 1);
        if is_by {
            items.drain(at..at + 2);
        } else if items[at].is(Mark::Approval) && possessive && is_who(&items[at - 1]) {
            items.remove(at - 1);
        } else if items[at - 1].is(Mark::Approval) && is_who(&items[at]) {
            items.remove(at);
        } else {
            at += 1;
        }
    }
    items
}

/// `somebody must approve the payment`, `the payment must be approved`: the approval comes before it.
pub(crate) fn approved(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    let is_task = |item: Option<&Item>| matches!(item, Some(Item::Phrase(phrase)) if matches!(names.meant_by(phrase, &[]), Meant::Task(_)));
    let is_end = |item: Option<&Item>| item.is_none_or(|item| matches!(item, Item::Stop(_) | Item::Comma(_)));
    let mut found: Vec<Item> = Vec::new();
    let mut skipped = 0..0;
    for (at, item) in items.iter().enumerate() {
        if skipped.contains(&at) {
            continue;
        }
        // `approve the reply before it is sent`
        if let [Item::Phrase(_), before, it, rest @ ..] = &items[at + 1..]
            && item.is(Mark::Approval)
            && is_task(items.get(at + 1))
            && before.is(Mark::Before)
            && it.is_any(&[Mark::It, Mark::Them])
        {
            let end = rest.iter().take_while(|item| item.is(Mark::Equals) || matches!(item, Item::Phrase(_)));
            skipped = at + 2..at + 4 + end.count();
        }
        if !item.is(Mark::Approval) {
            found.push(item.clone());
            continue;
        }
        let said = text[item.at().clone()].to_lowercase();
        let is_passive =
            ["approved", "approval", "confirmed", "sign-off"].iter().any(|word| said.ends_with(word));
        let before = found.len().checked_sub(1).filter(|at| is_task(found.get(*at)));
        let waits = found.last().is_some_and(|item| item.is_any(&[Mark::WaitFor]));
        let needs = waits && found.len() >= 2 && is_task(found.get(found.len() - 2)) && {
            let verb = text[found[found.len() - 1].at().clone()].to_lowercase();
            ["requires", "needs", "require", "требует"].contains(&verb.as_str())
        };
        let starts = |at: usize| is_end(at.checked_sub(1).and_then(|at| items.get(at)));
        if needs && is_end(items.get(at + 1)) {
            found.pop();
        }
        if needs || is_passive && before.is_some() && is_end(items.get(at + 1)) && starts(at - 1) {
            let task = found.pop();
            let order = Item::Marks(vec![Mark::Before], item.at().clone());
            found.extend([item.clone(), order].into_iter().chain(task));
            continue;
        }
        found.push(item.clone());
        if is_task(items.get(at + 1)) {
            found.push(Item::Marks(vec![Mark::Before], item.at().clone()));
        }
    }
    found
}

//! Ways to say the same that one order of items stands for: `10 times at most` is `at most 10 times`.
//!
//! It knows rows of items, not what they say of steps.

use super::consent::{approved, consented, nobodys, patient};
use super::restated::restated;
use super::turns::turned;
use crate::items::Item;
use crate::names::{Meant, Names};
use crate::words::Mark;

pub(crate) fn straightened(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    let items = bounded(consented(
        retried(failed(limited(first_of_all(given(restated(items, names, text), text), names)))),
        names,
        text,
    ));
    let items = unfinished(approved(nobodys(items, names), names, text), text);
    let items = turned(items, text);
    shared(forbidden(patient(reasons(ceased(given_to(inserted(items)), names))), names), names)
}

/// `inform both A and B` is `both inform A and B`.
fn shared(items: Vec<Item>, names: &Names<'_>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        if let (Item::Phrase(thing), [.., Item::Phrase(verb), both]) = (&item, found.as_slice())
            && both.is(Mark::Both)
            && let Some(word) = verb.words.first().filter(|_| verb.words.len() == 1)
        {
            let whole = thing.led_by(word.text.clone(), word.at.clone());
            if matches!(names.meant(&whole.words, &[]), Meant::Task(_)) {
                let both = both.clone();
                found.truncate(found.len() - 2);
                found.extend([both, Item::Phrase(whole)]);
                continue;
            }
        }
        found.push(item);
    }
    found
}

/// `the card should not be issued until B` is `do not issue the card until B`.
fn forbidden(items: Vec<Item>, names: &Names<'_>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    // `билет не печатать, пока не ...`
    let is_inner = |at: usize| {
        matches!(items[at], Item::Comma(_))
            && items.get(at + 1).is_some_and(|next| next.is(Mark::Until))
            && at > 1
            && matches!(items[at - 1], Item::Phrase(_))
            && items[at - 2].is_any(&[Mark::Not, Mark::Differs])
    };
    let items: Vec<Item> = (0..items.len()).filter(|at| !is_inner(*at)).map(|at| items[at].clone()).collect();
    let mut items = items.as_slice();
    while let Some((item, rest)) = items.split_first() {
        items = rest;
        if let (Item::Phrase(thing), [not, Item::Phrase(verb), until, ..]) = (item, rest)
            && not.is_any(&[Mark::Not, Mark::Differs])
            && until.is_any(&[Mark::Until, Mark::Before, Mark::Unless, Mark::If, Mark::When])
        {
            let mut whole = thing.clone();
            whole.words.extend(verb.words.iter().cloned());
            whole.at.end = verb.at.end;
            if matches!(names.meant(&whole.words, &[]), Meant::Task(_)) {
                if until.is(Mark::Unless) {
                    found.extend([Item::Phrase(whole), Item::Marks(vec![Mark::OnlyIf], until.at().clone())]);
                    items = &rest[3..];
                } else {
                    found.extend([Item::Marks(vec![Mark::Not], not.at().clone()), Item::Phrase(whole)]);
                    items = &rest[2..];
                }
                continue;
            }
        }
        // `do not send A unless B` is `send A only if B`.
        if let (true, [phrase @ Item::Phrase(_), unless, ..]) = (item.is(Mark::Not), rest)
            && unless.is(Mark::Unless)
        {
            found.extend([phrase.clone(), Item::Marks(vec![Mark::OnlyIf], unless.at().clone())]);
            items = &rest[2..];
            continue;
        }
        found.push(item.clone());
    }
    found
}

/// `between A and B wait 3 days` is `wait 3 days between A and B`.
fn inserted(items: Vec<Item>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for statement in items.split_inclusive(|item| matches!(item, Item::Stop(_))) {
        let (body, stop) = match statement {
            [body @ .., stop @ Item::Stop(_)] => (body, Some(stop)),
            body => (body, None),
        };
        match body {
            [mark, Item::Phrase(first), and, last @ Item::Phrase(_), rest @ ..]
                if mark.is(Mark::Between) && and.is(Mark::And) && !rest.is_empty() =>
            {
                let rest = if matches!(rest[0], Item::Comma(_)) { &rest[1..] } else { rest };
                if let [head @ .., Item::Phrase(new)] = rest {
                    let mut whole = new.clone();
                    whole.glue.push((whole.words.len(), vec![Mark::Between]));
                    whole.words.extend(first.words.iter().cloned());
                    found.extend(head.iter().cloned());
                    found.push(Item::Phrase(whole));
                } else {
                    found.extend(rest.iter().cloned());
                    found.extend([mark.clone(), Item::Phrase(first.clone())]);
                }
                found.extend([and.clone(), last.clone()]);
            }
            body => found.extend(body.iter().cloned()),
        }
        found.extend(stop.cloned());
    }
    found
}

/// `на поиск водителя отведи минуту` is `отведи на поиск водителя минуту`.
fn given_to(mut items: Vec<Item>) -> Vec<Item> {
    for at in 0..items.len().saturating_sub(2) {
        let begins =
            at == 0 || matches!(items[at - 1], Item::Stop(_) | Item::Comma(_)) || items[at - 1].is(Mark::And);
        let is_to = items[at].is_any(&[Mark::To, Mark::With]) && matches!(items[at + 1], Item::Phrase(_));
        if begins && is_to && items[at + 2].is(Mark::Give) {
            items[at..at + 3].rotate_right(1);
        }
    }
    items
}

/// `stop validating the order` removes the step, unless a task stops something.
fn ceased(items: Vec<Item>, names: &Names<'_>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        let begins = matches!(found.last(), None | Some(Item::Stop(_) | Item::Comma(_)));
        match item {
            Item::Phrase(phrase)
                if begins
                    && matches!(phrase.words.as_slice(), [stop, what, ..]
                        if ["stop", "quit"].contains(&stop.text.as_str()) && what.text.ends_with("ing"))
                    && !names.begins(&phrase.words[0].stem) =>
            {
                let (stop, rest) = phrase.split(1);
                found.extend([Item::Marks(vec![Mark::Remove], stop.at), Item::Phrase(rest)]);
            }
            item => found.push(item),
        }
    }
    found
}

/// `A, because it is slow`: why something is done changes nothing.
fn reasons(items: Vec<Item>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut is_reason = false;
    for item in items {
        is_reason &= !matches!(item, Item::Stop(_) | Item::Comma(_));
        let begins = matches!(found.last(), None | Some(Item::Stop(_)));
        is_reason |= item.is(Mark::Because) && !begins;
        if !is_reason {
            found.push(item);
        }
    }
    found
}

/// `the card is first issued, then ...`: what comes first stands between a thing and what is done with it.
fn first_of_all(items: Vec<Item>, names: &Names<'_>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        let before = match found.as_slice() {
            [.., Item::Phrase(thing), is, first] if is.is(Mark::Equals) && first.is(Mark::First) => {
                Some((thing, 3))
            }
            [.., Item::Phrase(thing), first] if first.is(Mark::First) => Some((thing, 2)),
            _ => None,
        };
        if let (Item::Phrase(verb), Some((thing, used))) = (&item, before) {
            let mut whole = thing.clone();
            whole.words.extend(verb.words.iter().cloned());
            whole.at.end = verb.at.end;
            let task = names.meant(&whole.words, &[]);
            let alone = names.meant(&thing.words, &[]);
            if matches!(task, Meant::Task(_)) && (alone == task || !matches!(alone, Meant::Task(_))) {
                let first = found[found.len() - 1].clone();
                found.truncate(found.len() - used);
                found.extend([first, Item::Phrase(whole)]);
                continue;
            }
        }
        found.push(item);
    }
    found
}

/// `при сумме больше 1000` is a condition.
fn given(items: Vec<Item>, text: &str) -> Vec<Item> {
    let compares = [Mark::Above, Mark::Below, Mark::AtLeast, Mark::AtMost];
    let mut found = items.clone();
    // `через 2 дня`
    for (at, two) in items.windows(2).enumerate() {
        let goes_on = items.get(at + 2).is_some_and(|item| matches!(item, Item::Phrase(_)));
        if two[0].is(Mark::ByMeans) && matches!(two[1], Item::Time(..)) && goes_on {
            found[at] = Item::Marks(vec![Mark::After], two[0].at().clone());
        }
    }
    // `за час до B`
    for (at, three) in items.windows(3).enumerate() {
        let said = |item: &Item| text[item.at().clone()].to_lowercase();
        if matches!(three[1], Item::Time(..)) && said(&three[0]) == "за" && said(&three[2]) == "до" {
            found[at + 2] = Item::Marks(vec![Mark::Before], three[2].at().clone());
            found[at] = Item::Marks(vec![Mark::ByMeans], three[0].at().clone());
        }
    }
    for (at, three) in items.windows(3).enumerate() {
        let small = text[three[0].at().clone()].to_lowercase();
        let begins = at == 0 || matches!(items[at - 1], Item::Stop(_) | Item::Comma(_));
        let is_given = three[0].is(Mark::Of) && small == "при"
            || begins && ["for", "with", "on", "для"].contains(&small.as_str());
        let is_amount = begins && three[1].is_any(&compares) && matches!(three[2], Item::Number(..));
        let is_measure = matches!(three[1], Item::Phrase(_)) && three[2].is_any(&compares);
        if is_given && (is_measure || is_amount) {
            found[at] = Item::Marks(vec![Mark::If], three[0].at().clone());
        }
    }
    found
}

/// `four at a time` is `at most four at a time`.
fn limited(items: Vec<Item>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let is_iterated = items.iter().any(|item| item.is_any(&[Mark::Each, Mark::ForEach, Mark::EachOfThem]));
    for (at, item) in items.iter().enumerate() {
        let is_many = |next: &Item| next.is(Mark::AtATime) || is_iterated && next.is(Mark::Parallel);
        let is_limit = item.whole().is_some()
            && items.get(at + 1).is_some_and(is_many)
            && !found.last().is_some_and(|last| last.is(Mark::UpTo));
        if is_limit {
            found.push(Item::Marks(vec![Mark::UpTo], item.at().start..item.at().start));
        }
        found.push(item.clone());
    }
    found
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

/// `a payment that fails is retried`: only what fails is retried.
fn retried(mut items: Vec<Item>) -> Vec<Item> {
    let shape = |three: &[Item]| {
        three[0].is(Mark::It)
            && three[1].is(Mark::Fails)
            && three[2].is_any(&[Mark::Retry, Mark::MayFail, Mark::Ignore, Mark::To])
    };
    if let Some(at) = items.windows(3).position(shape) {
        // `a letter that fails to send`
        let verb = matches!(items.get(at + 2..at + 4), Some([to, Item::Phrase(_)]) if to.is(Mark::To));
        items.drain(at..at + if verb { 4 } else { 2 });
    }
    items
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
        // `a timeout of 5 seconds at most` says it twice.
        let small = items[..start].iter().rev().take_while(|item| item.is_any(&[Mark::Of, Mark::To])).count();
        let before = items[..start - small].last();
        if before.is_some_and(|item| item.is_any(&[Mark::Timeout, Mark::Within, Mark::UpTo])) {
            items.remove(at);
            return bounded(items);
        }
        items[start..=at].rotate_right(1);
    }
    items
}

/// `если не вышло списать деньги, ...`: what has not come off is a step.
fn unfinished(items: Vec<Item>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut items = items.into_iter().peekable();
    while let Some(item) = items.next() {
        let is_infinitive = |phrase: &crate::items::Phrase| {
            phrase
                .words
                .first()
                .is_some_and(|word| ["ть", "ти", "чь"].iter().any(|end| word.text.ends_with(end)))
        };
        let said = text[item.at().clone()].to_lowercase();
        let is_if = item.is(Mark::OnFailure) && said.starts_with("если");
        match items.next_if(|next| is_if && matches!(next, Item::Phrase(phrase) if is_infinitive(phrase))) {
            Some(step) if matches!(items.peek(), Some(Item::Comma(_))) => {
                let at = item.at().clone();
                found.push(Item::Marks(vec![Mark::If], at.clone()));
                found.extend([step, Item::Marks(vec![Mark::Fails], at)]);
            }
            Some(step) => found.extend([item, step]),
            None => found.push(item),
        }
    }
    found
}

/// Where there is no workflow to change, `put the pallet on the shelf` names a task by its verb.
/// Where there is one, that is so in the midst of a sentence alone: at its beginning the verb is an order to change something.
pub(crate) fn with_verbs(items: Vec<Item>, names: &Names<'_>, text: &str, is_new: bool) -> Vec<Item> {
    let edits = [Mark::Add, Mark::Move, Mark::Remove, Mark::Replace, Mark::Undo];
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        let is_inner = found.len() > 1 && !matches!(found[found.len() - 2], Item::Stop(_));
        let verb = found
            .last()
            .filter(|before| before.is_any(&edits) && !before.is(Mark::Then) && (is_new || is_inner))
            .map(|verb| verb.at().clone());
        // `delete it`
        if let (true, Some(verb)) = (item.is_any(&[Mark::It, Mark::Them]) && !item.is(Mark::Both), &verb) {
            let word = text[verb.clone()].to_lowercase();
            let alone = crate::items::alone(word, verb.clone());
            if matches!(names.meant(&alone.words, &[]), Meant::Task(_)) {
                found.pop();
                found.push(Item::Phrase(alone));
                continue;
            }
        }
        // `cut each chapter`
        if let (true, Some(verb)) = (item.is_any(&[Mark::Each, Mark::ForEach, Mark::EachOfThem]), &verb) {
            let word = crate::items::alone(text[verb.clone()].to_lowercase(), verb.clone());
            if names.begins(&word.words[0].stem) {
                found.pop();
                found.extend([Item::Phrase(word), item]);
                continue;
            }
        }
        if let (Item::Phrase(phrase), Some(verb)) = (&item, verb) {
            let whole = phrase.led_by(text[verb.clone()].to_lowercase(), verb.clone());
            let is_undo = found.last().is_some_and(|verb| verb.is(Mark::Undo));
            let is_led = |task: &str| !is_undo || names.is_led_by(task, &whole.words[0]);
            if matches!(names.meant(&whole.words, &[]), Meant::Task(task) if is_led(&task)) {
                found.pop();
                found.push(Item::Phrase(whole));
                continue;
            }
        }
        found.push(item);
    }
    found
}

//! Clauses that say in other words what the reading knows: `hold A until B` is `do not A until B`.
//!
//! It knows rows of items, not what they say of steps.

use super::rows;
use crate::items::{Item, Phrase};
use crate::names::{Meant, Names};
use crate::words::Mark;

const COMPARES: [Mark; 4] = [Mark::Above, Mark::Below, Mark::AtLeast, Mark::AtMost];

pub(crate) fn restated(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    let items = rows::turned(&units(asked(items, text)), names, text);
    let items = none(outcome(priced(without(least(subsequent(items)), names, text)), text));
    undone(consent(allowed(held(items), text), names, text), text)
}

/// `over 800 km ask for approval`: a unit ends what is compared.
fn units(items: Vec<Item>) -> Vec<Item> {
    const UNITS: [&str; 22] = [
        "km",
        "kilometers",
        "kilometres",
        "miles",
        "degrees",
        "kg",
        "kilos",
        "liters",
        "litres",
        "points",
        "dollars",
        "euros",
        "usd",
        "eur",
        "percent",
        "км",
        "градусов",
        "рублей",
        "баллов",
        "литров",
        "процентов",
        "кг",
    ];
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        match item {
            Item::Phrase(phrase)
                if phrase.words.len() > 1
                    && UNITS.contains(&phrase.begin())
                    && matches!(found.last(), Some(Item::Number(..))) =>
            {
                let (unit, rest) = phrase.split(1);
                let place = unit.at.end..unit.at.end;
                found.extend([Item::Phrase(unit), Item::Comma(place), Item::Phrase(rest)]);
            }
            item => found.push(item),
        }
    }
    found
}

/// `baking failed? refund the customer`
fn asked(items: Vec<Item>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        let is_question = matches!(&item, Item::Stop(at) if text[at.clone()] == *"?");
        let start = found.iter().rposition(|item| matches!(item, Item::Stop(_))).map_or(0, |at| at + 1);
        let is_outcome = matches!(&found[start..], [Item::Phrase(_), outcome] if outcome.is_any(&[Mark::Fails, Mark::Succeeds]));
        if is_question && is_outcome {
            let at = item.at().clone();
            found.insert(start, Item::Marks(vec![Mark::If], at.clone()));
            found.push(Item::Comma(at));
        } else {
            found.push(item);
        }
    }
    found
}

/// `A and B then go out simultaneously`: behind its steps `then` says what comes before them all.
fn subsequent(items: Vec<Item>) -> Vec<Item> {
    let is_end = |item: Option<&Item>| item.is_none_or(|item| matches!(item, Item::Stop(_)));
    let is_inner = |at: usize| {
        at > 2
            && items[at].is(Mark::Then)
            && items.get(at + 1).is_some_and(|next| next.is_any(&[Mark::Parallel, Mark::Sequential]))
            && is_end(items.get(at + 2))
            && matches!(&items[at - 3..at], [Item::Phrase(_), and, Item::Phrase(_)] if and.is(Mark::And))
    };
    (0..items.len()).filter(|at| !is_inner(*at)).map(|at| items[at].clone()).collect()
}

/// `at least 80` compares where it says how much of something there is.
fn least(mut items: Vec<Item>) -> Vec<Item> {
    for at in 0..items.len() {
        let is_amount = matches!(items.get(at + 1..at + 3), Some([Item::Number(..), Item::Phrase(_)]));
        if items[at].is(Mark::Least)
            && is_amount
            && at > 0
            && items[at - 1].is_any(&[Mark::With, Mark::Exists])
        {
            items[at] = Item::Marks(vec![Mark::AtLeast], items[at].at().clone());
        }
    }
    items
}

/// `do not A without B first`: A has to wait for B.
fn without(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    let is_step = |phrase: &Phrase| matches!(names.meant_by(phrase, &[]), Meant::Task(_));
    let mut found: Vec<Item> = Vec::new();
    let mut items = items.as_slice();
    while let Some((item, rest)) = items.split_first() {
        items = rest;
        if let [Item::Phrase(_), without, Item::Phrase(other), behind @ ..] = rest
            && item.is(Mark::Not)
            && text[without.at().clone()].eq_ignore_ascii_case("without")
            && (other.begin().ends_with("ing") || is_step(other))
        {
            let until = Item::Marks(vec![Mark::Until], without.at().clone());
            found.extend([item.clone(), rest[0].clone(), until, rest[2].clone()]);
            let is_first = behind.first().is_some_and(|next| next.is_any(&[Mark::First, Mark::ButFirst]));
            items = &behind[usize::from(is_first)..];
            continue;
        }
        found.push(item.clone());
    }
    found
}

/// `if A fails, do not B` is `B only if A succeeds`; `A, then if that fails B` needs no `then`.
fn outcome(items: Vec<Item>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut items = items.as_slice();
    while let Some((item, rest)) = items.split_first() {
        items = rest;
        let is_then = item.is(Mark::Then) && rest.first().is_some_and(|next| next.is(Mark::OnFailure));
        if is_then && !found.is_empty() {
            if !matches!(found.last(), Some(Item::Comma(_) | Item::Stop(_))) {
                found.push(Item::Comma(item.at().clone()));
            }
            continue;
        }
        let begins = matches!(found.last(), None | Some(Item::Stop(_)));
        // `B is not needed if A fails`, `do not B if A fails`
        if begins && let Some((turned, used)) = not_after(item, rest, text) {
            found.extend(turned);
            items = &rest[used..];
            continue;
        }
        if let [of @ Item::Phrase(_), fails, behind @ ..] = rest
            && begins
            && item.is_any(&[Mark::If, Mark::When])
            && fails.is(Mark::Fails)
            && let Some((step, behind)) = not_done(behind)
        {
            let only = Item::Marks(vec![Mark::OnlyIf], item.at().clone());
            let succeeds = succeeding(fails, text);
            found.extend([step, only, of.clone(), succeeds]);
            items = behind;
            continue;
        }
        found.push(item.clone());
    }
    found
}

/// `B is not needed if A fails` as `B only if A succeeds`, and how many items that takes.
fn not_after(item: &Item, rest: &[Item], text: &str) -> Option<(Vec<Item>, usize)> {
    let not = [Mark::Not, Mark::NotNeeded];
    let step = match (item, rest.first()?) {
        (step @ Item::Phrase(_), gone) if gone.is(Mark::NotNeeded) => step,
        (first, step @ Item::Phrase(_)) if first.is_any(&not) => step,
        _ => return None,
    };
    let comma = usize::from(matches!(rest.get(1), Some(Item::Comma(_))));
    let [condition, of @ Item::Phrase(_), fails, behind @ ..] = &rest[1 + comma..] else { return None };
    let ends = behind.first().is_none_or(|next| matches!(next, Item::Stop(_)));
    if !condition.is_any(&[Mark::If, Mark::When]) || !fails.is(Mark::Fails) || !ends {
        return None;
    }
    let only = Item::Marks(vec![Mark::OnlyIf], condition.at().clone());
    let succeeds = succeeding(fails, text);
    Some((vec![step.clone(), only, of.clone(), succeeds], 4 + comma))
}

/// The opposite of a failure, without what negates its verb: `did not pass`.
fn succeeding(fails: &Item, text: &str) -> Item {
    let at = fails.at();
    let verb = text[at.clone()].rsplit(' ').next().map_or(at.len(), str::len);
    Item::Marks(vec![Mark::Succeeds], at.end - verb..at.end)
}

/// The step of `do not B`, and what stands behind it, where a sentence ends there.
fn not_done(items: &[Item]) -> Option<(Item, &[Item])> {
    let items = &items[usize::from(matches!(items.first(), Some(Item::Comma(_))))..];
    let (step, behind) = match items {
        [not, step @ Item::Phrase(_), behind @ ..] if not.is(Mark::Not) => (step.clone(), behind),
        // `A must not run`
        [step @ Item::Phrase(_), not, behind @ ..]
            if not.is(Mark::Not) && !matches!(behind.first(), Some(Item::Phrase(_))) =>
        {
            (step.clone(), behind)
        }
        [Item::Phrase(thing), not, Item::Phrase(verb), behind @ ..] if not.is(Mark::Not) => {
            let mut whole = thing.clone();
            whole.words.extend(verb.words.iter().cloned());
            whole.at.end = verb.at.end;
            (Item::Phrase(whole), behind)
        }
        _ => return None,
    };
    behind.first().is_none_or(|next| matches!(next, Item::Stop(_))).then_some((step, behind))
}

/// `sell the energy above a price of 0.2`: of what kind is a condition.
fn priced(items: Vec<Item>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut items = items.as_slice();
    while let Some((item, rest)) = items.split_first() {
        items = rest;
        // `окно открывать при температуре выше 25`
        if let (Item::Phrase(whole), Some(compared)) = (item, rest.first())
            && compared.is_any(&COMPARES)
            && let Some(at) =
                whole.words.iter().position(|word| ["при", "at"].contains(&word.preposition.as_str()))
        {
            let (mut step, field) = whole.split(at);
            step.words.retain(|word| word.text != "только");
            let place = field.at.start..field.at.start;
            found.extend([Item::Phrase(step), Item::Marks(vec![Mark::If], place), Item::Phrase(field)]);
            continue;
        }
        found.push(item.clone());
        if let [compared, field @ Item::Phrase(_), of, number @ Item::Number(..), behind @ ..] = rest
            && matches!(item, Item::Phrase(_))
            && compared.is_any(&COMPARES)
            && of.is(Mark::Of)
        {
            let place = compared.at().start..compared.at().start;
            let condition =
                [Item::Marks(vec![Mark::If], place), field.clone(), compared.clone(), number.clone()];
            found.extend(condition);
            items = behind;
        }
    }
    found
}

/// `A with 2 retries, B with none`
fn none(items: Vec<Item>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for item in items {
        let is_counted = found.iter().any(|item| item.is(Mark::Retries));
        match item {
            Item::Phrase(phrase)
                if is_counted
                    && phrase.words.len() > 1
                    && phrase.words[phrase.words.len() - 1].text == "none"
                    && phrase.words[phrase.words.len() - 1].preposition == "with" =>
            {
                let (step, none) = phrase.split(phrase.words.len() - 1);
                let place = none.at.clone();
                found.extend([
                    Item::Phrase(step),
                    Item::Marks(vec![Mark::With], place.start..place.start),
                    Item::Number("0".to_owned(), place.clone()),
                    Item::Marks(vec![Mark::Retries], place),
                ]);
            }
            item => found.push(item),
        }
    }
    found
}

/// `hold A until B`, `postpone A until B`: A has to wait.
fn held(items: Vec<Item>) -> Vec<Item> {
    const HOLDS: [&str; 8] =
        ["hold", "postpone", "defer", "suspend", "withhold", "отложи", "отложить", "придержи"];
    let mut found: Vec<Item> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Item::Phrase(phrase) = item else {
            found.push(item.clone());
            continue;
        };
        let is_until = items.get(at + 1).is_some_and(|next| next.is(Mark::Until));
        let small =
            phrase.words.iter().take_while(|word| ["off", "back", "on"].contains(&word.text.as_str()));
        let is_waiting = found.last().is_some_and(|last| last.is(Mark::Wait));
        let verb = if is_waiting {
            small.count()
        } else {
            let behind = phrase.words.iter().skip(1);
            1 + behind.take_while(|word| ["off", "back", "on"].contains(&word.text.as_str())).count()
        };
        let is_hold = is_waiting || HOLDS.contains(&phrase.begin());
        if !is_until || !is_hold || verb >= phrase.words.len() {
            found.push(item.clone());
            continue;
        }
        if is_waiting {
            found.pop();
        }
        let start = phrase.at.start;
        found.extend([Item::Marks(vec![Mark::Not], start..start), Item::Phrase(phrase.split(verb).1)]);
    }
    found
}

/// `на поиск курьера не больше 10 минут`, `for the report at most a minute`: so much is given to a step.
fn allowed(items: Vec<Item>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let begins =
            at == 0 || matches!(items[at - 1], Item::Stop(_) | Item::Comma(_)) || items[at - 1].is(Mark::And);
        // `на это не больше секунды`
        let is_of_it = matches!(&items[at..], [to, it, limit, Item::Time(..), ..]
            if to.is_any(&[Mark::To, Mark::With]) && it.is(Mark::It) && limit.is_any(&[Mark::Within, Mark::UpTo]));
        let is_it = at > 0
            && item.is(Mark::It)
            && matches!(&items[at - 1..], [to, it, limit, Item::Time(..), ..]
                if to.is_any(&[Mark::To, Mark::With]) && it.is(Mark::It) && limit.is_any(&[Mark::Within, Mark::UpTo]));
        if is_of_it || is_it {
            continue;
        }
        let is_given = matches!(&items[at..], [to, Item::Phrase(_), Item::Time(..), ..]
            if to.is(Mark::To) && text[to.at().clone()].eq_ignore_ascii_case("на"));
        if begins && is_given {
            found.push(Item::Marks(vec![Mark::Give], item.at().start..item.at().start));
        }
        if let [to, Item::Phrase(_), limit, Item::Time(..), ..] = &items[at..]
            && begins
            && to.is_any(&[Mark::To, Mark::With])
            && limit.is_any(&[Mark::Within, Mark::UpTo])
        {
            found.push(Item::Marks(vec![Mark::Give], to.at().start..to.at().start));
        }
        found.push(item.clone());
    }
    found
}

/// `payments above 2000 need approval`, `before charging more than 1000, get an approval`: the approval before the step,
/// under its condition, and how many of the items that takes.
fn compared(item: &Item, rest: &[Item], names: &Names<'_>) -> Option<(Vec<Item>, usize)> {
    let is_only = |item: &&Item| {
        item.is_any(&[Mark::With, Mark::OnlyIf])
            || matches!(item, Item::Phrase(only) if only.words.len() == 1 && only.words[0].text == "только")
    };
    let (thing, rest, led) =
        if item.is(Mark::Before) { (rest.first()?, &rest[1..], 1) } else { (item, rest, 0) };
    let [compared, number @ Item::Number(..), behind @ ..] = rest else { return None };
    let small = if led == 1 {
        usize::from(matches!(behind.first(), Some(Item::Comma(_))))
            + usize::from(
                behind.get(1).is_some_and(|wait| wait.is(Mark::WaitFor) && !wait.is(Mark::Approval)),
            )
    } else {
        behind.iter().take_while(is_only).count()
    };
    let approval = behind.get(small).filter(|approval| approval.is(Mark::Approval))?;
    let is_task =
        matches!(thing, Item::Phrase(thing) if matches!(names.meant_by(thing, &[]), Meant::Task(_)));
    // `payments over 1000 need approval within a day`
    let patience: &[Item] = match &behind[small + 1..] {
        [limit, Item::Time(..), ..] if limit.is_any(&[Mark::Within, Mark::UpTo]) => {
            &behind[small + 1..small + 3]
        }
        _ => &[],
    };
    let small = small + patience.len();
    let ends = behind.get(small + 1).is_none_or(|next| matches!(next, Item::Stop(_)));
    if !compared.is_any(&COMPARES) || !is_task || !ends {
        return None;
    }
    let mark = |mark: Mark| Item::Marks(vec![mark], compared.at().start..compared.at().start);
    let restated =
        [mark(Mark::Before), thing.clone(), mark(Mark::If), thing.clone(), compared.clone(), number.clone()];
    let restated = std::iter::once(approval).chain(patience).cloned().chain(restated).collect();
    Some((restated, led + 2 + small + 1))
}

/// `approval for payments over 5000` comes before the payments, and only of those.
fn consent(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut items = items.as_slice();
    while let Some((item, rest)) = items.split_first() {
        if let Some((restated, used)) = compared(item, rest, names) {
            found.extend(restated);
            items = &rest[used..];
            continue;
        }
        // `для платежей больше 700 требуется одобрение`
        let is_for = ["for", "для"].contains(&text[item.at().clone()].to_lowercase().as_str());
        if let Some((thing, behind)) = rest.split_first()
            && is_for
            && found.last().is_none_or(|last| matches!(last, Item::Stop(_)))
            && let Some((restated, used)) = compared(thing, behind, names)
        {
            found.extend(restated);
            items = &behind[used..];
            continue;
        }
        found.push(item.clone());
        items = rest;
        let [small, Item::Phrase(thing), behind @ ..] = rest else { continue };
        let is_for = ["for", "on", "для", "на", "for every", "for each", "for all"]
            .contains(&text[small.at().clone()].to_lowercase().as_str());
        let is_task = matches!(names.meant_by(thing, &[]), Meant::Task(_));
        if !item.is(Mark::Approval) || !is_for || !is_task {
            continue;
        }
        found.push(Item::Marks(vec![Mark::Before], small.at().clone()));
        found.push(Item::Phrase(thing.clone()));
        if behind.first().is_some_and(|first| first.is_any(&COMPARES)) {
            found.push(Item::Marks(vec![Mark::If], small.at().clone()));
            found.push(Item::Phrase(thing.clone()));
        }
        items = behind;
    }
    found
}

/// `A with a rollback to B` is `A, undo it with B`.
fn undone(items: Vec<Item>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let is_with = text[item.at().clone()].eq_ignore_ascii_case("with");
        match &items[at + 1..] {
            [undo, by, Item::Phrase(_), ..]
                if is_with
                    && at > 0
                    && undo.is(Mark::Undo)
                    && by.is_any(&[Mark::To, Mark::ByMeans, Mark::With, Mark::Of]) =>
            {
                found.push(Item::Comma(item.at().clone()));
            }
            [by, Item::Phrase(_), ..]
                if item.is(Mark::Undo)
                    && matches!(found.last(), Some(Item::Comma(comma)) if text[comma.clone()].eq_ignore_ascii_case("with"))
                    && by.is_any(&[Mark::To, Mark::ByMeans, Mark::With, Mark::Of]) =>
            {
                let place = item.at().end..item.at().end;
                found.extend([item.clone(), Item::Marks(vec![Mark::It], place)]);
            }
            _ => found.push(item.clone()),
        }
        // `to B` says by which means.
        if let [.., undo, it, to] = found.as_mut_slice()
            && undo.is(Mark::Undo)
            && it.is(Mark::It)
            && to.is_any(&[Mark::To, Mark::Of])
        {
            *to = Item::Marks(vec![Mark::ByMeans], to.at().clone());
        }
    }
    found
}

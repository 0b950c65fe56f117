//! Conditions that are said of the thing a step is about: `charge active users`, `damaged pallets are returned`.
//!
//! It knows properties by the fields of results and inputs.

use crate::flow::Flow;
use crate::items::{Item, Phrase, alone};
use crate::names::{LONGEST, Meant};
use crate::words::Mark;

use super::conditions::{self, Condition};
use super::cursor::find;
use super::{Context, Read, relations};

const COMPARES: [Mark; 5] = [Mark::Above, Mark::Below, Mark::AtLeast, Mark::AtMost, Mark::UpTo];

/// A task under the condition that one word of the phrase says, where the others name the task.
pub(super) fn guarded(context: &Context<'_>, phrase: &Phrase) -> Option<Flow> {
    if phrase.words.len() > LONGEST {
        return None;
    }
    // `платёж только для активных пользователей`
    if let Some(at) = phrase.words.iter().position(|word| word.text == "только").filter(|at| *at > 0) {
        let mut all = phrase.clone();
        all.words.remove(at);
        return guarded(context, &all);
    }
    if let Some(flow) = of_those_from(context, phrase) {
        return Some(flow);
    }
    let mut found: Option<Flow> = None;
    for at in 0..phrase.words.len() {
        let mut rest = phrase.words.clone();
        let word = rest.remove(at);
        let property =
            Phrase { words: vec![word.clone()], glue: Vec::new(), aside: Vec::new(), at: word.at.clone() };
        let Meant::Task(task) = context.names.meant(&rest, &[]) else { continue };
        let is_owned = ["with", "с", "со"].contains(&word.preposition.as_str());
        let is_led = ["for", "для"].contains(&word.preposition.as_str()) || is_owned;
        if at + 1 == phrase.words.len() && !is_led || context.names.is_part(&task, &word) {
            continue;
        }
        // `users with an email should get a receipt`
        let there = Item::Marks(vec![Mark::Exists], word.at.start..word.at.start);
        let said = std::iter::once(Item::Phrase(property)).chain(is_owned.then_some(there));
        let Ok(Condition::Holds(condition)) = conditions::condition(context, &said.collect::<Vec<_>>())
        else {
            continue;
        };
        if found.is_some() {
            return None;
        }
        found = Some(Flow::When { condition, then: Box::new(Flow::Call(task)), otherwise: None });
    }
    found
}

/// A rule about things of some kind, with what comes before or after it.
pub(super) fn said_of_a_thing(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    let relation = find(items, &[Mark::After, Mark::Before]).filter(|at| *at > 1 && *at + 1 < items.len());
    if let Some(at) = relation
        && let Some(flow) = ruled(context, &items[..at])
    {
        let other = relations::ended(context, &items[at + 1..])?;
        let both = if items[at].is(Mark::After) { [other, flow] } else { [flow, other] };
        return Ok(Some(Flow::in_order(both)));
    }
    Ok(ruled(context, items)
        .or_else(|| that(context, items))
        .or_else(|| from_a_place(context, items))
        .or_else(|| relative(context, items))
        .or_else(|| entitled(context, items))
        .or_else(|| ordered(context, items))
        .or_else(|| spared(context, items)))
}

/// Fields that say where somebody or something is from.
const PLACES: [&str; 6] = ["country", "region", "city", "state", "location", "nationality"];

/// `check permissions for users from "US"`
fn from_a_place(context: &Context<'_>, items: &[Item]) -> Option<Flow> {
    let [Item::Phrase(what), from, place @ Item::Quoted(..)] = items else { return None };
    let small = context.said(std::slice::from_ref(from)).to_lowercase();
    if !FROM.contains(&small.as_str()) {
        return None;
    }
    let (condition, task) = (place_condition(context, place)?, context.maybe(what)?);
    Some(Flow::When { condition, then: Box::new(Flow::Call(task)), otherwise: None })
}

const FROM: [&str; 3] = ["from", "in", "из"];

/// What a field says of a place: the country of `from DE`.
pub(super) fn place_condition(context: &Context<'_>, place: &Item) -> Option<String> {
    let at = place.at().clone();
    let value = match place {
        Item::Phrase(code) if conditions::is_code(context, code) => {
            Item::Quoted(context.text[at.clone()].to_owned(), at.clone())
        }
        Item::Quoted(..) => place.clone(),
        _ => return None,
    };
    let said = |name: &&str| {
        let field = alone((*name).to_owned(), at.clone());
        let equals = Item::Marks(vec![Mark::Equals], at.clone());
        match conditions::condition(context, &[Item::Phrase(field), equals, value.clone()]) {
            Ok(Condition::Holds(condition)) => Some(condition),
            _ => None,
        }
    };
    let found: Vec<String> = PLACES.iter().filter_map(said).collect();
    if let [condition] = found.as_slice() { Some(condition.clone()) } else { None }
}

/// `the permission check for users from DE`
fn of_those_from(context: &Context<'_>, phrase: &Phrase) -> Option<Flow> {
    let (what, place) = phrase.split(phrase.words.len().checked_sub(1).filter(|at| *at > 0)?);
    let is_of_country = place.at.len() == 2;
    let preposition = place.words[0].preposition.as_str();
    if !FROM.contains(&preposition) || preposition == "in" && !is_of_country {
        return None;
    }
    let (condition, task) = (place_condition(context, &Item::Phrase(place))?, context.maybe(&what)?);
    Some(Flow::When { condition, then: Box::new(Flow::Call(task)), otherwise: None })
}

/// `deploy models that passed`
fn that(context: &Context<'_>, items: &[Item]) -> Option<Flow> {
    let [Item::Phrase(what), outcome, of @ ..] = items else { return None };
    if !matches!(of, [] | [Item::Phrase(_)]) {
        return None;
    }
    let between = context.text.get(what.at.end..outcome.at().start)?.trim().to_lowercase();
    if !outcome.is(Mark::Succeeds) || !["that", "which", "who"].contains(&between.as_str()) {
        return None;
    }
    let task = context.maybe(what)?;
    let found = conditions::condition(context, &items[1..]);
    let Ok(Condition::Holds(condition)) = found else { return None };
    Some(Flow::When { condition, then: Box::new(Flow::Call(task)), otherwise: None })
}

/// `trial accounts are not charged`
fn spared(context: &Context<'_>, items: &[Item]) -> Option<Flow> {
    let [Item::Phrase(thing), not, Item::Phrase(verb)] = items else { return None };
    if !not.is_any(&[Mark::Not, Mark::Differs]) {
        return None;
    }
    let mut whole = thing.clone();
    whole.words.extend(verb.words.iter().cloned());
    let Flow::When { condition, then, otherwise } = guarded(context, &whole)? else { return None };
    let is_done = |task: &str| verb.words.iter().any(|word| context.names.is_led_by(task, word));
    then.calls().into_iter().all(is_done).then(|| Flow::When {
        condition: conditions::negated(&condition),
        then: then.clone(),
        otherwise,
    })
}

/// `reject candidates with less than 3 years`
pub(super) fn ordered(context: &Context<'_>, items: &[Item]) -> Option<Flow> {
    // `consult the cardiologist for patients older than 60`
    if let [Item::Phrase(whole), compared, rest @ ..] = items
        && let Some((at, _)) = whole.glue.iter().find(|(at, marks)| *at > 0 && marks.contains(&Mark::With))
        && compared.is_any(&COMPARES)
        && !rest.is_empty()
    {
        let (what, thing) = whole.split(*at);
        let said: Vec<Item> =
            [Item::Phrase(thing), compared.clone()].into_iter().chain(rest.iter().cloned()).collect();
        let Ok(Condition::Holds(condition)) = conditions::condition(context, &said) else { return None };
        let then = Box::new(Flow::Call(context.maybe(&what)?));
        return Some(Flow::When { condition, then, otherwise: None });
    }
    // `award the grant to proposals with 70 points or more`
    if let [Item::Phrase(what), with, number @ Item::Number(..), unit @ Item::Phrase(_), bound] = items
        && with.is(Mark::With)
        && bound.is_any(&[Mark::AtLeast, Mark::AtMost])
    {
        let said = [bound.clone(), number.clone(), unit.clone()];
        let Ok(Condition::Holds(condition)) = conditions::condition(context, &said) else { return None };
        let then = Box::new(Flow::Call(context.maybe(what)?));
        return Some(Flow::When { condition, then, otherwise: None });
    }
    let [Item::Phrase(what), with, compared, rest @ ..] = items else { return None };
    if !with.is(Mark::With) || !compared.is_any(&COMPARES) || rest.is_empty() {
        return None;
    }
    let task = context.maybe(what)?;
    let Ok(Condition::Holds(condition)) = conditions::condition(context, &items[2..]) else { return None };
    Some(Flow::When { condition, then: Box::new(Flow::Call(task)), otherwise: None })
}

/// `users without an email do not need a receipt`, behind the users.
fn without(context: &Context<'_>, items: &[Item]) -> Option<Flow> {
    let [without, field @ Item::Phrase(_), not, Item::Phrase(what)] = items else { return None };
    let said = context.said(std::slice::from_ref(without)).to_lowercase();
    if !["without", "без"].contains(&said.as_str())
        || !not.is_any(&[Mark::Not, Mark::Remove, Mark::NotNeeded])
    {
        return None;
    }
    let there = Item::Marks(vec![Mark::Exists], without.at().clone());
    let Ok(Condition::Holds(condition)) = conditions::condition(context, &[field.clone(), there]) else {
        return None;
    };
    let then = Box::new(Flow::Call(context.maybe(what)?));
    Some(Flow::When { condition, then, otherwise: None })
}

/// `users whose country is Germany do not need A`
fn relative(context: &Context<'_>, items: &[Item]) -> Option<Flow> {
    let [Item::Phrase(_), whose, said @ .., not, Item::Phrase(what)] = items else { return None };
    if !whose.is(Mark::Relative) || !not.is_any(&[Mark::Not, Mark::NotNeeded, Mark::Remove]) {
        return None;
    }
    let task = context.maybe(what)?;
    let Ok(Condition::Holds(condition)) = conditions::condition(context, said) else { return None };
    let then = Box::new(Flow::Call(task));
    Some(Flow::When { condition: conditions::negated(&condition), then, otherwise: None })
}

/// `remote people do not get a laptop`, `premium users get a gift`.
fn entitled(context: &Context<'_>, items: &[Item]) -> Option<Flow> {
    let (who, rest) = items.split_first()?;
    let Item::Phrase(_) = who else { return None };
    if let Some(flow) = without(context, rest) {
        return Some(flow);
    }
    let (is_not, rest) = match rest {
        [not, rest @ ..] if not.is_any(&[Mark::Not, Mark::Remove]) => (true, rest),
        rest => (false, rest),
    };
    let what = match rest {
        [get, what @ Item::Phrase(_)] if get.is(Mark::WaitFor) => what,
        [what @ Item::Phrase(_)] if is_not => what,
        _ => return None,
    };
    let Item::Phrase(what) = what else { return None };
    let task = context.maybe(what)?;
    let Ok(Condition::Holds(condition)) = conditions::condition(context, std::slice::from_ref(who)) else {
        return None;
    };
    let condition = if is_not { conditions::negated(&condition) } else { condition };
    Some(Flow::When { condition, then: Box::new(Flow::Call(task)), otherwise: None })
}

/// `orders with a total under 50 should not be shipped`: what is compared stands between the thing and its verb.
fn ruled(context: &Context<'_>, items: &[Item]) -> Option<Flow> {
    // `customers with a score below 500`
    if let [Item::Phrase(whole), rest @ ..] = items
        && !rest.last().is_some_and(|last| last.is(Mark::Approval))
        && let Some((at, marks)) =
            whole.glue.iter().find(|(at, marks)| *at > 0 && marks.contains(&Mark::With))
    {
        let (thing, field) = whole.split(*at);
        let with = Item::Marks(marks.clone(), field.at.start..field.at.start);
        let parts: Vec<Item> = [Item::Phrase(thing), with, Item::Phrase(field)]
            .into_iter()
            .chain(rest.iter().cloned())
            .collect();
        return ruled(context, &parts);
    }
    // `confidential contracts need approval`
    if let [thing @ Item::Phrase(_), rest @ .., approval] = items
        && approval.is(Mark::Approval)
        && rest.first().is_none_or(|first| first.is_any(&COMPARES))
    {
        let said: Vec<Item> = std::iter::once(thing).chain(rest).cloned().collect();
        let Ok(Condition::Holds(condition)) = conditions::condition(context, &said) else { return None };
        let then = Box::new(Flow::Approval { timeout: None });
        return Some(Flow::When { condition, then, otherwise: None });
    }
    let [Item::Phrase(thing), rest @ .., Item::Phrase(verb)] = items else { return None };
    let (rest, is_not) = match rest {
        [rest @ .., not] if not.is_any(&[Mark::Not, Mark::Differs, Mark::NotNeeded]) => (rest, true),
        rest => (rest, false),
    };
    let rest = match rest {
        [rest @ .., be] if be.is(Mark::Equals) => rest,
        rest => rest,
    };
    let small = rest.iter().take_while(|item| item.is_any(&[Mark::With, Mark::Of])).count();
    let said = match &rest[small..] {
        // `posts with fewer than 3 reports`
        counted @ [compared, Item::Number(..), Item::Phrase(_)]
            if small > 0 && compared.is_any(&COMPARES) =>
        {
            counted.to_vec()
        }
        [Item::Phrase(_), ..] if small > 0 => rest[small..].to_vec(),
        compared @ [first, ..] if first.is_any(&[Mark::Above, Mark::Below, Mark::AtLeast, Mark::AtMost]) => {
            std::iter::once(items[0].clone()).chain(compared.iter().cloned()).collect()
        }
        _ => return None,
    };
    let Ok(Condition::Holds(condition)) = conditions::condition(context, &said) else { return None };
    let mut whole = thing.clone();
    whole.words.extend(verb.words.iter().cloned());
    let Meant::Task(task) = context.names.meant(&whole.words, &[]) else { return None };
    let condition = if is_not { conditions::negated(&condition) } else { condition };
    Some(Flow::When { condition, then: Box::new(Flow::Call(task)), otherwise: None })
}

/// `passengers whose passport is valid`: what is said of a thing is a condition of what is done with it.
pub(super) fn conditional_clauses(context: &Context<'_>, items: &[Item]) -> Vec<Item> {
    let mut items = items.to_vec();
    let relative = find(&items, &[Mark::Relative]).filter(|at| *at > 0);
    // `users who have an email`
    if let Some(at) = relative
        && items
            .get(at + 1)
            .is_some_and(|next| matches!(next, Item::Marks(marks, _) if *marks == [Mark::Not]))
        && matches!(items.get(at + 2..), Some([Item::Phrase(_)]))
    {
        items[at + 1] = Item::Marks(vec![Mark::Missing], items[at + 1].at().clone());
    }
    if let Some(at) = relative
        && ["have", "has"]
            .contains(&context.said(&items[at..=at]).to_lowercase().rsplit(' ').next().unwrap_or_default())
        && matches!(items.get(at + 1), Some(Item::Phrase(_)))
    {
        let place = items[at].at().clone();
        items.insert(at + 1, Item::Marks(vec![Mark::Exists], place));
    }
    if let Some(at) = relative
        && matches!(conditions::condition(context, &items[at + 1..]), Ok(Condition::Holds(_)))
    {
        items[at] = Item::Marks(vec![Mark::If], items[at].at().clone());
    }
    items
}

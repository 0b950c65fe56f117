//! Clauses that order nothing: `the payment is flaky, so retry it`. They say what `it` is.
//!
//! It knows what a remark looks like; a clause that might say more is none.

use crate::items::{Item, Phrase};
use crate::names::LONGEST;
use crate::words::{Mark, is_telling};

use super::Context;
use super::cursor::trimmed;

/// The items without remarks, what those are about in place of the next pronoun.
pub(super) fn without_remarks(context: &Context<'_>, items: &[Item]) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut topic: Option<Phrase> = None;
    let mut rest = items;
    while !rest.is_empty() {
        let is_end = |item: &Item| matches!(item, Item::Stop(_) | Item::Comma(_)) || item.is(Mark::So);
        let end = rest.iter().position(is_end).unwrap_or(rest.len());
        let (clause, after) = rest.split_at(end);
        let begins = found.last().is_none_or(|item| matches!(item, Item::Stop(_)));
        let goes_on = after.iter().any(|item| !is_end(item));
        let said = context.text.get(start(clause)..after.first().map_or(0, |item| item.at().start));
        let subject = remark(context, trimmed(clause)).filter(|_| begins && goes_on);
        let is_arrival = begins && goes_on && arrival(context, trimmed(clause), said.unwrap_or_default());
        let separator = after.first();
        if let Some(subject) = subject {
            // `shipping hangs, 3 retries`
            let next = after[1..].iter().take_while(|item| !is_end(item));
            if !next.clone().any(is_pronoun)
                && next.clone().any(|item| matches!(item, Item::Number(..) | Item::Time(..)))
            {
                found.extend([Item::Phrase(subject.clone()), Item::Comma(after[0].at().clone())]);
            }
            topic = Some(subject);
        } else if !is_arrival {
            for item in clause {
                match (&topic, found.last_mut()) {
                    // `send it`
                    (Some(subject), Some(Item::Phrase(verb)))
                        if is_pronoun(item) && verb.words.len() == 1 =>
                    {
                        verb.words.extend(subject.words.iter().cloned());
                    }
                    (Some(subject), _) if is_pronoun(item) => found.push(Item::Phrase(subject.clone())),
                    _ => found.push(item.clone()),
                }
            }
            if !trimmed(clause).is_empty() && matches!(separator, Some(Item::Stop(_))) {
                topic = None;
            }
            found.extend(separator.map(|item| match item {
                so if so.is(Mark::So) => Item::Comma(so.at().clone()),
                item => item.clone(),
            }));
        }
        rest = after.get(1..).unwrap_or_default();
    }
    found
}

fn start(items: &[Item]) -> usize {
    items.first().map_or(0, |item| item.at().start)
}

fn is_pronoun(item: &Item) -> bool {
    item.is_any(&[Mark::It, Mark::Them]) && !item.is(Mark::Both)
}

/// What a clause is about that says nothing of any step.
fn remark(context: &Context<'_>, clause: &[Item]) -> Option<Phrase> {
    match clause {
        [Item::Phrase(subject), is, Item::Phrase(what)] if is.is(Mark::Equals) => {
            let is_unknown = |phrase: &Phrase| {
                phrase.words.iter().all(|word| !context.names.knows(&word.stem) && !is_telling(&word.text))
            };
            Some(subject.clone()).filter(|subject| context.present_task(subject).is_ok() && is_unknown(what))
        }
        // `nobody should have to wait for A`
        [Item::Phrase(nobody), wait, Item::Phrase(subject)]
            if ["nobody", "никто", "nothing"].contains(&nobody.begin())
                && nobody.words.len() == 1
                && wait.is_any(&[Mark::After, Mark::WaitFor, Mark::Wait]) =>
        {
            Some(subject.clone()).filter(|subject| context.present_task(subject).is_ok())
        }
        [Item::Phrase(whole)] => habit(context, whole).or_else(|| wish(context, whole)),
        [Item::Phrase(subject), said] if said.is(Mark::Remark) => {
            Some(subject.clone()).filter(|subject| context.present_task(subject).is_ok())
        }
        [Item::Phrase(whole), fails] if fails.is(Mark::Fails) && whole.words.len() > 1 => {
            let (subject, often) = whole.split(whole.words.len() - 1);
            let is_often = OFTEN.contains(&often.words[0].text.as_str());
            Some(subject).filter(|subject| is_often && context.present_task(subject).is_ok())
        }
        _ => None,
    }
}

/// What something does that sets a workflow going.
const ARRIVES: [&str; 19] = [
    "starts",
    "begins",
    "kicks",
    "comes",
    "arrives",
    "submits",
    "submitted",
    "signs",
    "shows",
    "lands",
    "joins",
    "appears",
    "arrived",
    "placed",
    "places",
    "enters",
    "lodged",
    "requested",
    "incoming",
];

/// What a step does, too.
const STARTS: [&str; 3] = ["starts", "begins", "kicks"];

/// `when a new request comes in`: what the workflow begins with anyway.
fn arrival(context: &Context<'_>, clause: &[Item], said: &str) -> bool {
    let [when, Item::Phrase(what), rest @ ..] = clause else { return false };
    let is_arrival = said.to_lowercase().split_whitespace().any(|word| ARRIVES.contains(&word));
    if context.maybe(what).is_some()
        && said.to_lowercase().split_whitespace().any(|word| STARTS.contains(&word))
    {
        return false;
    }
    let is_arriving = |item: &Item| matches!(item, Item::Phrase(verb) if ARRIVES.contains(&verb.begin()) && verb.words.len() == 1);
    let is_alone = rest.iter().all(|item| item.is_any(&[Mark::Of, Mark::To]))
        || matches!(rest, [is, verb] if is.is(Mark::Equals) && is_arriving(verb));
    is_arrival && is_alone && when.is_any(&[Mark::When, Mark::After]) && context.present.is_empty()
}

const OFTEN: [&str; 9] = [
    "sometimes",
    "often",
    "occasionally",
    "frequently",
    "regularly",
    "randomly",
    "intermittently",
    "usually",
    "rarely",
];

/// `make crawling more robust`: a thing, and how it should be.
fn wish(context: &Context<'_>, whole: &Phrase) -> Option<Phrase> {
    let at = whole
        .words
        .iter()
        .position(|word| ["more", "less"].contains(&word.text.as_str()))
        .filter(|at| *at > 0)?;
    let (subject, rest) = whole.split(at);
    let is_unknown =
        rest.words[1..].iter().all(|word| !context.names.knows(&word.stem) && !is_telling(&word.text));
    (is_unknown && rest.words.len() == 2 && context.present_task(&subject).is_ok()).then_some(subject)
}

/// `shipping sometimes hangs`: a thing, and a verb of the third person that no task has.
fn habit(context: &Context<'_>, whole: &Phrase) -> Option<Phrase> {
    if whole.words.len() > LONGEST {
        return None;
    }
    (1..whole.words.len()).rev().find_map(|at| {
        let (subject, rest) = whole.split(at);
        let is_unknown = rest.words.iter().all(|word| {
            OFTEN.contains(&word.text.as_str()) || !context.names.knows(&word.stem) && !is_telling(&word.text)
        });
        let is_verb = rest.words.last().is_some_and(|word| word.text.ends_with('s'));
        let is_order = subject
            .words
            .first()
            .is_some_and(|word| context.names.begins(&word.stem) && !word.text.ends_with("ing"));
        let is_remark = is_unknown && is_verb && !is_order && context.present_task(&subject).is_ok();
        is_remark.then_some(subject)
    })
}

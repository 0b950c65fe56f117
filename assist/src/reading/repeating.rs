//! Steps that run again until something holds, and steps of which the first to end counts.
//!
//! It knows rows of items, not what stands around them.

use crate::flow::Flow;
use crate::items::{Item, Phrase};
use crate::words::{Mark, WORDS};

use super::conditions::{self, Condition};
use super::cursor::trimmed;
use super::{Context, Read, groups, relations};

/// `repeat A every 10 seconds until C, at most 30 times`.
pub(super) fn repeated(context: &Context<'_>, items: &[Item], at: usize) -> Read<Flow> {
    let (head, tail) = (trimmed(&items[..at]), &items[at + 1..]);
    let head = if head.first().is_some_and(|item| item.is_any(&[Mark::Loop, Mark::Retry])) {
        &head[1..]
    } else {
        head
    };
    let mut rest: Vec<Item> = tail.to_vec();
    let mut body: Vec<Item> = head.to_vec();
    // `A, up to 12 times, until C`
    if let Some(at) = body.windows(3).position(is_bound) {
        let start = at - usize::from(at > 0 && matches!(body[at - 1], Item::Comma(_)));
        rest.extend(body.drain(start..at + 3).skip(at - start).collect::<Vec<_>>());
    }
    // `give up after 24 attempts`
    let give_up = rest.windows(3).position(|three| {
        three[0].is(Mark::GiveUp)
            && three[1].whole().is_some()
            && three[2].is_any(&[Mark::Times, Mark::Attempts])
    });
    if let Some(at) = give_up {
        let place = rest[at].at().clone();
        rest[at] = Item::Marks(vec![Mark::UpTo], place.clone());
        rest[at + 2] = Item::Marks(vec![Mark::Times], place);
    }
    let Some(bound) = rest.windows(3).position(is_bound) else {
        return context.ask(format!("how many times at most in \"{}\"?", context.said(items)));
    };
    let most = rest[bound + 1].whole().unwrap_or_default();
    rest.drain(bound..bound + 3);
    let every = take_pause(&mut body).or_else(|| take_pause(&mut rest));
    // `look for X until it is found`: what is found is X.
    let holds = conditions::condition(context, &rest).and_then(|condition| match condition {
        Condition::Holds(_) => Ok(condition),
        _ => context.ask(format!("until which value in \"{}\"?", context.said(items))),
    });
    let last = body.iter().rposition(|item| item.is(Mark::And)).map_or(0, |and| and + 1);
    let found = holds.or_else(|question| match (trimmed(&body[last..]), trimmed(&rest)) {
        // `poll the furnace until it is ready`, where a result says so
        ([Item::Phrase(step)], [of @ .., end])
            if is_field(context, step, end).is_some()
                && end.is_any(&[Mark::Done, Mark::Succeeds])
                && of.iter().all(|item| item.is_any(&[Mark::It, Mark::Them, Mark::Equals])) =>
        {
            is_field(context, step, end).ok_or(question)
        }
        ([step @ Item::Phrase(_)], [of @ .., outcome])
            if of.iter().all(|item| item.is_any(&[Mark::It, Mark::Them, Mark::Anything])) =>
        {
            conditions::condition(context, &[step.clone(), outcome.clone()]).map_err(|_| question)
        }
        _ => Err(question),
    });
    let Condition::Holds(until) = found? else {
        return context.ask(format!("until which value in \"{}\"?", context.said(items)));
    };
    let body_flow = relations::part(context, &body)?;
    let is_led = body.first().is_some_and(|item| item.is_any(&[Mark::After, Mark::When]));
    let repeat = |flow: Flow| Flow::Repeat { until: until.clone(), every, most, body: Box::new(flow) };
    match body_flow {
        // `after A, B until C` repeats B alone.
        Flow::Sequence(mut steps) if is_led => {
            let last = steps.pop().map(repeat);
            Ok(Flow::in_order(steps.into_iter().chain(last)))
        }
        flow => Ok(repeat(flow)),
    }
}

/// The field of the step's result that is called like an end: `ready`.
fn is_field(context: &Context<'_>, step: &Phrase, end: &Item) -> Option<Condition> {
    let task = context.vocabulary.task(&context.maybe(step)?)?;
    let said = context.said(std::slice::from_ref(end)).to_lowercase();
    let stem = WORDS.stems.of(said.rsplit(' ').next()?);
    let field =
        task.result.iter().find(|field| field.kind == "bool" && WORDS.stems.of(&field.name) == stem)?;
    Some(Condition::Holds(format!("{}.{}", task.id, field.name)))
}

/// `at most 12 times`
fn is_bound(three: &[Item]) -> bool {
    three[0].is(Mark::UpTo) && three[1].whole().is_some() && three[2].is_any(&[Mark::Times, Mark::Attempts])
}

fn take_pause(items: &mut Vec<Item>) -> Option<u64> {
    let at = items
        .windows(2)
        .position(|two| two[0].is_any(&[Mark::Every, Mark::Each]) && matches!(two[1], Item::Time(..)))?;
    let Item::Time(ms, _) = items[at + 1] else { return None };
    items.drain(at..at + 2);
    Some(ms)
}

pub(super) fn race(context: &Context<'_>, items: &[Item], at: usize) -> Read<Flow> {
    let rest: Vec<Item> =
        items
            .iter()
            .enumerate()
            .filter(|(index, item)| {
                *index != at && !item.is_any(&[Mark::Parallel, Mark::Of, Mark::Both, Mark::It])
            })
            .map(|(_, item)| {
                if item.is(Mark::Or) { Item::Marks(vec![Mark::And], item.at().clone()) } else { item.clone() }
            })
            .collect();
    match groups::list(context, &rest)? {
        Flow::Sequence(branches) => Ok(Flow::Race(branches)),
        _ => context.ask(format!("between which steps is \"{}\"?", context.said(items))),
    }
}

//! `B after A`, `before B, A`, `while A, B`, `A, but first B`: two parts and which comes first.

use crate::flow::Flow;
use crate::items::{Item, Phrase};
use crate::names::LONGEST;
use crate::words::{Mark, is_russian};

use super::cursor::{find, trimmed};
use super::{Context, Read, groups, sentences, verbs};

const RELATIONS: [Mark; 5] = [Mark::Before, Mark::After, Mark::Alongside, Mark::While, Mark::When];
/// What is done besides tasks.
const STEPS: [Mark; 3] = [Mark::Wait, Mark::WaitFor, Mark::Approval];

/// A part of a sentence without `then`.
pub(super) fn part(context: &Context<'_>, items: &[Item]) -> Read<Flow> {
    let items = trimmed(items);
    let is_leading = |item: &Item| {
        item.is_any(&[Mark::After, Mark::When, Mark::Before, Mark::While]) && !item.is(Mark::ButFirst)
    };
    if let Some(flow) = led_twice(context, items)? {
        return Ok(flow);
    }
    if let Some(at) = find(items, &[Mark::ButFirst]).filter(|at| *at > 0)
        && items[0].is(Mark::Before)
    {
        return Ok(Flow::in_order([part(context, &items[at + 1..])?, part(context, &items[..at])?]));
    }
    if items.first().is_some_and(is_leading) && !matches!(items.get(1), Some(Item::Time(..))) {
        return leading(context, items, None);
    }
    if let Some(flow) = meanwhile(context, items)? {
        return Ok(flow);
    }
    if let Some(flow) = paused(context, items)? {
        return Ok(flow);
    }
    if let Some(at) = find(items, &[Mark::ButFirst]).filter(|at| *at > 0) {
        let (left, right) = (part(context, &items[..at])?, part(context, &items[at + 1..])?);
        if left.calls().len() > 1 && !matches!(left, Flow::Parallel { .. }) {
            let said = context.said(&items[at..]);
            return context.ask(format!("before which step comes \"{said}\"?"));
        }
        return Ok(Flow::in_order([right, left]));
    }
    if let Some(at) = find(items, &[Mark::When, Mark::After]).filter(|at| *at > 0)
        && is_what_was_said(&items[at + 1..])
    {
        return part(context, &items[..at]);
    }
    if let Some(flow) = delayed(context, items)? {
        return Ok(flow);
    }
    if let Some(flow) = wait_between(context, items)? {
        return Ok(flow);
    }
    let Some(at) = find(items, &RELATIONS).filter(|at| *at > 0 && *at + 1 < items.len()) else {
        return groups::list(context, items);
    };
    related(context, items, at)
}

/// Two parts and the mark between them.
fn related(context: &Context<'_>, items: &[Item], at: usize) -> Read<Flow> {
    let is_pause = items[at].is(Mark::After) && matches!(items[at + 1], Item::Time(..));
    if is_pause && (items[at - 1].is(Mark::And) || matches!(items[at - 1], Item::Comma(_))) {
        return Ok(Flow::in_order([groups::list(context, &items[..at])?, part(context, &items[at..])?]));
    }
    // `A, and while B, C`, `A and B, when both are done, C`
    let done = find(&items[at..], &[Mark::Done]).filter(|_| matches!(items[at - 1], Item::Comma(_)));
    let is_of_both = done.is_some_and(|done| done > 1 && is_pronoun(&items[at + 1..at + done]));
    if (items[at - 1].is(Mark::And) || is_of_both && !items[at].is(Mark::Before))
        && at > 1
        && let Ok(flow) = leading(context, &items[at..], None)
    {
        return Ok(Flow::in_order([part(context, &items[..at - 1])?, flow]));
    }
    if let Some(flow) = enclosed(context, items, at)? {
        return Ok(flow);
    }
    if find(&items[at + 1..], &RELATIONS).is_some() {
        return context.ask(format!("in which order do the steps in \"{}\" run?", context.said(items)));
    }
    // `A and B after C, in parallel`
    if let [relation @ .., Item::Comma(_), parallel] = items
        && parallel.is(Mark::Parallel)
        && relation.len() > at + 1
        && items[at].is_any(&[Mark::After, Mark::When])
        && items[..at].iter().any(|item| item.is(Mark::And))
    {
        let main: Vec<Item> = items[..at].iter().chain([parallel]).cloned().collect();
        return Ok(Flow::in_order([ended(context, &relation[at + 1..])?, groups::list(context, &main)?]));
    }
    if let Some(next) = main_again(context, &items[at + 1..]) {
        return resumed(context, items, at, at + 1 + next);
    }
    if let Some(flow) = of_last(context, items, at)? {
        return Ok(flow);
    }
    let head = if items[at].is(Mark::Before) { without_end(&items[..at]) } else { &items[..at] };
    let left = groups::list(context, head)?;
    let right = ended(context, &items[at + 1..])?;
    joined(context, items, at, left, right)
}

/// A part behind a pause, and the pause.
fn paused(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    // `after 10 minutes A`, `10 minutes later A`
    let pause = match items {
        [after, Item::Time(ms, _), rest @ ..] if after.is(Mark::After) => Some((*ms, rest)),
        [Item::Time(ms, _), later, rest @ ..] if later.is(Mark::Then) => Some((*ms, rest)),
        _ => None,
    };
    if let Some((ms, rest)) = pause.filter(|(_, rest)| !trimmed(rest).is_empty()) {
        return Ok(Some(Flow::in_order([Flow::Sleep(ms), part(context, rest)?])));
    }
    // `an hour after A, B`
    let late = usize::from(items.first().is_some_and(|item| item.is(Mark::ByMeans)));
    if let [Item::Time(ms, _), after, ..] = &items[late..]
        && after.is(Mark::After)
    {
        return leading(context, &items[late + 1..], Some(*ms)).map(Some);
    }
    Ok(None)
}

/// `after B and before C, A` is `A after B and before C`.
fn led_twice(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    let [one, Item::Phrase(_), and, other, Item::Phrase(_), Item::Comma(_), main @ ..] = items else {
        return Ok(None);
    };
    let is_order = |item: &Item| item.is_any(&[Mark::After, Mark::Before]);
    if !and.is(Mark::And) || !is_order(one) || !is_order(other) || main.is_empty() {
        return Ok(None);
    }
    let turned: Vec<Item> = main.iter().chain(&items[..5]).cloned().collect();
    match enclosed(context, &turned, main.len())? {
        Some(flow) => Ok(Some(flow)),
        None => context.ask(format!("in which order do the steps in \"{}\" run?", context.said(items))),
    }
}

/// Where an `and` goes on with the main clause: `A after charging the card and notify the customer`.
fn main_again(context: &Context<'_>, clause: &[Item]) -> Option<usize> {
    let is_order = |item: &Item| matches!(item, Item::Phrase(phrase) if verbs::is_order(context, phrase));
    // Behind `после` stands a noun, whatever it looks like.
    let is_plain = |item: &Item| match item {
        Item::Phrase(phrase) if is_russian(phrase.begin()) => verbs::is_infinitive(phrase.begin()),
        item => is_order(item),
    };
    let at = find(clause, &[Mark::And])?;
    (clause[..at].iter().any(|item| matches!(item, Item::Phrase(_)))
        && !clause[..at].iter().any(is_plain)
        && clause.get(at + 1).is_some_and(is_order)
        && !clause.get(at + 2).is_some_and(|item| item.is_any(&[Mark::Equals, Mark::Done, Mark::Succeeds])))
    .then_some(at)
}

/// `A after B and C`, where C is an order as A is.
fn resumed(context: &Context<'_>, items: &[Item], at: usize, next: usize) -> Read<Flow> {
    let is_placed = items[next..].iter().any(|item| item.is_any(&[Mark::Then, Mark::First]));
    if is_placed || !items[at].is_any(&[Mark::After, Mark::When]) {
        return context.ask(format!("in which order do the steps in \"{}\" run?", context.said(items)));
    }
    let first = ended(context, &items[at + 1..next])?;
    // `A, B after C, and D`
    let comma = items[..at].iter().rposition(|item| matches!(item, Item::Comma(_)));
    let (before, main) = match comma {
        Some(comma) => (Some(part(context, &items[..comma])?), groups::list(context, &items[comma + 1..at])?),
        None => (None, groups::list(context, &items[..at])?),
    };
    Ok(Flow::in_order(before.into_iter().chain([first, main, part(context, &items[next + 1..])?])))
}

/// `A, and B after C` is said of B alone.
fn of_last(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Flow>> {
    let is_order = |item: &Item| matches!(item, Item::Phrase(phrase) if verbs::is_order(context, phrase));
    let [head @ .., and, last @ Item::Phrase(_)] = &items[..at] else { return Ok(None) };
    if !and.is(Mark::And) || !items[at].is_any(&[Mark::After, Mark::Before]) || !is_order(last) {
        return Ok(None);
    }
    let is_apart = matches!(head.last(), Some(Item::Comma(_)));
    if is_apart {
        let rest: Vec<Item> = std::iter::once(last.clone()).chain(items[at..].iter().cloned()).collect();
        return Ok(Some(Flow::in_order([part(context, head)?, part(context, &rest)?])));
    }
    // `load the order and charge the card after validating it`: to look at something may come before all.
    let looks = |item: &Item| matches!(item, Item::Phrase(phrase) if context.maybe(phrase).is_some_and(|task| context.names.reads(&task)));
    if head.iter().any(|item| is_order(item) && looks(item)) {
        let said = context.said(&items[at..]);
        return context.ask(format!("is \"{said}\" said of the last step alone, or of all before it?"));
    }
    Ok(None)
}

/// `A, B meanwhile`.
fn meanwhile(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    if let [both @ .., last] = items
        && last.is(Mark::Alongside)
        && let [one, other] =
            both.split(|item| matches!(item, Item::Comma(_)) || item.is(Mark::And)).collect::<Vec<_>>()[..]
        && matches!((one, other), ([Item::Phrase(_)], [Item::Phrase(_)]))
    {
        return Ok(Some(Flow::at_once([groups::list(context, one)?, groups::list(context, other)?])));
    }
    Ok(None)
}

/// `wait 30 seconds between A and B`.
fn wait_between(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    if let [rest @ .., mark, first @ Item::Phrase(_), and, last @ Item::Phrase(_)] = items
        && mark.is(Mark::Between)
        && and.is(Mark::And)
        && let Some((flow, used)) = groups::waiting(rest)
        && used == rest.len()
    {
        let task = |item: &Item| groups::list(context, std::slice::from_ref(item));
        return Ok(Some(Flow::in_order([task(first)?, flow, task(last)?])));
    }
    Ok(None)
}

/// `B after A and before C`.
fn enclosed(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Flow>> {
    // `A before B but after C`
    let is_but = |two: &[Item]| {
        let between = context.text.get(two[0].at().end..two[1].at().start).unwrap_or_default().to_lowercase();
        between.split_whitespace().any(|word| ["but", "но"].contains(&word))
    };
    let second = items[at + 1..].windows(2).position(|two| {
        (two[0].is(Mark::And) || matches!(two[0], Item::Comma(_)) || is_but(two))
            && two[1].is_any(&[Mark::Before, Mark::After])
    });
    let Some(second) = second
        .map(|place| at + 1 + place)
        .filter(|second| *second > at + 1 || matches!(items[*second], Item::Phrase(_)))
    else {
        return Ok(None);
    };
    let is_after = |at: usize| items[at].is_any(&[Mark::After, Mark::When]);
    if is_after(at) == is_after(second + 1) || !(is_after(at) || items[at].is(Mark::Before)) {
        return Ok(None);
    }
    let middle = groups::list(context, &items[..at])?;
    let end = second + usize::from(matches!(items[second], Item::Phrase(_)));
    let one = ended(context, &items[at + 1..end])?;
    let other = ended(context, &items[second + 2..])?;
    let (first, last) = if is_after(at) { (one, other) } else { (other, one) };
    Ok(Some(Flow::in_order([first, middle, last])))
}

/// `A five minutes after B`, `B five minutes before A`.
fn delayed(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    let after =
        |two: &[Item]| matches!(two[0], Item::Time(..)) && two[1].is_any(&[Mark::After, Mark::Before]);
    let Some(at) = items.windows(2).position(after).filter(|at| *at > 0 && at + 2 < items.len()) else {
        return Ok(None);
    };
    let Item::Time(ms, _) = items[at] else { return Ok(None) };
    let head = match &items[..at] {
        [head @ .., in_time] if in_time.is(Mark::ByMeans) => head,
        head => head,
    };
    if head.iter().any(|item| item.is_any(&[Mark::Wait, Mark::WaitFor, Mark::Within])) {
        return Ok(None);
    }
    let (mut late, mut early) =
        (groups::list(context, head)?, groups::list(context, without_end(&items[at + 2..]))?);
    if items[at + 1].is(Mark::Before) {
        std::mem::swap(&mut late, &mut early);
    }
    Ok(Some(Flow::in_order([early, Flow::Sleep(ms), late])))
}

fn joined(context: &Context<'_>, items: &[Item], at: usize, left: Flow, right: Flow) -> Read<Flow> {
    let mark = &items[at];
    let commas = items[..at].iter().filter(|item| matches!(item, Item::Comma(_))).count();
    let is_loose = |flow: &Flow| matches!(flow, Flow::Sequence(_));
    if mark.is(Mark::Alongside) || mark.is(Mark::While) {
        // `A, B while checking C`
        let joint = items[..at].iter().rfind(|item| matches!(item, Item::Comma(_)) || item.is(Mark::And));
        if let (Flow::Sequence(mut steps), Some(Item::Comma(_)), true) =
            (left.clone(), joint, mark.is(Mark::While))
            && !is_loose(&right)
            && let Some(last) = steps.pop()
        {
            return Ok(Flow::in_order(steps.into_iter().chain([Flow::at_once([last, right])])));
        }
        // `A in parallel with B and C`, where nouns alone name B and C
        let is_noun = |item: &Item| match item {
            Item::Phrase(phrase) => !verbs::is_order(context, phrase),
            Item::Comma(_) => true,
            item => item.is(Mark::And),
        };
        if let (false, Flow::Sequence(steps), true) = (is_loose(&left), &right, mark.is(Mark::Alongside))
            && items[at + 1..].iter().all(is_noun)
            && items[at + 1..].iter().any(|item| item.is(Mark::And))
        {
            return Ok(Flow::at_once(std::iter::once(left).chain(steps.iter().cloned())));
        }
        if is_loose(&left) || is_loose(&right) {
            let said = context.said(&items[at..=at]);
            return context.ask(format!("which steps does \"{said}\" join in \"{}\"?", context.said(items)));
        }
        return Ok(Flow::at_once([left, right]));
    }
    if commas > 0 && is_loose(&left) {
        return context.ask(format!("in which order do the steps in \"{}\" run?", context.said(items)));
    }
    Ok(if mark.is(Mark::Before) { Flow::in_order([left, right]) } else { Flow::in_order([right, left]) })
}

/// `both are done`: the steps before are meant.
fn is_what_was_said(items: &[Item]) -> bool {
    items.last().is_some_and(|item| item.is(Mark::Done)) && is_pronoun(without_end(items))
}

fn is_pronoun(items: &[Item]) -> bool {
    items.iter().all(|item| item.is_any(&[Mark::Both, Mark::It, Mark::Them, Mark::All]))
}

/// Without `is done` and the like.
fn without_end(items: &[Item]) -> &[Item] {
    match items.split_last() {
        Some((last, rest)) if last.is_any(&[Mark::Done, Mark::Succeeds]) => rest,
        _ => items,
    }
}

/// Steps that are said to have ended.
pub(super) fn ended(context: &Context<'_>, items: &[Item]) -> Read<Flow> {
    // `после завершения A`
    let items = match without_end(items) {
        [done, rest @ ..]
            if done.is(Mark::Done) && rest.iter().any(|item| matches!(item, Item::Phrase(_))) =>
        {
            rest
        }
        items => items,
    };
    groups::list(context, items)
}

/// Where a clause without a comma ends: before a wait, or between two words of a phrase that then name a task each.
fn clause_end(context: &Context<'_>, items: &[Item]) -> Option<(Vec<Item>, Vec<Item>)> {
    let ends = [STEPS.as_slice(), &[Mark::Parallel, Mark::Sequential, Mark::Loop]].concat();
    let is_end = |at: &usize| *at > 0 && (*at + 1 < items.len() || items[*at].is(Mark::Approval));
    if let Some(at) = find(items, &ends).filter(is_end) {
        return Some((items[..at].to_vec(), items[at..].to_vec()));
    }
    // `once the pulse was measured assign a trainer`
    if let [Item::Phrase(thing), is, Item::Phrase(both), rest @ ..] = items
        && is.is(Mark::Equals)
    {
        let part = |at: usize| {
            let (verb, tail) = both.split(at);
            let mut whole = thing.clone();
            whole.words.extend(verb.words);
            let is_task = context.maybe(&whole).is_some() && context.maybe(&tail).is_some();
            is_task.then_some((Item::Phrase(whole), Item::Phrase(tail)))
        };
        let (first, second) = (1..both.words.len()).find_map(part)?;
        return Some((vec![first], std::iter::once(second).chain(rest.iter().cloned()).collect()));
    }
    // `после оплаты и зачисления создай логин`: the clause may be a list.
    let list = items.iter().take_while(|item| matches!(item, Item::Phrase(_)) || item.is(Mark::And)).count();
    (0..list).find_map(|place| {
        let Item::Phrase(phrase) = &items[place] else { return None };
        let (at, _) = division(context, phrase).or_else(|| at_order(context, phrase))?;
        let (head, tail) = phrase.split(at);
        let first = items[..place].iter().cloned().chain([Item::Phrase(head)]).collect();
        let rest = items[place + 1..].iter().cloned();
        Some((first, std::iter::once(Item::Phrase(tail)).chain(rest).collect()))
    })
}

/// `в случае неудачи доставки позови курьера`: two tasks in one phrase, where it is clear how.
pub(super) fn two_tasks(context: &Context<'_>, both: &Phrase) -> Option<(String, String)> {
    division(context, both).or_else(|| at_order(context, both)).map(|(_, pair)| pair)
}

/// The same, where more steps follow: the first task, and the phrase of the second.
pub(super) fn task_and_rest(context: &Context<'_>, both: &Phrase) -> Option<(String, Phrase)> {
    let (at, (first, _)) = division(context, both).or_else(|| at_order(context, both))?;
    Some((first, both.split(at).1))
}

/// Where the only order of a Russian phrase begins: `зачисления создай логин`.
fn at_order(context: &Context<'_>, both: &Phrase) -> Option<(usize, (String, String))> {
    if both.words.len() > LONGEST {
        return None;
    }
    let pair = |at: usize| {
        let (one, other) = both.split(at);
        let is_verb = is_russian(&both.words[at].text) && verbs::is_verb(&both.words[at].text);
        let pair = (context.maybe(&one)?, context.maybe(&other)?);
        (is_verb && pair.0 != pair.1).then_some((at, pair))
    };
    let mut pairs = (1..both.words.len()).filter_map(pair);
    pairs.next().filter(|_| pairs.next().is_none())
}

/// Where a phrase falls into two that name a task each; every place where it does must give the same two.
fn division(context: &Context<'_>, both: &Phrase) -> Option<(usize, (String, String))> {
    if both.words.len() > 2 * LONGEST {
        return None;
    }
    let pair = |at: usize| {
        let (one, other) = both.split(at);
        let pair = (context.maybe(&one)?, context.maybe(&other)?);
        (pair.0 != pair.1).then_some((at, pair))
    };
    let pairs: Vec<_> = (1..both.words.len()).filter_map(pair).collect();
    let first = pairs.first()?;
    pairs.iter().all(|(_, pair)| *pair == first.1).then(|| first.clone())
}

/// The subordinate clause comes first: `after A, B`.
fn leading(context: &Context<'_>, items: &[Item], delay: Option<u64>) -> Read<Flow> {
    let mark = &items[0];
    let rest = &items[1..];
    // `after the completion of A, B`
    if let [end, of @ ..] = rest
        && end.is(Mark::Done)
        && of.iter().any(|item| matches!(item, Item::Phrase(_)))
    {
        let of = if of[0].is(Mark::Of) { &of[1..] } else { of };
        let items: Vec<Item> = std::iter::once(mark.clone()).chain(of.iter().cloned()).collect();
        return leading(context, &items, delay);
    }
    let done = rest.iter().position(|item| item.is_any(&[Mark::Done, Mark::Succeeds]));
    let goes_on =
        |at: &usize| rest[*at..].iter().any(|item| matches!(item, Item::Phrase(_)) || item.is_any(&STEPS));
    let comma = main_clause(context, rest)
        .or_else(|| rest.iter().rposition(|item| matches!(item, Item::Comma(_))))
        .filter(goes_on);
    let split = match (done, comma) {
        (Some(done), _) => done + 1,
        (None, Some(comma)) => comma,
        (None, None) => {
            let Some((first, second)) = clause_end(context, rest) else {
                let said = context.said(items);
                return context
                    .ask(format!("where does \"{said}\" end, and what follows it? A comma would say"));
            };
            let (first, second) =
                (groups::list(context, &first)?, sentences::clause(context, &second, true)?);
            return Ok(ordered(mark, first, second, delay));
        }
    };
    let subject = without_end(&rest[..split]);
    if is_pronoun(subject) && !mark.is_any(&[Mark::Before, Mark::While]) {
        // What was said before is meant: what follows comes after it anyway.
        return part(context, &rest[split..]);
    }
    let first = groups::list(context, subject)?;
    let second = sentences::clause(context, &rest[split..], true)?;
    let first = if mark.is_any(&[Mark::After, Mark::When])
        && matches!(first, Flow::Sequence(_))
        && rest[..split].iter().any(|item| item.is(Mark::Both))
    {
        Flow::at_once([first])
    } else {
        first
    };
    Ok(ordered(mark, first, second, delay))
}

/// The comma behind which the main clause begins, where its first word says so: an order, or what only a clause begins with.
pub(super) fn main_clause(context: &Context<'_>, items: &[Item]) -> Option<usize> {
    const RUNS: [&str; 7] = ["run", "do", "execute", "start", "please", "then", "perform"];
    let begins = |at: &usize| {
        let between = context.text.get(items[*at].at().end..items[at + 1].at().start).unwrap_or_default();
        match &items[at + 1] {
            Item::Phrase(phrase) => {
                verbs::is_order(context, phrase)
                    || between.to_lowercase().split_whitespace().any(|word| RUNS.contains(&word))
            }
            item => item.is_any(&[Mark::If, Mark::Unless, Mark::ForEach, Mark::Parallel]),
        }
    };
    let is_first = |at: &usize| items[..*at].iter().any(|item| matches!(item, Item::Phrase(_)));
    (0..items.len().saturating_sub(1))
        .find(|at| matches!(items[*at], Item::Comma(_)) && is_first(at) && begins(at))
}

/// The clause behind the mark, and what is said of it.
fn ordered(mark: &Item, clause: Flow, main: Flow, delay: Option<u64>) -> Flow {
    if mark.is(Mark::While) {
        Flow::at_once([clause, main])
    } else if mark.is(Mark::Before) {
        Flow::in_order([main, clause])
    } else {
        Flow::in_order(std::iter::once(clause).chain(delay.map(Flow::Sleep)).chain([main]))
    }
}

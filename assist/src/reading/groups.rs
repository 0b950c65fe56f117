//! Lists of steps: one after another, or at the same time where that is said.

use crate::flow::Flow;
use crate::items::{Item, Phrase, PhraseWord};
use crate::names::Meant;
use crate::words::{Mark, is_russian};

use super::cursor::trimmed;
use super::{Context, Read, attributes, dependence, iteration, verbs};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Parallel,
    Sequential,
}

#[derive(Default)]
struct Lists {
    done: Vec<Flow>,
    current: Vec<Flow>,
    mode: Option<Mode>,
    limit: Option<u64>,
    /// What stood before the item that is read.
    separator: Option<Mark>,
    /// Whether the elements of the group are joined by an `and`.
    joined: bool,
    verbs: Vec<PhraseWord>,
    /// Of each step of the group, whether only a noun names it: `the payment`, `integration tests`.
    nouns: Vec<bool>,
}

/// Steps with commas, `and`, and words like `in parallel` between, before or behind them.
pub(super) fn list(context: &Context<'_>, items: &[Item]) -> Read<Flow> {
    let items = &passive(context, trimmed(items));
    let mut lists = Lists::default();
    let mut at = 0;
    while at < items.len() {
        let item = &items[at];
        if let Some((limit, used)) = limit(&items[at..]) {
            // `pack all items, at most two at once, and B`
            if let (Some(Flow::Each { limit: own @ None, .. }), None) = (lists.current.last_mut(), lists.mode)
            {
                *own = Some(limit);
                at += used;
                continue;
            }
            // Of two things no more than two run at a time anyway: something else is meant.
            if lists.mode.is_none() && lists.current.len() as u64 <= limit {
                return context.ask(format!("which steps does \"{}\" bound?", context.said(items)));
            }
            lists.limit = Some(limit);
            lists.mode = lists.mode.or(Some(Mode::Parallel));
            at += used;
            continue;
        }
        at += match item {
            Item::Comma(_) => lists.separate(Mark::Then),
            item if item.is(Mark::And) => lists.separate(Mark::And),
            // `A first and B after that`
            item if item.is(Mark::First)
                && lists.done.is_empty()
                && lists.current.len() == 1
                && items
                    .get(at + 1)
                    .is_none_or(|next| next.is(Mark::And) || matches!(next, Item::Comma(_))) =>
            {
                1
            }
            item if item.is(Mark::Both) => {
                lists.mode = lists.mode.or(Some(Mode::Parallel));
                1
            }
            item if item.is(Mark::Parallel) => lists.said(context, items, at, Mode::Parallel)?,
            item if item.is(Mark::Sequential) => lists.said(context, items, at, Mode::Sequential)?,
            Item::Number(_, place)
                if at == 0
                    && is_step(items.get(1))
                    && context.text[place.clone()].starts_with(|first: char| first.is_ascii_digit()) =>
            {
                1
            }
            _ => lists.element(context, items, at)?,
        };
    }
    lists.close(context)?;
    if lists.done.is_empty() {
        return context.ask(format!("what should be run in \"{}\"?", context.said(items)));
    }
    Ok(Flow::in_order(lists.done))
}

/// `the payment is processed` and `the card has been charged` are one phrase each.
pub(super) fn passive(context: &Context<'_>, items: &[Item]) -> Vec<Item> {
    if let Some(found) = found(context, items) {
        return vec![found];
    }
    let mut active: Vec<Item> = Vec::new();
    for item in items {
        let is_verb = active.last().is_some_and(|item| item.is_any(&[Mark::Equals, Mark::Exists]));
        let object = active.len().checked_sub(2).and_then(|at| active.get(at)).cloned();
        match (item, object) {
            // `before it is uploaded`
            (Item::Phrase(verb), Some(it))
                if is_verb
                    && it.is_any(&[Mark::It, Mark::Them, Mark::Anything])
                    && context.maybe(verb).is_some() =>
            {
                active.truncate(active.len() - 2);
                active.push(item.clone());
            }
            (Item::Phrase(verb), Some(Item::Phrase(mut object))) if is_verb => {
                object.words.extend(verb.words.iter().cloned());
                object.at.end = verb.at.end;
                if context.maybe(&object).is_some() {
                    active.truncate(active.len() - 2);
                    active.push(Item::Phrase(object));
                } else {
                    active.push(item.clone());
                }
            }
            _ => active.push(item.clone()),
        }
    }
    active
}

/// `the driver was found`, `найден водитель`: the words of a task rather than of a value.
fn found(context: &Context<'_>, items: &[Item]) -> Option<Item> {
    let (object, verb) = match items {
        [Item::Phrase(object), verb] | [verb, Item::Phrase(object)] => (object, verb),
        _ => return None,
    };
    let said = context.text.get(verb.at().clone())?.to_lowercase();
    let last = said.rsplit(' ').next().filter(|_| verb.is(Mark::Exists))?;
    let whole = object.led_by(last.to_owned(), verb.at().clone());
    context.maybe(&whole).map(|_| Item::Phrase(Phrase { at: object.at.clone(), ..whole }))
}

/// `all at the same time`, `all three in parallel`
fn is_of_all(context: &Context<'_>, items: &[Item], at: usize) -> bool {
    let before = items[..at].iter().rfind(|item| matches!(item, Item::Phrase(_)));
    let start = before.map_or(items[at].at().start, |phrase| phrase.at().end);
    let said = context.text.get(start..items[at].at().end).unwrap_or_default().to_lowercase();
    said.split(|letter: char| !letter.is_alphanumeric()).any(|word| ["all", "все", "всё"].contains(&word))
}

/// Whether a step begins here, so that a number before it counts steps.
fn is_step(item: Option<&Item>) -> bool {
    item.is_some_and(|item| {
        matches!(item, Item::Phrase(_)) || item.is_any(&[Mark::Wait, Mark::WaitFor, Mark::Approval])
    })
}

/// `at most 3 at a time`.
fn limit(items: &[Item]) -> Option<(u64, usize)> {
    let [first, second, third, ..] = items else { return None };
    let number = second.whole().filter(|_| first.is(Mark::UpTo))?;
    third.is_any(&[Mark::Parallel, Mark::AtATime]).then_some((number, 3))
}

impl Lists {
    fn separate(&mut self, mark: Mark) -> usize {
        self.joined |= mark == Mark::And;
        self.separator = Some(match self.separator {
            Some(Mark::And) => Mark::And,
            _ => mark,
        });
        1
    }

    /// `in parallel` stands before its steps, behind them, or between them.
    fn said(&mut self, context: &Context<'_>, items: &[Item], at: usize, mode: Mode) -> Read<usize> {
        let rest = &items[at + 1..];
        let ends = trimmed(rest).is_empty();
        let is_aside = self.separator.is_some() && matches!(rest.first(), Some(Item::Comma(_)));
        let next_separates = !is_aside
            && rest.first().is_some_and(|item| matches!(item, Item::Comma(_)) || item.is(Mark::And));
        let unclear = |context: &Context<'_>| {
            let said = context.said(&items[at..=at]);
            context.ask(format!("which steps does \"{said}\" join in \"{}\"?", context.said(items)))
        };
        if self.current.is_empty() {
            if self.mode.is_some_and(|said| said != mode) && !self.done.is_empty() {
                return unclear(context);
            }
            self.mode = Some(mode);
            return Ok(1);
        }
        // `invite all reviewers at once`, and how many of them behind it
        if let (Mode::Parallel, [Flow::Each { limit: limit @ None, .. }]) =
            (mode, self.current.as_mut_slice())
        {
            let bound = match rest {
                [limit, number, ..] if limit.is(Mark::UpTo) => number.whole(),
                _ => None,
            };
            *limit = bound;
            return Ok(1 + if bound.is_some() { 2 } else { 0 });
        }
        if ends || next_separates {
            if self.mode.is_some_and(|said| said != mode) {
                return unclear(context);
            }
            // `A, B and C in parallel, D`: whether A is one of them only its speaker knows.
            let is_loose = !self.joined && self.current.len() > 1 || self.current.len() > 2;
            let is_all = is_of_all(context, items, at);
            if mode == Mode::Parallel && self.is_pair() && !is_all && limit(trimmed(rest)).is_none() {
                let pair = self.current.split_off(self.current.len() - 2);
                self.done.append(&mut self.current);
                self.current = pair;
            } else if !ends && limit(trimmed(rest)).is_none() && is_loose {
                return unclear(context);
            }
            if mode == Mode::Parallel && self.current.len() > 2 && !is_all {
                self.independent(context, items)?;
            }
            if mode == Mode::Sequential && self.is_one_by_one(context, &items[at])? {
                return Ok(1);
            }
            self.mode = Some(mode);
            if limit(trimmed(rest)).is_none() {
                self.close(context)?;
            }
            return Ok(1);
        }
        let following = rest.iter().filter(|item| matches!(item, Item::Phrase(_))).count();
        match (self.separator, mode) {
            (Some(Mark::Then), _) if following > 1 => {
                self.close(context)?;
                self.mode = Some(mode);
            }
            (Some(Mark::And), Mode::Parallel) if following == 1 && self.current.len() == 1 => {
                self.mode = Some(mode)
            }
            _ => return unclear(context),
        }
        Ok(1 + usize::from(is_aside))
    }

    /// `pack the items one by one`: at most one at a time.
    fn is_one_by_one(&mut self, context: &Context<'_>, mark: &Item) -> Read<bool> {
        const OF_MANY: [&str; 4] = ["one by one", "one at a time", "по одному", "по одной"];
        let said = context.said(std::slice::from_ref(mark)).to_lowercase();
        match self.current.as_mut_slice() {
            [.., Flow::Each { limit: limit @ None, .. }] => {
                *limit = Some(1);
                Ok(true)
            }
            [Flow::Call(_)] if OF_MANY.contains(&said.as_str()) => {
                context.ask(format!("what is done \"{said}\"? No list is named"))
            }
            _ => Ok(false),
        }
    }

    /// Whether the last two steps share a verb that those before them do not: `build it, run unit and integration tests`.
    fn is_pair(&self) -> bool {
        self.joined && matches!(self.nouns.as_slice(), [.., false, _, true])
    }

    /// Of more than two steps, the first may be what the others take: `load the order, validate and price it in parallel`.
    fn independent(&self, context: &Context<'_>, items: &[Item]) -> Read<()> {
        if let Some(Flow::Call(first)) = self.current.first()
            && context.names.takes_in(first)
            && !self.nouns.first().is_some_and(|is_noun| *is_noun)
        {
            return context.ask(format!(
                "does `{first}` run before the others in \"{}\", or at the same time?",
                context.said(items)
            ));
        }
        let Some((giver, taker)) = dependence::between(context, &self.current) else { return Ok(()) };
        context.ask(format!(
            "`{taker}` takes what `{giver}` gives: which of the steps in \"{}\" run at the same time?",
            context.said(items)
        ))
    }

    fn element(&mut self, context: &Context<'_>, items: &[Item], at: usize) -> Read<usize> {
        if let Some((flow, used)) = iteration::element(context, &items[at..])? {
            self.current.push(flow);
            self.nouns.push(false);
            self.separator = None;
            return Ok(used);
        }
        if let Item::Phrase(phrase) = &items[at] {
            let next = items[at + 1..].iter().find_map(|item| match item {
                Item::Phrase(phrase) => Some(phrase),
                _ => None,
            });
            let flow = called(context, phrase, &self.verbs, next)?;
            let is_noun = matches!(&flow, Flow::Call(task) if context.names.is_noun_of(task, &phrase.words)
                || phrase.words.len() > 1 && !is_russian(phrase.begin()) && !context.names.is_led_by(task, &phrase.words[0]));
            if phrase.words.len() > 1 {
                self.verbs = phrase.words[..1].to_vec();
            }
            if !self.current.is_empty() && self.separator.is_none() {
                return context
                    .ask(format!("in which order do the steps in \"{}\" run?", context.said(items)));
            }
            self.current.push(flow);
            self.nouns.push(is_noun);
            self.separator = None;
            return Ok(1 + pronoun(&items[at + 1..]));
        }
        // `ему назначают класс`
        if items[at].is_any(&[Mark::It, Mark::Them])
            && !items[at].is(Mark::Both)
            && matches!(items.get(at + 1), Some(Item::Phrase(_)))
        {
            return Ok(1);
        }
        if let Some((flow, used)) = waiting(&items[at..]) {
            if !self.current.is_empty() && self.separator.is_none() {
                return context
                    .ask(format!("in which order do the steps in \"{}\" run?", context.said(items)));
            }
            self.current.push(flow);
            self.nouns.push(false);
            self.separator = None;
            return Ok(used);
        }
        context.ask(format!(
            "what does \"{}\" mean in \"{}\"?",
            context.said(&items[at..=at]),
            context.said(items)
        ))
    }

    fn close(&mut self, context: &Context<'_>) -> Read<()> {
        let flows = std::mem::take(&mut self.current);
        self.nouns.clear();
        let limit = self.limit.take();
        match self.mode.take() {
            Some(Mode::Parallel) if flows.len() < 2 => {
                return context.ask("which steps run at the same time? Only one is named");
            }
            Some(Mode::Parallel) => {
                let flow = Flow::at_once(flows);
                self.done.push(match (flow, limit) {
                    (Flow::Parallel { branches, .. }, Some(limit)) => {
                        Flow::Parallel { branches, limit: Some(limit) }
                    }
                    (flow, _) => flow,
                });
            }
            Some(Mode::Sequential) | None => self.done.extend(flows),
        }
        self.joined = false;
        self.separator = None;
        Ok(())
    }
}

/// `validate it`, `train the model on it`: what is meant was said.
fn pronoun(items: &[Item]) -> usize {
    let small = items.iter().take_while(|item| {
        item.is_any(&[Mark::Of, Mark::With, Mark::To]) && !item.is_any(&[Mark::It, Mark::Them])
    });
    let small = small.count();
    let is_it = items.get(small).is_some_and(|item| item.is_any(&[Mark::It, Mark::Them]));
    if is_it { small + 1 } else { 0 }
}

/// The task or workflow that a phrase names. A verb alone takes what the next phrase is about: `validate and charge the payment`.
fn called(context: &Context<'_>, phrase: &Phrase, verbs: &[PhraseWord], next: Option<&Phrase>) -> Read<Flow> {
    if let Some(flow) = iteration::of_all(context, phrase) {
        return Ok(flow);
    }
    match context.meant(phrase, verbs) {
        Meant::Task(task) => {
            if let Some(flow) = iteration::of_many(context, phrase, &task) {
                return Ok(flow);
            }
            if let Some(list) = iteration::is_of_many(context, phrase, &task) {
                let said = &context.text[phrase.at.clone()];
                return context.ask(format!("is \"{said}\" done for each of `{list}`?"));
            }
            return Ok(Flow::Call(task));
        }
        Meant::Several(tasks) if phrase.words.len() == 1 && next.is_none() => {
            // `transfer it` is what a task does, and not what another is done to.
            let does = |task: &&String| context.names.is_led_by(task, &phrase.words[0]);
            let mut does = tasks.iter().filter(does);
            if let (Some(task), None, false) = (does.next(), does.next(), verbs::is_named(context, phrase)) {
                return Ok(Flow::Call(task.clone()));
            }
        }
        Meant::Several(_) if phrase.words.len() == 1 => {
            if let Some(last) = next.and_then(|next| next.words.last()) {
                let words = [phrase.words[0].clone(), last.clone()];
                if let Meant::Task(task) = context.names.meant(&words, &[]) {
                    return Ok(Flow::Call(task));
                }
            }
        }
        _ => {}
    }
    if let [word] = phrase.words.as_slice()
        && let Some(workflow) = context.vocabulary.workflows.iter().find(|workflow| workflow.id == word.text)
    {
        return Ok(Flow::Workflow(workflow.id.clone()));
    }
    match attributes::guarded(context, phrase) {
        Some(flow) => Ok(flow),
        None => context.task(phrase, verbs).map(Flow::Call),
    }
}

/// `wait 5 minutes`, `wait for approval for at most 2 days`.
pub(super) fn waiting(items: &[Item]) -> Option<(Flow, usize)> {
    let first = items.first()?;
    let is = |at: usize, marks: &[Mark]| items.get(at).is_some_and(|item| item.is_any(marks));
    if first.is_any(&[Mark::Wait, Mark::WaitFor])
        && let at = 1 + usize::from(is(1, &[Mark::With]))
        && let Some(Item::Time(ms, _)) = items.get(at)
        && !is(at + 1, &[Mark::Approval])
    {
        return Some((Flow::Sleep(*ms), at + 1));
    }
    let at = usize::from(first.is_any(&[Mark::Wait, Mark::WaitFor]));
    if !is(at, &[Mark::Approval]) {
        return None;
    }
    let mut next = at + 1;
    let marks = items[next..]
        .iter()
        .take_while(|item| item.is_any(&[Mark::UpTo, Mark::Within, Mark::With, Mark::Timeout]))
        .count();
    let timeout = match items.get(next + marks) {
        Some(Item::Time(ms, _)) if marks > 0 => Some(*ms),
        _ => None,
    };
    if timeout.is_some() {
        next += marks + 1;
    }
    Some((Flow::Approval { timeout }, next))
}

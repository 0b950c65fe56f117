//! Conditions: what a value must be, or how a step must have ended.
//!
//! It knows the fields that tasks take and give, and the operators of the manifest's expressions.

use crate::items::{Item, Phrase, PhraseWord};
use crate::names::LONGEST;
use crate::words::{Mark, WORDS, is_russian};

use super::counts::{UNITS, YEARS, counted, counted_list, in_unit, of_failures};
use super::cursor::{find, trimmed};
use super::operands::{GENERIC, age, is_scalar, measured, operand};
use super::properties::{presence, truth};
use super::{Context, Read};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// In the language of expressions, without `${}`.
    Holds(String),
    /// One of the steps.
    Failed(Vec<String>),
    Succeeded(String),
}

const COMPARISONS: [(Mark, &str, &str); 7] = [
    (Mark::UpTo, "<=", ">"),
    (Mark::Above, ">", "<="),
    (Mark::Below, "<", ">="),
    (Mark::AtLeast, ">=", "<"),
    (Mark::AtMost, "<=", ">"),
    (Mark::Differs, "!=", "=="),
    (Mark::Equals, "==", "!="),
];
/// The condition at the beginning of the items, up to a comma or as far as it makes sense; with what follows it.
pub(super) fn prefix(context: &Context<'_>, items: &[Item]) -> Read<(Condition, Vec<Item>)> {
    let is_end = |item: &Item| matches!(item, Item::Comma(_)) || item.is_any(&[Mark::Then, Mark::Else]);
    let end = items.iter().position(is_end).unwrap_or(items.len());
    let whole = condition(context, &items[..end]);
    if let Ok(found) = whole {
        let split = if trimmed(&items[end..]).is_empty() { divided(context, &items[..end], 2) } else { None };
        return Ok(split.unwrap_or((found, items[end..].to_vec())));
    }
    for end in (1..=end).rev() {
        if let Ok(found) = condition(context, &items[..end]) {
            return Ok((found, items[end..].to_vec()));
        }
        if let Some((found, rest)) = divided(context, &items[..end], 1) {
            return Ok((found, rest.into_iter().chain(items[end..].iter().cloned()).collect()));
        }
    }
    whole.map(|found| (found, Vec::new()))
}

/// `if it is express ship it`: what is compared and what is done stand in one phrase, the last one.
fn divided(context: &Context<'_>, items: &[Item], least: usize) -> Option<(Condition, Vec<Item>)> {
    let (Item::Phrase(phrase), start) = items.split_last()? else { return None };
    if phrase.words.len() > 2 * LONGEST {
        return None;
    }
    let part = |at: usize| {
        let (head, tail) = phrase.split(at);
        context.maybe(&tail).filter(|_| tail.words.len() >= least)?;
        let said: Vec<Item> = start.iter().cloned().chain([Item::Phrase(head)]).collect();
        Some((condition(context, &said).ok()?, vec![Item::Phrase(tail)]))
    };
    // What something is is short: `it is valid reserve the car`.
    let is_predicate = start.last().is_some_and(|item| item.is_any(&[Mark::Equals, Mark::Differs]));
    if is_predicate {
        (1..phrase.words.len()).find_map(part)
    } else {
        (1..phrase.words.len()).rev().find_map(part)
    }
}

/// All of the items as one condition.
pub(super) fn condition(context: &Context<'_>, items: &[Item]) -> Read<Condition> {
    // `they have an email`
    if let [first, Item::Phrase(_)] = trimmed(items)
        && first.is_any(&[Mark::It, Mark::Them])
        && let said @ [exists, _] = owned(context, trimmed(items), 0).as_slice()
        && exists.is(Mark::Exists)
    {
        return condition(context, said);
    }
    let items = match trimmed(items) {
        [first, rest @ ..] if first.is_any(&[Mark::It, Mark::Them]) => rest,
        [Item::Phrase(who), rest @ ..]
            if !rest.is_empty() && who.words.iter().all(|word| GENERIC.contains(&word.text.as_str())) =>
        {
            rest
        }
        // `everything is ok`
        [all, rest @ ..] if all.is(Mark::All) && rest.iter().any(|item| matches!(item, Item::Phrase(_))) => {
            rest
        }
        items => items,
    };
    if let Some(counted) = of_failures(context, items) {
        return condition(context, &counted);
    }
    // `should announcing it fail`
    if let [step @ Item::Phrase(_), it, outcome] = items
        && it.is_any(&[Mark::It, Mark::Them])
        && outcome.is_any(&[Mark::Fails, Mark::Succeeds, Mark::Done])
    {
        return condition(context, &[step.clone(), outcome.clone()]);
    }
    if let Some(tasks) = either_fails(context, items) {
        return Ok(Condition::Failed(tasks));
    }
    for (mark, joint) in [(Mark::Or, "||"), (Mark::And, "&&")] {
        if let Some(at) = find(items, &[mark])
            && let (Ok(Condition::Holds(one)), Ok(Condition::Holds(other))) =
                (condition(context, &items[..at]), condition(context, &owned(context, items, at)))
        {
            return Ok(Condition::Holds(format!("{one} {joint} {other}")));
        }
    }
    // `if it is from DE`
    if let [be @ .., from, place] = items
        && be.iter().all(|item| item.is_any(&[Mark::Equals, Mark::It]))
        && from.is(Mark::Of)
        && let Some(condition) = super::attributes::place_condition(context, place)
    {
        return Ok(Condition::Holds(condition));
    }
    if let Some(found) = of_field(context, items) {
        return Ok(found);
    }
    if let Some(found) = with_more(context, items) {
        return Ok(found);
    }
    if let Some(found) = of_step(context, items)? {
        return Ok(found);
    }
    if let Some(task) = done(context, items) {
        return Ok(Condition::Succeeded(task));
    }
    of_value(context, items)
}

/// `it is spam with a confidence above 0.9`: both hold.
fn with_more(context: &Context<'_>, items: &[Item]) -> Option<Condition> {
    let inner = |item: &Item| match item {
        Item::Phrase(phrase) => {
            phrase.glue.iter().find(|(at, marks)| *at > 0 && marks.contains(&Mark::With)).map(|(at, _)| *at)
        }
        _ => None,
    };
    let (place, at) = items.iter().enumerate().find_map(|(place, item)| Some((place, inner(item)?)))?;
    let Item::Phrase(phrase) = &items[place] else { return None };
    let (head, tail) = phrase.split(at);
    let part = |before: &[Item], phrase: Phrase, after: &[Item]| -> Option<String> {
        let said: Vec<Item> =
            before.iter().cloned().chain([Item::Phrase(phrase)]).chain(after.iter().cloned()).collect();
        match condition(context, &said) {
            Ok(Condition::Holds(text)) => Some(text),
            _ => None,
        }
    };
    let is_said = items[..place].iter().any(|item| item.is_any(&[Mark::Equals, Mark::Exists, Mark::Differs]));
    let one = part(&items[..place], head, &[]).filter(|_| is_said)?;
    let other = part(&[], tail, &items[place + 1..])?;
    Some(Condition::Holds(format!("{one} && {other}")))
}

/// What stands behind a joint; `and have an email` says that there is one.
fn owned(context: &Context<'_>, items: &[Item], joint: usize) -> Vec<Item> {
    let rest = &items[joint + 1..];
    let [Item::Phrase(phrase)] = rest else { return rest.to_vec() };
    let between = context.text.get(items[joint].at().end..phrase.at.start).unwrap_or_default().to_lowercase();
    let has = between.split_whitespace().any(|word| ["have", "has"].contains(&word));
    let exists = Item::Marks(vec![Mark::Exists], phrase.at.start..phrase.at.start);
    has.then_some(exists).into_iter().chain(rest.iter().cloned()).collect()
}

/// The task of `the valve was opened`, where no value says so. A text named `valve` is not what was opened.
fn done(context: &Context<'_>, items: &[Item]) -> Option<String> {
    let [Item::Phrase(thing), be, Item::Phrase(verb)] = items else { return None };
    let said = context.text[be.at().clone()].to_lowercase();
    if !be.is(Mark::Equals) || !["was", "were", "has been", "have been"].contains(&said.as_str()) {
        return None;
    }
    let mut whole = thing.clone();
    whole.words.extend(verb.words.iter().cloned());
    let task = context.names.meant_among(&context.present, &whole.words)?;
    matches!(operand(context, &whole.words), Ok(None)).then_some(task)
}

/// What a value must be.
fn of_value(context: &Context<'_>, items: &[Item]) -> Read<Condition> {
    // `fewer than 5 articles were found`
    let items = match items {
        [ops @ .., Item::Number(..), Item::Phrase(_), found] if found.is(Mark::Exists) && !ops.is_empty() => {
            &items[..items.len() - 1]
        }
        items => items,
    };
    let said = context.said(items).to_owned();
    let unclear =
        || context.ask(format!("what does \"{said}\" compare? Neither an input nor a result has that name"));
    match items {
        // `there are fewer than 3 years`
        [ops @ .., number @ Item::Number(..), Item::Phrase(phrase)]
            if !ops.is_empty() && ops.iter().all(|op| comparison(op).is_some() || op.is(Mark::Exists)) =>
        {
            let op = ops.iter().rfind(|op| comparison(op).is_some()).cloned();
            let op = op.unwrap_or_else(|| Item::Marks(vec![Mark::Equals], number.at().clone()));
            if let Some(count) = counted_list(context, phrase, &op, number) {
                return Ok(Condition::Holds(count));
            }
            compared(context, phrase, &op, std::slice::from_ref(number))
                .map_or_else(|found| found.map_or_else(unclear, Err), |text| Ok(Condition::Holds(text)))
        }
        // `more than 1000 orders were extracted`
        [ops @ .., number @ Item::Number(..), Item::Phrase(thing), be, Item::Phrase(verb)]
            if be.is_any(&[Mark::Equals, Mark::Exists])
                && !ops.is_empty()
                && ops.iter().all(|op| comparison(op).is_some()) =>
        {
            counted(context, thing, verb, &ops[ops.len() - 1], number)
                .map_or_else(unclear, |text| Ok(Condition::Holds(text)))
        }
        [Item::Phrase(phrase), op, rest @ ..] if comparison(op).is_some() => {
            compared(context, phrase, op, rest)
                .map_or_else(|found| found.map_or_else(unclear, Err), |text| Ok(Condition::Holds(text)))
        }
        // `the transcript has fewer than 100 words`
        [Item::Phrase(owner), has, op, number @ Item::Number(..), Item::Phrase(field)]
            if has.is(Mark::Exists) && comparison(op).is_some() =>
        {
            let mut whole = owner.clone();
            whole.words.extend(field.words.iter().cloned());
            compared(context, &whole, op, std::slice::from_ref(number))
                .map_or_else(|found| found.map_or_else(unclear, Err), |text| Ok(Condition::Holds(text)))
        }
        [Item::Phrase(phrase), value @ Item::Quoted(..)] => {
            let op = Item::Marks(vec![Mark::Equals], value.at().clone());
            let found = compared(context, phrase, &op, std::slice::from_ref(value));
            found.map_or_else(|found| found.map_or_else(unclear, Err), |text| Ok(Condition::Holds(text)))
        }
        items => of_property(context, items).unwrap_or_else(unclear),
    }
}

/// What there is or is not, and what is true or false of a thing.
fn of_property(context: &Context<'_>, items: &[Item]) -> Option<Read<Condition>> {
    Some(match items {
        [Item::Phrase(owner), op, Item::Phrase(field)] if op.is_any(&[Mark::Exists, Mark::Missing]) => {
            let words: Vec<PhraseWord> = owner.words.iter().chain(&field.words).cloned().collect();
            presence(context, &words, op)
        }
        [Item::Phrase(phrase), op] | [op, Item::Phrase(phrase)]
            if op.is_any(&[Mark::Exists, Mark::Missing]) =>
        {
            presence(context, &phrase.words, op)
        }
        // `it is on trial`
        [op, on, Item::Phrase(phrase)] if op.is_any(&[Mark::Equals, Mark::Differs]) && on.is(Mark::Of) => {
            truth(context, &phrase.words, &phrase.words, op.is(Mark::Equals))
        }
        [op, Item::Phrase(phrase)] if op.is_any(&[Mark::Equals, Mark::Differs]) => {
            truth(context, &phrase.words, &phrase.words, op.is(Mark::Equals))
        }
        // `the country DE`, `страна не RU`
        [Item::Phrase(owner), not, Item::Phrase(value)]
            if not.is(Mark::Not)
                && is_code(context, value)
                && of_code(context, owner, value, "!=").is_some() =>
        {
            of_code(context, owner, value, "!=").map(Ok)?
        }
        // `автобус не подтверждён`
        [Item::Phrase(owner), not, Item::Phrase(field)] if not.is(Mark::Not) => {
            truth(context, &owner.words, &field.words, false)
        }
        [Item::Phrase(phrase)] if coded(context, phrase).is_some() => coded(context, phrase).map(Ok)?,
        [Item::Phrase(phrase)] => truth(context, &phrase.words, &phrase.words, true),
        [not, Item::Phrase(phrase)] if not.is(Mark::Not) => {
            truth(context, &phrase.words, &phrase.words, false)
        }
        _ => return None,
    })
}

/// Whether a value is written as codes are: `DE`.
pub(super) fn is_code(context: &Context<'_>, value: &Phrase) -> bool {
    let said = &context.text[value.at.clone()];
    value.words.len() == 1
        && said.len() > 1
        && said.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
}

/// What is compared with a code: `the country is not DE`.
fn of_code(context: &Context<'_>, owner: &Phrase, value: &Phrase, sign: &str) -> Option<Condition> {
    let operand = operand(context, &owner.words).ok()??;
    let said = &context.text[value.at.clone()];
    operand
        .kind
        .starts_with("string")
        .then(|| Condition::Holds(format!("{} {sign} '{said}'", operand.expression)))
}

/// `the country DE`
fn coded(context: &Context<'_>, phrase: &Phrase) -> Option<Condition> {
    let (owner, value) = phrase.split(phrase.words.len().checked_sub(1).filter(|at| *at > 0)?);
    // `жанр jazz`
    let is_foreign = !is_russian(value.begin()) && owner.words.iter().all(|word| is_russian(&word.text));
    if is_code(context, &value) || is_foreign { of_code(context, &owner, &value, "==") } else { None }
}

/// `either A or B fails`
fn either_fails(context: &Context<'_>, items: &[Item]) -> Option<Vec<String>> {
    let (last, subject) = items.split_last().filter(|(last, _)| last.is(Mark::Fails))?;
    let _ = last;
    let parts: Vec<&[Item]> = subject.split(|item| item.is(Mark::Or)).collect();
    let task = |part: &&[Item]| match *part {
        [Item::Phrase(phrase)] => {
            let is_either =
                phrase.words.first().is_some_and(|word| word.text == "either") && phrase.words.len() > 1;
            context.present_task(&phrase.split(usize::from(is_either)).1).ok()
        }
        _ => None,
    };
    parts.iter().map(task).collect::<Option<Vec<_>>>().filter(|tasks| tasks.len() > 1)
}

/// `the inspection passed` where the result of the step says whether it is `passed`.
fn of_field(context: &Context<'_>, items: &[Item]) -> Option<Condition> {
    let (mark, subject) = match items {
        // `if it has passed the test`
        [mark, Item::Phrase(_)] if mark.is(Mark::Succeeds) => (mark, &items[1..]),
        items => items.split_last()?,
    };
    // `the driver was found` where the result says whether it is `found`
    let is_presence = mark.is_any(&[Mark::Exists, Mark::Missing]);
    if !is_presence && !mark.is_any(&[Mark::Succeeds, Mark::Fails]) {
        return None;
    }
    let text = context.text[mark.at().clone()].to_lowercase();
    let is_negative =
        ["not", "n't", "не"].iter().any(|not| text.split_whitespace().any(|word| word.ends_with(not)));
    let is_state = ["broken", "сломан", "сломана", "сломано"].iter().any(|state| text.ends_with(state));
    if mark.is(Mark::Fails) && !is_negative && !is_state {
        return None;
    }
    let said = WORDS.stems.of(text.rsplit(' ').next()?);
    let is_said = |name: &str| {
        let own = WORDS.stems.of(name);
        own == said || !(is_presence && subject.is_empty()) && context.names.are_same(&own, &said)
    };
    let tasks: Vec<&crate::vocabulary::Task> = match subject {
        [] => context.vocabulary.tasks.iter().collect(),
        // What was found tells which of the driver's tasks is meant.
        [Item::Phrase(phrase)] if is_presence || is_state => {
            let fits = |task: &&crate::vocabulary::Task| {
                context.names.meant_among(std::slice::from_ref(&task.id), &phrase.words).is_some()
            };
            context.vocabulary.tasks.iter().filter(fits).collect()
        }
        [Item::Phrase(phrase)] => vec![context.vocabulary.task(&context.maybe(phrase)?)?],
        _ => return None,
    };
    let fields = tasks.into_iter().flat_map(|task| {
        let fields = task.result.iter().filter(|field| field.kind == "bool" && is_said(&field.name));
        fields.map(move |field| format!("{}.{}", task.id, field.name))
    });
    match fields.collect::<Vec<_>>().as_slice() {
        [only] if is_negative => Some(Condition::Holds(format!("!{only}"))),
        [only] => Some(Condition::Holds(only.clone())),
        _ => None,
    }
}

/// `the payment failed`, `process_payment succeeded`.
fn of_step(context: &Context<'_>, items: &[Item]) -> Read<Option<Condition>> {
    let [Item::Phrase(phrase), mark] = items else { return Ok(None) };
    let Ok(task) = context.present_task(phrase) else {
        let is_outcome = mark.is_any(&[Mark::Fails, Mark::Succeeds]);
        return if is_outcome { context.task(phrase, &[]).map(|_| None) } else { Ok(None) };
    };
    Ok(if mark.is(Mark::Fails) {
        Some(Condition::Failed(vec![task]))
    } else if mark.is(Mark::Succeeds) || mark.is(Mark::Done) {
        Some(Condition::Succeeded(task))
    } else {
        None
    })
}

pub(super) fn comparison(item: &Item) -> Option<&'static str> {
    COMPARISONS.iter().find(|(mark, ..)| item.is(*mark)).map(|(_, sign, _)| *sign)
}

/// The error is a question, or nothing where no value has the name.
fn compared(
    context: &Context<'_>,
    phrase: &Phrase,
    op: &Item,
    rest: &[Item],
) -> Result<String, Option<super::Question>> {
    let mut sign = comparison(op).ok_or(None)?;
    let mut op = op;
    let (more, rest) = match rest {
        [next, rest @ ..] if comparison(next).is_some() && sign == "==" => {
            op = next;
            (comparison(next), rest)
        }
        rest => (None, rest),
    };
    sign = more.unwrap_or(sign);
    // `0.9 or better`
    let rest = match rest {
        [number @ Item::Number(..), bound]
            if sign == "==" && bound.is_any(&[Mark::AtLeast, Mark::AtMost]) =>
        {
            sign = comparison(bound).unwrap_or(sign);
            std::slice::from_ref(number)
        }
        rest => rest,
    };
    if let [Item::Phrase(value)] = rest
        && let Ok(Condition::Holds(text)) = truth(context, &phrase.words, &value.words, sign == "==")
        && matches!(sign, "==" | "!=")
    {
        return Ok(text);
    }
    let named = measured(context, &phrase.words, op).map_err(Some)?;
    // `the applicant is under 6 years`
    let is_age = matches!(rest, [_, Item::Phrase(unit)] if unit.words.iter().all(|word| YEARS.contains(&word.text.as_str())));
    let age = if named.is_none() && is_age { age(context, &phrase.words) } else { None };
    let operand = named.or(age).ok_or(None)?;
    let is_text = operand.kind.starts_with("string");
    let is_number = operand.kind.is_empty()
        || ["int", "float", "decimal"].iter().any(|kind| operand.kind.trim_end_matches('?') == *kind);
    let value = match rest {
        [Item::Number(..), ..] if !is_number => return Err(None),
        [Item::Number(text, _)] => text.clone(),
        [Item::Number(text, _), Item::Phrase(unit)]
            if unit.words.iter().all(|word| UNITS.contains(&word.text.as_str())) =>
        {
            text.clone()
        }
        [Item::Time(ms, _)] if is_number => in_unit(*ms, &operand.own).ok_or(None)?,
        [Item::Quoted(..)] if !is_text && !operand.kind.is_empty() => return Err(None),
        [Item::Quoted(text, _)] => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        [item] if item.is(Mark::True) => "true".to_owned(),
        [item] if item.is(Mark::False) => "false".to_owned(),
        [item] if item.is(Mark::Empty) && is_text => "''".to_owned(),
        [Item::Phrase(value)] => match self::operand(context, &value.words).map_err(Some)? {
            Some(other) if other.kind == operand.kind && is_scalar(&other.kind) => other.expression,
            Some(_) => return Err(None),
            None if is_text && !ends_with_step(context, value) => {
                format!("'{}'", context.text[value.at.clone()].replace('\'', "\\'"))
            }
            None => return Err(None),
        },
        _ => return Err(None),
    };
    Ok(format!("{} {sign} {value}", operand.expression))
}

/// `the country is Germany charge the card`: a text ends where a step begins.
fn ends_with_step(context: &Context<'_>, value: &Phrase) -> bool {
    value.words.len() > LONGEST
        || (1..value.words.len()).any(|at| context.maybe(&value.split(at).1).is_some())
}

/// The opposite of an expression.
pub(super) fn negated(expression: &str) -> String {
    if expression.contains("&&") || expression.contains("||") {
        return format!("!({expression})");
    }
    for (_, sign, opposite) in COMPARISONS {
        if let Some((left, right)) = expression.split_once(&format!(" {sign} ")) {
            return format!("{left} {opposite} {right}");
        }
    }
    expression.strip_prefix('!').map_or_else(|| format!("!{expression}"), str::to_owned)
}

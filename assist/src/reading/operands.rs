//! Values that a condition or an iteration may name: inputs, and fields of results.
//!
//! It knows names and types, not what is asked of a value.

use crate::data::Data;
use crate::items::{Item, Phrase, PhraseWord, alone};
use crate::names::Meant;
use crate::vocabulary::{Field, Task};
use crate::words::{Mark, WORDS, words_of};

use super::{Context, Read};

/// A value that can be named, and the expression for it.
pub(super) struct Operand {
    pub expression: String,
    pub owner: Vec<String>,
    /// Of an input: the things that the tasks which take it handle.
    of: Vec<String>,
    pub own: Vec<String>,
    pub kind: String,
}

/// What a comparative compares: the luggage that is `heavier` has a weight.
const MEASURES: [(&str, &[&str]); 26] = [
    ("тяжелее", &["weight", "kilograms"]),
    ("легче", &["weight", "kilograms"]),
    ("длиннее", &["length", "duration", "pages"]),
    ("короче", &["length", "duration", "pages"]),
    ("старше", &["age"]),
    ("моложе", &["age"]),
    ("горячее", &["temperature"]),
    ("холоднее", &["temperature"]),
    ("дороже", &["price", "amount", "cost", "total"]),
    ("дешевле", &["price", "amount", "cost", "total"]),
    ("heavier", &["weight", "kilograms"]),
    ("lighter", &["weight", "kilograms"]),
    ("weighs", &["weight", "kilograms"]),
    ("longer", &["length", "duration", "pages", "seconds", "minutes"]),
    ("shorter", &["length", "duration", "pages", "seconds", "minutes"]),
    ("older", &["age"]),
    ("younger", &["age"]),
    ("hotter", &["temperature"]),
    ("warmer", &["temperature"]),
    ("colder", &["temperature"]),
    ("cooler", &["temperature"]),
    ("cheaper", &["price", "amount", "cost", "total"]),
    ("costlier", &["price", "amount", "cost", "total"]),
    ("pricier", &["price", "amount", "cost", "total"]),
    ("bigger", &["size", "amount", "total"]),
    ("larger", &["size", "amount", "total"]),
];

/// The value that the words name, or the one of theirs that the comparison is about.
pub(super) fn measured(context: &Context<'_>, words: &[PhraseWord], op: &Item) -> Read<Option<Operand>> {
    let named = operand(context, words);
    if let Ok(Some(operand)) = &named {
        // `the luggage is over 23 kg` compares no luggage.
        let numbers = [Mark::Above, Mark::Below, Mark::AtLeast, Mark::AtMost];
        let is_number = operand.kind.is_empty() || is_number(&operand.kind);
        let said = context.text[op.at().clone()].to_lowercase();
        let is_measure = MEASURES.iter().any(|(word, _)| said.contains(word));
        if is_number || !is_measure || !op.is_any(&numbers) {
            return if !is_number && op.is_any(&numbers) {
                named.map(|found| only_number(context, words).or(found))
            } else {
                named
            };
        }
    }
    let named = if matches!(&named, Ok(Some(_))) { Ok(None) } else { named };
    let said = context.text[op.at().clone()].to_lowercase();
    let Some((_, names)) = MEASURES.iter().find(|(word, _)| said.contains(word)) else {
        return named.map(|found| found.or_else(|| only_number(context, words)));
    };
    let measure = |name: &&str| {
        let Phrase { words: mut measure, .. } = alone((*name).to_owned(), op.at().clone());
        measure.extend(words.iter().cloned());
        operand(context, &measure).ok().flatten()
    };
    let mut found: Vec<Operand> = names.iter().filter_map(measure).collect();
    found.dedup_by(|one, other| one.expression == other.expression);
    if found.len() == 1 { Ok(found.pop()) } else { named }
}

/// Whether a result is what its step took: such a step gives nothing new.
fn gives_back(context: &Context<'_>, operand: &Operand) -> bool {
    let (id, field) = operand.expression.split_once('.').unwrap_or_default();
    let task = context.vocabulary.task(id);
    task.is_some_and(|task| task.parameters.iter().any(|parameter| parameter.name == field))
}

/// How old somebody is, whoever that is called.
pub(super) fn age(context: &Context<'_>, words: &[PhraseWord]) -> Option<Operand> {
    let at = words.first()?.at.clone();
    operand(context, &alone("age".to_owned(), at).words).ok()?
}

/// `damages over 1000`: the one number that the task about the thing gives.
fn only_number(context: &Context<'_>, words: &[PhraseWord]) -> Option<Operand> {
    let is_about = |operand: &Operand| {
        let task = operand.expression.split('.').next().unwrap_or_default();
        is_number(&operand.kind)
            && !operand.owner.is_empty()
            && !gives_back(context, operand)
            && operand.own.last().is_none_or(|own| own != "id")
            && words.iter().all(|word| context.names.is_part(task, word) && !context.names.begins(&word.stem))
    };
    let mut found = operands(context).into_iter().filter(is_about);
    match found.next() {
        Some(operand) => found.next().is_none().then_some(operand),
        None => only_parameter(context, words),
    }
}

/// Inputs that say how much a task is about.
const AMOUNTS: [&str; 10] =
    ["amount", "total", "sum", "price", "cost", "value", "fee", "size", "quantity", "weight"];

/// `payments over 1000`: the one number that the task itself takes.
fn only_parameter(context: &Context<'_>, words: &[PhraseWord]) -> Option<Operand> {
    let Meant::Task(task) = context.names.meant(words, &[]) else { return None };
    let is_number = |field: &&Field| {
        matches!(field.kind.as_str(), "int" | "decimal" | "float")
            && words_of(&field.name).iter().any(|word| AMOUNTS.contains(&word.as_str()))
    };
    let mut numbers = context.vocabulary.task(&task)?.parameters.iter().filter(is_number);
    let number = numbers.next().filter(|_| numbers.next().is_none())?;
    let expression = format!("input.{}", number.name);
    operands(context).into_iter().find(|operand| operand.expression == expression)
}

/// Nouns that only stand for whatever has the property: `remote people`.
pub(super) const GENERIC: [&str; 14] = [
    "people", "person", "folks", "ones", "one", "guys", "things", "cases", "case", "those", "someone",
    "somebody", "anyone", "anybody",
];

/// Nouns that add nothing behind what they are of: `email address`.
const HEADS: [&str; 6] = ["address", "number", "value", "field", "адрес", "номер"];

/// The value that the words name; a question where there are several.
pub(super) fn operand(context: &Context<'_>, words: &[PhraseWord]) -> Read<Option<Operand>> {
    let found = named(context, words)?;
    match words {
        [of @ .., head] if found.is_none() && !of.is_empty() && HEADS.contains(&head.text.as_str()) => {
            named(context, of)
        }
        _ => Ok(found),
    }
}

fn named(context: &Context<'_>, words: &[PhraseWord]) -> Read<Option<Operand>> {
    let specific: Vec<PhraseWord> =
        words.iter().filter(|word| !GENERIC.contains(&word.text.as_str())).cloned().collect();
    let words = if specific.is_empty() { words } else { specific.as_slice() };
    let same = |one: &String, word: &PhraseWord| context.names.are_same(one, &word.stem);
    let mut found: Vec<Operand> = operands(context)
        .into_iter()
        .filter(|operand| {
            let named = operand.own.iter().all(|own| own == "is" || words.iter().any(|word| same(own, word)));
            let task = operand.expression.split('.').next().unwrap_or_default();
            let known = words.iter().all(|word| {
                operand.own.iter().chain(&operand.owner).chain(&operand.of).any(|own| same(own, word))
                    || !operand.owner.is_empty() && context.names.is_told(task, word)
            });
            named && known && !operand.own.is_empty()
        })
        .collect();
    // A name that is said letter by letter comes before one that means the same.
    let exact = |operand: &Operand| operand.own.iter().all(|own| words.iter().any(|word| word.stem == *own));
    if found.iter().any(exact) {
        found.retain(exact);
    }
    let longest = found.iter().map(|operand| operand.own.len()).max().unwrap_or_default();
    found.retain(|operand| operand.own.len() == longest);
    found.dedup_by(|one, other| one.expression == other.expression);
    // Without the name of a step, an input is meant, unless both mean the same only in other words.
    let is_input = |operand: &Operand| operand.owner.is_empty() && operand.own.len() >= words.len();
    // A value that can be compared comes before one that cannot.
    if found.iter().any(|operand| is_plain(&operand.kind)) {
        found.retain(|operand| is_plain(&operand.kind));
    }
    let is_declared = |operand: &Operand| {
        context.inputs.iter().any(|input| operand.expression == format!("input.{}", input.name))
    };
    // A result of the same name is as near as what another step would take.
    let is_rival = found
        .iter()
        .any(|operand| !operand.owner.is_empty() && exact(operand) && !gives_back(context, operand));
    let is_clear = found.iter().all(|operand| operand.owner.is_empty())
        || found.iter().any(|operand| exact(operand) && !is_rival || is_declared(operand));
    if is_clear
        && let [input] =
            found.iter().enumerate().filter(|(_, operand)| is_input(operand)).collect::<Vec<_>>()[..]
    {
        let at = input.0;
        return Ok(Some(found.swap_remove(at)));
    }
    // What a step of the text gives is nearer than what another might take.
    let is_mentioned = |operand: &Operand| {
        let task = operand.expression.split('.').next().unwrap_or_default();
        context.mentioned.iter().any(|mentioned| mentioned == task)
    };
    if found.iter().filter(|operand| is_mentioned(operand)).count() == 1 {
        found.retain(is_mentioned);
    }
    if found.len() > 1 {
        let all: Vec<String> = found.iter().map(|operand| format!("`{}`", operand.expression)).collect();
        let said = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        return context.ask(format!("\"{said}\" may be {}: which one is meant?", all.join(" or ")));
    }
    Ok(found.pop())
}

/// Inputs that are declared or that tasks ask for, and fields of results.
fn operands(context: &Context<'_>) -> Vec<Operand> {
    let stemmed = |name: &str| words_of(name).iter().map(|word| WORDS.stems.of(word)).collect::<Vec<_>>();
    let mut found: Vec<Operand> = Vec::new();
    let mut input = |field: &Field, of: Vec<String>| {
        let expression = format!("input.{}", field.name);
        match found.iter_mut().find(|operand| operand.expression == expression) {
            Some(known) => known.of.extend(of),
            None => found.push(Operand {
                expression,
                owner: Vec::new(),
                of,
                own: stemmed(&field.name),
                kind: field.kind.clone(),
            }),
        }
    };
    context.inputs.iter().for_each(|field| input(field, Vec::new()));
    let is_step = |task: &&Task| context.present.contains(&task.id) || context.mentioned.contains(&task.id);
    let steps = context.vocabulary.tasks.iter().filter(is_step);
    let given: Vec<(&str, &str)> = steps
        .flat_map(|task| task.result.iter().map(|field| (task.id.as_str(), field.name.as_str())))
        .collect();
    for task in &context.vocabulary.tasks {
        // What no step of a workflow takes is no input of it.
        if !context.present.is_empty()
            && !context.present.contains(&task.id)
            && !context.mentioned.contains(&task.id)
        {
            continue;
        }
        let things: Vec<String> = stemmed(&task.id).into_iter().skip(1).collect();
        // What another step gives under that name is taken from it.
        let is_given =
            |parameter: &&Field| given.iter().any(|(by, name)| *by != task.id && *name == parameter.name);
        for parameter in task.parameters.iter().filter(|parameter| !is_given(parameter)) {
            let is_it = |(of, name, _): &&(String, String, Data)| *of == task.id && *name == parameter.name;
            match context.bound.iter().find(is_it).map(|(_, _, value)| value) {
                None => input(parameter, things.clone()),
                // What a step takes from an input is that input.
                Some(value) => {
                    let name =
                        value.as_text().and_then(|text| text.strip_prefix("${input.")?.strip_suffix('}'));
                    let is_name =
                        |name: &&str| name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
                    if let Some(name) = name.filter(is_name) {
                        input(&Field { name: name.to_owned(), kind: parameter.kind.clone() }, things.clone());
                    }
                }
            }
        }
    }
    for task in &context.vocabulary.tasks {
        for field in task.result.iter().filter(|field| !field.name.is_empty()) {
            let expression = format!("{}.{}", task.id, field.name);
            let taken = task.parameters.iter().flat_map(|parameter| stemmed(&parameter.name));
            let owner = stemmed(&task.id).into_iter().chain(taken).collect();
            found.push(Operand {
                expression,
                owner,
                of: Vec::new(),
                own: stemmed(&field.name),
                kind: field.kind.clone(),
            });
        }
    }
    found
}

fn is_number(kind: &str) -> bool {
    matches!(kind.trim_end_matches('?'), "int" | "decimal" | "float")
}

fn is_plain(kind: &str) -> bool {
    kind.is_empty() || kind.starts_with("bool") || is_scalar(kind)
}

pub(super) fn is_scalar(kind: &str) -> bool {
    ["int", "float", "decimal", "string"].iter().any(|scalar| kind.trim_end_matches('?') == *scalar)
}

/// A list that the words name, for an iteration.
pub(super) fn list(context: &Context<'_>, words: &[PhraseWord]) -> Read<Option<(String, String)>> {
    let same = |one: &str, word: &PhraseWord| context.names.are_same(one, &word.stem);
    let mut lists: Vec<Operand> =
        operands(context).into_iter().filter(|operand| operand.kind.starts_with("list")).collect();
    lists.retain(|operand| {
        let said = operand.own.iter().any(|own| words.iter().any(|word| same(own, word)));
        let task = operand.expression.split('.').next().unwrap_or_default();
        let known = words.iter().all(|word| {
            operand.own.iter().chain(&operand.owner).any(|own| same(own, word))
                || !operand.owner.is_empty() && context.names.is_told(task, word)
        });
        said && known
    });
    match lists.as_slice() {
        [] => Ok(None),
        [list] => Ok(Some((list.expression.clone(), list.kind.clone()))),
        several => {
            let all: Vec<String> =
                several.iter().map(|operand| format!("`{}`", operand.expression)).collect();
            context.ask(format!("which list is meant: {}?", all.join(" or ")))
        }
    }
}

//! A second look at a sentence that was not understood: without one small word that may say nothing where it stands.
//!
//! It passes over words of closed classes alone, and only where every such reading comes to the same.

use crate::items::{Item, Phrase};
use crate::words::{Mark, is_telling};

use super::{Context, Read, Reading};

/// Items, and ways to read a sentence: longer ones are not looked at twice.
const LONGEST: usize = 48;
const MOST: usize = 12;

/// What a sentence that was not understood comes to without a small word, or as two changes.
pub(super) fn second_look(
    context: &Context<'_>,
    items: &[Item],
    before: &Reading,
    read: impl Fn(&[Item], &mut Reading) -> Read<()> + Copy,
) -> Option<Reading> {
    if items.len() > LONGEST {
        return None;
    }
    two_orders(items, before, read)
        .or_else(|| without_one(context, items, before, read))
        .or_else(|| two_changes(items, before, read))
}

/// What the sentence comes to without a small word, where that is clear.
fn without_one(
    context: &Context<'_>,
    items: &[Item],
    before: &Reading,
    read: impl Fn(&[Item], &mut Reading) -> Read<()>,
) -> Option<Reading> {
    let mut found: Option<Reading> = None;
    for shorter in shorter(context, items).into_iter().take(MOST) {
        let mut reading = before.clone();
        if read(&shorter, &mut reading).is_err() {
            continue;
        }
        let is_same = |other: &Reading| {
            other.flow == reading.flow && other.edits == reading.edits && other.is_set_alike(&reading)
        };
        if found.as_ref().is_some_and(|other| !is_same(other)) {
            return None;
        }
        found = Some(reading);
    }
    found
}

fn is_joint(item: &Item) -> bool {
    item.is(Mark::And) || matches!(item, Item::Comma(_))
}

/// `before A, B, and after A, C`: two orders of steps that share one.
fn two_orders(
    items: &[Item],
    before: &Reading,
    read: impl Fn(&[Item], &mut Reading) -> Read<()>,
) -> Option<Reading> {
    let is_order = |item: &Item| item.is_any(&[Mark::Before, Mark::After]);
    let both = |at: usize| {
        let (left, right) = (&items[..at], &items[at + 1..]);
        if !right.iter().any(is_order) || is_joint(right.first()?) {
            return None;
        }
        let mut alone = Reading::default();
        read(right, &mut alone).ok()?;
        let mut reading = before.clone();
        read(left, &mut reading).ok()?;
        let known = reading.flow.as_ref()?.calls().into_iter().map(str::to_owned).collect::<Vec<_>>();
        let is_shared =
            alone.flow.as_ref()?.calls().iter().filter(|call| known.iter().any(|task| task == *call)).count()
                == 1;
        read(right, &mut reading).ok()?;
        (is_shared && known.len() > 1).then_some(reading)
    };
    (1..items.len()).filter(|at| is_joint(&items[*at])).take(MOST).find_map(both)
}

/// Two changes in one sentence: `drop A and retry B twice`. Neither may be a step of its own.
fn two_changes(
    items: &[Item],
    before: &Reading,
    read: impl Fn(&[Item], &mut Reading) -> Read<()>,
) -> Option<Reading> {
    // What hangs on the other part is no change of its own.
    let hangs = |item: Option<&Item>| {
        item.is_some_and(|item| {
            item.is_any(&[Mark::EvenIf, Mark::Else, Mark::Unless, Mark::OnlyIf, Mark::Not])
        })
    };
    let joints = (1..items.len()).filter(|at| is_joint(&items[*at]) && !hangs(items.get(at + 1))).take(MOST);
    // A condition behind two changes may be one of both.
    let is_condition =
        |item: &Item| item.is_any(&[Mark::If, Mark::When, Mark::Unless, Mark::OnlyIf, Mark::Until]);
    let both = |at: usize| {
        let says = |part: &[Item]| {
            part.iter().any(|item| {
                matches!(item, Item::Phrase(_) | Item::Time(..) | Item::Number(..)) || item.is(Mark::All)
            })
        };
        if !says(&items[..at]) || !says(&items[at + 1..]) {
            return None;
        }
        if !items[..at].iter().any(is_condition) && items[at + 1..].iter().skip(1).any(is_condition) {
            return None;
        }
        let mut reading = before.clone();
        for part in [&items[..at], &items[at + 1..]] {
            let said = (reading.edits.len(), reading.settings.len());
            read(part, &mut reading).ok()?;
            if reading.flow != before.flow || said == (reading.edits.len(), reading.settings.len()) {
                return None;
            }
        }
        Some(reading)
    };
    joints.into_iter().find_map(both)
}

/// The sentence without one of its small words each.
fn shorter(context: &Context<'_>, items: &[Item]) -> Vec<Vec<Item>> {
    let without = |range: std::ops::Range<usize>| {
        let mut rest = items.to_vec();
        rest.drain(range);
        rest
    };
    let mut all = Vec::new();
    let mut is_condition = false;
    for at in 0..items.len() {
        is_condition |= items[at].is_any(&[Mark::If, Mark::When, Mark::Unless, Mark::OnlyIf, Mark::Until]);
        is_condition &= !matches!(items[at], Item::Comma(_));
        if is_condition {
            continue;
        }
        let next = items.get(at + 1);
        let is_value = next.is_some_and(|next| matches!(next, Item::Number(..) | Item::Time(..)));
        if is_small(context, &items[at]) && !is_value {
            all.push(without(at..at + 1));
        }
        if let (true, Some(Item::Phrase(phrase))) = (is_benign(context, &items[at]), next)
            && is_foreign(context, phrase)
        {
            all.push(without(at..at + 2));
        }
    }
    all
}

/// Whether all that an item says is of a closed class that orders nothing.
fn is_small(context: &Context<'_>, item: &Item) -> bool {
    const SMALL: [Mark; 7] =
        [Mark::Of, Mark::With, Mark::To, Mark::It, Mark::Them, Mark::Filler, Mark::Exists];
    let said = context.said(std::slice::from_ref(item)).to_lowercase();
    matches!(item, Item::Marks(marks, _) if marks.iter().all(|mark| SMALL.contains(mark)))
        && !is_telling(&said)
        && said.split_whitespace().count() == 1
}

fn is_benign(context: &Context<'_>, item: &Item) -> bool {
    let said = context.said(std::slice::from_ref(item)).to_lowercase();
    ["of", "for", "to", "from", "in", "on", "about", "у", "для", "от", "из"].contains(&said.as_str())
}

/// Whether a phrase has nothing of what the manifest speaks of, and nothing that always tells something.
fn is_foreign(context: &Context<'_>, phrase: &Phrase) -> bool {
    phrase.words.iter().all(|word| !context.names.knows(&word.stem) && !is_telling(&word.text))
}

//! What a step takes from another, as far as names and types say it.
//!
//! It knows parameters and results, not what the text says of them.

use crate::flow::Flow;
use crate::vocabulary::Task;
use crate::words::words_of;

use super::Context;

/// Of steps that are said to run at the same time, one that takes what another gives.
pub(super) fn between<'a>(context: &Context<'_>, flows: &'a [Flow]) -> Option<(&'a str, &'a str)> {
    let calls: Vec<&str> = flows.iter().flat_map(Flow::calls).collect();
    let later = |earlier: &'a str| {
        let takes = |later: &&&str| feeds(context, earlier, later);
        calls.iter().find(takes).map(|later| (earlier, *later))
    };
    calls.iter().find_map(|earlier| later(earlier))
}

/// Whether a parameter of one task is what the other gives.
pub(super) fn feeds(context: &Context<'_>, earlier: &str, later: &str) -> bool {
    let (Some(giver), Some(taker)) = (context.vocabulary.task(earlier), context.vocabulary.task(later))
    else {
        return false;
    };
    earlier != later
        && taker.parameters.iter().any(|wanted| gives(context, giver, &wanted.name, &wanted.kind))
}

/// `load_order` gives the `order`, and a result with a list of offers the `offer`.
fn gives(context: &Context<'_>, giver: &Task, name: &str, kind: &str) -> bool {
    let is_own_input = giver.parameters.iter().any(|own| own.name == name && own.kind == kind);
    let is_class = kind.starts_with(char::is_uppercase);
    // `upload_clip` makes the clip that it does not take.
    let is_maker = !giver.parameters.iter().any(|own| own.kind == kind);
    let is_named = (is_maker || context.names.reads(&giver.id))
        && words_of(&giver.id).last().is_some_and(|last| last == name || format!("{name}s") == *last);
    !is_own_input
        && is_class
        && (is_named
            || giver.result.iter().any(|field| field.kind == kind || field.kind == format!("list<{kind}>")))
}

//! Numbers within the bounds that make sense.
//!
//! It knows bounds, not what is counted.

use conductor_source::{Diagnostic, Edit, Safety};
use conductor_syntax::{Entry, Kind};

use super::{Context, OUT_OF_RANGE, value, words};
use crate::Spanned;
use crate::policy::Retries;

/// More retries than this are `forever`, which must be written.
const MOST_RETRIES: u32 = 100_000;
const MOST_BRANCHES: u32 = 100_000;
const LARGEST_MULTIPLIER: f64 = 1_000.0;

pub(super) fn retries(context: &mut Context, entry: &Entry) -> Option<Spanned<Retries>> {
    if let Kind::String(scalar) = &entry.value.kind {
        if let Ok(number) = scalar.text.trim().parse::<u32>() {
            quoted(context, entry, number);
            return None;
        }
        return words::choice(context, entry, &[("forever", Retries::Forever)]);
    }
    let times = whole(context, entry, 0, MOST_RETRIES, "a number of retries, or `forever`")?;
    Some(Spanned::new(Retries::Times(times.value), times.span))
}

pub(super) fn max_concurrency(context: &mut Context, entry: &Entry) -> Option<Spanned<u32>> {
    whole(context, entry, 1, MOST_BRANCHES, "a number of branches")
}

pub(super) fn multiplier(context: &mut Context, entry: &Entry) -> Option<Spanned<f64>> {
    let span = entry.value.span;
    let number = match entry.value.kind {
        #[expect(clippy::cast_precision_loss, reason = "what is not exact is far out of range")]
        Kind::Int(number) => number as f64,
        Kind::Float { value, .. } => value,
        _ => {
            value::wrong_kind(context, &entry.value, entry.key.span, "a number");
            return None;
        }
    };
    if (1.0..=LARGEST_MULTIPLIER).contains(&number) {
        return Some(Spanned::new(number, span));
    }
    let message = format!("`multiplier` must be between 1 and {LARGEST_MULTIPLIER}");
    context.report(Diagnostic::error(OUT_OF_RANGE, message, span, ""));
    None
}

fn whole(
    context: &mut Context,
    entry: &Entry,
    least: u32,
    most: u32,
    expected: &str,
) -> Option<Spanned<u32>> {
    let span = entry.value.span;
    let Kind::Int(number) = entry.value.kind else {
        value::wrong_kind(context, &entry.value, entry.key.span, expected);
        return None;
    };
    match u32::try_from(number) {
        Ok(number) if (least..=most).contains(&number) => return Some(Spanned::new(number, span)),
        _ => {}
    }
    let message = format!("`{}` must be between {least} and {most}", entry.key.text);
    let mut diagnostic = Diagnostic::error(OUT_OF_RANGE, message, span, "");
    if entry.key.text == "retries" && number > 0 {
        diagnostic = diagnostic
            .help(format!("retrying without end is written `{}`", context.syntax.pair("retries", "forever")));
    }
    context.report(diagnostic);
    None
}

fn quoted(context: &mut Context, entry: &Entry, number: u32) {
    let span = entry.value.span;
    let edit = Edit { span, text: number.to_string() };
    let message = "expected a number of retries, found a string";
    context.report(Diagnostic::error(super::WRONG_KIND, message, span, "this is a string").fix(
        "remove the quotes",
        Safety::Safe,
        vec![edit],
    ));
}

//! Numbers within the bounds that make sense.
//!
//! It knows bounds, not what is counted.

use conductor_source::{Diagnostic, Edit, Safety};
use conductor_syntax::{Entry, Kind};

use super::{Context, OUT_OF_RANGE, value, words};
use crate::Spanned;
use crate::policy::Retries;

/// More retries than this are `forever`, which must be written.
pub(crate) const MOST_RETRIES: u32 = 100_000;
/// More than this of anything is a mistake in a number.
pub(crate) const MOST: u32 = 1_000_000;
pub(crate) const LAST_PORT: u32 = 65_535;
pub(crate) const LARGEST_MULTIPLIER: f64 = 1_000.0;

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

/// How many of something there are, at least one.
pub(super) fn count(context: &mut Context, entry: &Entry, expected: &str) -> Option<Spanned<u32>> {
    whole(context, entry, 1, MOST, expected)
}

/// How many of something there are, perhaps none.
pub(super) fn count_from_zero(context: &mut Context, entry: &Entry, expected: &str) -> Option<Spanned<u32>> {
    whole(context, entry, 0, MOST, expected)
}

/// A port of TCP.
pub(super) fn port(context: &mut Context, entry: &Entry) -> Option<Spanned<u32>> {
    whole(context, entry, 1, LAST_PORT, "a port: a number from 1 to 65535")
}

/// A share, above 0 and at most 1.
pub(super) fn share(context: &mut Context, entry: &Entry) -> Option<Spanned<f64>> {
    let number = real(context, entry, "a number above 0 and at most 1")?;
    if number.value > 0.0 && number.value <= 1.0 {
        return Some(number);
    }
    let message = format!("`{}` must be above 0 and at most 1", entry.key.text);
    let mut diagnostic = Diagnostic::error(OUT_OF_RANGE, message, number.span, "");
    if number.value > 1.0 && number.value <= 100.0 {
        diagnostic =
            diagnostic.help(format!("{} percent is written `{}`", number.value, number.value / 100.0));
    }
    context.report(diagnostic);
    None
}

pub(super) fn multiplier(context: &mut Context, entry: &Entry) -> Option<Spanned<f64>> {
    let number = real(context, entry, "a number")?;
    if (1.0..=LARGEST_MULTIPLIER).contains(&number.value) {
        return Some(number);
    }
    let message = format!("`multiplier` must be between 1 and {LARGEST_MULTIPLIER}");
    context.report(Diagnostic::error(OUT_OF_RANGE, message, number.span, ""));
    None
}

fn real(context: &mut Context, entry: &Entry, expected: &str) -> Option<Spanned<f64>> {
    let number = match entry.value.kind {
        #[expect(clippy::cast_precision_loss, reason = "what is not exact is far out of range")]
        Kind::Int(number) => number as f64,
        Kind::Float { value, .. } => value,
        _ => {
            value::wrong_kind(context, &entry.value, entry.key.span, expected);
            return None;
        }
    };
    Some(Spanned::new(number, entry.value.span))
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

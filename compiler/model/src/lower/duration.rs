//! Durations: `timeout: 500ms`, or `timeout_ms: 500`.
//!
//! It knows milliseconds, not what waits for them.

use conductor_source::{Diagnostic, Edit, Safety, Span};
use conductor_syntax::{Entry, Kind};

use super::fields::Fields;
use super::{BAD_DURATION, Context, GIVEN_TWICE, OUT_OF_RANGE, value as values};
use crate::Spanned;

/// The longest duration: a hundred years.
const LONGEST_MS: u64 = 100 * 365 * 24 * 3_600_000;
pub(crate) const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// The duration under `key` or `key_ms`, in milliseconds. `shortest` is the least that makes sense.
pub(super) fn field(
    context: &mut Context,
    fields: &Fields,
    key: &str,
    shortest: u64,
) -> Option<Spanned<u64>> {
    let (plain, in_ms) = (fields.get(key), fields.get(&format!("{key}_ms")));
    if let (Some(plain), Some(in_ms)) = (plain, in_ms) {
        let message = format!("`{key}` and `{key}_ms` say the same thing twice");
        context.report(
            Diagnostic::error(GIVEN_TWICE, message, in_ms.key.span, "here again")
                .label(plain.key.span, "first here")
                .help("keep one of the two"),
        );
        return None;
    }
    let read = match (plain, in_ms) {
        (Some(entry), _) => with_unit(context, entry),
        (None, Some(entry)) => milliseconds(context, entry, key),
        (None, None) => None,
    }?;
    bounded(context, read, key, shortest)
}

/// The duration that stands under a key of its own, in milliseconds.
pub(super) fn value(context: &mut Context, entry: &Entry, shortest: u64) -> Option<Spanned<u64>> {
    let read = with_unit(context, entry)?;
    bounded(context, read, &entry.key.text, shortest)
}

fn bounded(context: &mut Context, read: Spanned<u64>, key: &str, shortest: u64) -> Option<Spanned<u64>> {
    let what = if read.value < shortest {
        format!("`{key}` must be longer than nothing")
    } else if read.value > LONGEST_MS {
        format!("`{key}` is longer than a hundred years")
    } else {
        return Some(read);
    };
    context.report(Diagnostic::error(OUT_OF_RANGE, what, read.span, ""));
    None
}

fn milliseconds(context: &mut Context, entry: &Entry, key: &str) -> Option<Spanned<u64>> {
    let span = entry.value.span;
    match &entry.value.kind {
        Kind::Int(number) if *number >= 0 => return Some(Spanned::new(number.unsigned_abs(), span)),
        Kind::Int(_) => context.report(negative(&entry.key.text, span)),
        Kind::String(scalar) if parse(&scalar.text).is_some() => {
            let message = format!("`{}` takes a number of milliseconds, without a unit", entry.key.text);
            let edit = Edit { span: entry.key.span, text: key.to_owned() };
            context.report(Diagnostic::error(BAD_DURATION, message, span, "this has a unit").fix(
                format!("use `{key}`, which takes a unit"),
                Safety::Safe,
                vec![edit],
            ));
        }
        _ => values::wrong_kind(context, &entry.value, entry.key.span, "a whole number of milliseconds"),
    }
    None
}

fn with_unit(context: &mut Context, entry: &Entry) -> Option<Spanned<u64>> {
    let span = entry.value.span;
    let number = match &entry.value.kind {
        Kind::String(scalar) => {
            if let Some(milliseconds) = parse(&scalar.text) {
                return Some(Spanned::new(milliseconds, span));
            }
            let message = format!("`{}` is no duration", scalar.text);
            let help = "a duration is a number with a unit: 500ms, 2s, 5m or 1h";
            context.report(Diagnostic::error(BAD_DURATION, message, span, "").help(help));
            return None;
        }
        Kind::Int(number) if *number < 0 => {
            context.report(negative(&entry.key.text, span));
            return None;
        }
        Kind::Int(number) => number.to_string(),
        Kind::Float { text, .. } => text.clone(),
        _ => {
            values::wrong_kind(
                context,
                &entry.value,
                entry.key.span,
                "a duration, such as 500ms, 2s, 5m or 1h",
            );
            return None;
        }
    };
    let message = "a duration needs a unit";
    let syntax = context.syntax;
    let edit = |unit: &str| vec![Edit { span, text: syntax.word(&format!("{number}{unit}")) }];
    context.report(
        Diagnostic::error(BAD_DURATION, message, span, "milliseconds? seconds?")
            .fix(format!("milliseconds: `{number}ms`"), Safety::Unsafe, edit("ms"))
            .fix(format!("seconds: `{number}s`"), Safety::Unsafe, edit("s")),
    );
    None
}

fn negative(key: &str, span: Span) -> Diagnostic {
    Diagnostic::error(OUT_OF_RANGE, format!("`{key}` cannot be negative"), span, "")
}

/// Milliseconds of a number with a unit; `None` where it is none. What is too large is [`u64::MAX`].
fn parse(text: &str) -> Option<u64> {
    let digits =
        text.len() - text.trim_start_matches(|digit: char| digit.is_ascii_digit() || digit == '.').len();
    let (number, unit) = (&text[..digits], text[digits..].trim_start());
    let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
    if let Ok(whole) = number.parse::<u64>() {
        return Some(whole.saturating_mul(*scale));
    }
    let value: f64 = number.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
    #[expect(clippy::cast_precision_loss, reason = "a unit has few digits")]
    let milliseconds = (value * *scale as f64).round() as u64;
    Some(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn units_and_fractions() {
        assert_eq!(parse("500ms"), Some(500));
        assert_eq!(parse("1.5s"), Some(1500));
        assert_eq!(parse("2 m"), Some(120_000));
        assert_eq!(parse("1h"), Some(3_600_000));
        assert_eq!(parse("99999999999999999999s"), Some(u64::MAX));
        for text in ["", "s", "5", "5d", "-1s", "1.2.3s", "1s2", "ms5", ".s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

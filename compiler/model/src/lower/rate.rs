//! Rates: `rate_limit: 100/s`.
//!
//! It knows permits and milliseconds, not what is limited.

use conductor_protocol::plan::Rate;
use conductor_source::{Diagnostic, Edit, Safety};
use conductor_syntax::{Entry, Kind};

use super::{BAD_RATE, Context, value};
use crate::Spanned;

pub(crate) const UNITS: &[(&str, u64)] = &[("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

pub(super) fn rate(context: &mut Context, entry: &Entry) -> Option<Spanned<Rate>> {
    let span = entry.value.span;
    let finding = match &entry.value.kind {
        Kind::String(scalar) => match parse(&scalar.text) {
            Some(rate) => return Some(Spanned::new(rate, span)),
            None => Diagnostic::error(BAD_RATE, format!("`{}` is no rate", scalar.text), span, ""),
        },
        Kind::Int(number) if *number > 0 => {
            let per_second = context.syntax.word(&format!("{number}/s"));
            Diagnostic::error(BAD_RATE, "a rate needs a unit", span, "in what time?").fix(
                format!("a second: `{number}/s`"),
                Safety::Unsafe,
                vec![Edit { span, text: per_second }],
            )
        }
        _ => {
            value::wrong_kind(context, &entry.value, entry.key.span, "a rate, such as 100/s");
            return None;
        }
    };
    context.report(finding.help("a rate is a whole number above 0 and a time: 100/s, 20/m or 500/h"));
    None
}

fn parse(text: &str) -> Option<Rate> {
    let (number, unit) = text.split_once('/')?;
    let (_, per_ms) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    let permits = number.trim().parse().ok().filter(|permits| *permits > 0)?;
    Some(Rate { permits, per_ms: *per_ms })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_and_times() {
        let read = |text| parse(text).map(|rate| (rate.permits, rate.per_ms));
        assert_eq!(read("100/s"), Some((100, 1_000)));
        assert_eq!(read("20 / m"), Some((20, 60_000)));
        for text in ["", "100", "/s", "0/s", "-1/s", "1.5/s", "100/d", "100/s/s", "99999999999/s"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}

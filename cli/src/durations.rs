//! Lengths of time as arguments: `30d`, `12h`, `90s`, `1h 30m`.
//!
//! It knows no argument. Those of manifests are read by `conductor_model`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// A length of time; a day has 24 hours, and months have no length.
pub fn parse(given: &str) -> Result<Duration, String> {
    let wrong = || "write a length of time: 30d, 12h, 90s".to_owned();
    let span: Span = given.parse().map_err(|_| wrong())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(length).map_err(|_| "a length of time is not below zero".to_owned())
}

/// As [`parse`], or `forever`.
pub fn parse_or_forever(given: &str) -> Result<Option<Duration>, String> {
    match given {
        "forever" => Ok(None),
        given => parse(given).map(Some).map_err(|why| format!("{why}, or forever")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{parse, parse_or_forever};

    #[test]
    fn days_hours_and_forever() {
        assert_eq!(parse("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert_eq!(parse("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("2w"), Ok(Duration::from_secs(14 * 86_400)));
        assert_eq!(parse_or_forever("forever"), Ok(None));
        for wrong in ["", "30", "3mo", "1y", "-1d", "soon"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

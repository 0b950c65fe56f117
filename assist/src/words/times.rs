//! Durations in words: `2 seconds`, `half an hour`, `полторы минуты`.
//!
//! It knows units, not what lasts so long.

use super::{Token, TokenKind, duration_unit, number};

/// `2 seconds`, `500ms`, `half a second`, `a minute`.
pub(crate) fn time(tokens: &[Token], at: usize) -> Option<(usize, u64)> {
    let word = |at: usize| match tokens.get(at).map(|token| &token.kind) {
        Some(TokenKind::Word(word)) => Some(word.as_str()),
        _ => None,
    };
    if matches!(word(at), Some("half")) && matches!(word(at + 1), Some("a" | "an")) {
        return duration_unit(word(at + 2)?).map(|(ms, _)| (3, ms / 2));
    }
    // `a half-second pause`
    if word(at) == Some("half")
        && let Some((ms, _)) = word(at + 1).and_then(duration_unit)
    {
        return Some((2, ms / 2));
    }
    if let (Some(count), Some("суток")) = (word(at).and_then(days), word(at + 1)) {
        return Some((2, count * 86_400_000));
    }
    match word(at) {
        Some(unit @ ("секунду" | "минуту" | "час" | "день" | "сутки" | "неделю")) =>
        {
            return duration_unit(unit).map(|(ms, _)| (1, ms));
        }
        Some("полторы" | "полтора") => {
            return duration_unit(word(at + 1)?).map(|(ms, _)| (2, lasting(1.5, ms)));
        }
        Some("полсекунды") => return Some((1, 500)),
        Some("полминуты") => return Some((1, 30_000)),
        Some("полчаса") => return Some((1, 1_800_000)),
        _ => {}
    }
    let is_every =
        at > 0 && matches!(word(at - 1), Some("every" | "each" | "более" | "больше" | "дольше" | "позже"));
    if let Some((ms, _)) = word(at).filter(|_| is_every).and_then(duration_unit) {
        return Some((1, ms));
    }
    let count = match &tokens.get(at)?.kind {
        TokenKind::Number(text) => text.parse::<f64>().ok()?,
        #[expect(clippy::cast_precision_loss, reason = "numbers in words are small")]
        TokenKind::Word(text) => match number(text) {
            Some(count) => count as f64,
            None if text == "an" => 1.0,
            None => return None,
        },
        _ => return None,
    };
    // `трижды с паузой`
    let is_digits = matches!(tokens[at].kind, TokenKind::Number(_));
    if !is_digits && matches!(word(at + 1), Some("с" | "м" | "ч")) {
        return None;
    }
    // `two and a half hours`
    if matches!((word(at + 1), word(at + 2), word(at + 3)), (Some("and"), Some("a" | "an"), Some("half"))) {
        let (ms, _) = duration_unit(word(at + 4)?)?;
        return Some((5, lasting(count + 0.5, ms)));
    }
    let (ms, _) = duration_unit(word(at + 1)?)?;
    Some((2, lasting(count, ms)))
}

/// `двое суток`
fn days(word: &str) -> Option<u64> {
    const DAYS: [&str; 4] = ["двое", "трое", "четверо", "пятеро"];
    let at = DAYS.iter().position(|days| *days == word)?;
    u64::try_from(at + 2).ok()
}

/// The milliseconds of so many units.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn lasting(count: f64, ms: u64) -> u64 {
    (count * ms as f64).round() as u64
}

#[cfg(test)]
mod tests {
    use super::time;
    use crate::words::tokens;

    #[test]
    fn fractions_of_units_lose_nothing() {
        let milliseconds = |text: &str| time(&tokens(text), 0).map(|(_, ms)| ms);
        assert_eq!(milliseconds("0.1 seconds"), Some(100));
        assert_eq!(milliseconds("1.001 s"), Some(1_001));
        assert_eq!(milliseconds("two and a half hours"), Some(9_000_000));
        assert_eq!(milliseconds("полторы минуты"), Some(90_000));
    }
}

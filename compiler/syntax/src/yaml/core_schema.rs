//! What an unquoted scalar means in YAML 1.2's core schema (section 10.3.2 of the specification).
//!
//! It knows no spans: `yes`, `no`, `on` and dates are strings here, as in the schema.

use crate::tree::Kind;

/// The value of a plain scalar, or `None` where it is a string.
pub(crate) fn resolve(text: &str) -> Option<Kind> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Kind::Null),
        "true" | "True" | "TRUE" => return Some(Kind::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Kind::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => return Some(float(f64::NAN, text)),
        _ => {}
    }
    integer(text).or_else(|| special_or_decimal(text))
}

fn integer(text: &str) -> Option<Kind> {
    let (radix, digits) = match text.as_bytes() {
        [b'0', b'o', ..] => (8, &text[2..]),
        [b'0', b'x', ..] => (16, &text[2..]),
        _ => (10, text),
    };
    let bare = if radix == 10 { digits.strip_prefix(['-', '+']).unwrap_or(digits) } else { digits };
    if bare.is_empty() || !bare.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    match i64::from_str_radix(digits, radix) {
        Ok(value) => Some(Kind::Int(value)),
        Err(_) if radix == 10 => Some(float(digits.parse().unwrap_or(f64::INFINITY), text)),
        Err(_) => Some(float(f64::INFINITY, text)),
    }
}

fn special_or_decimal(text: &str) -> Option<Kind> {
    let (sign, bare) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if matches!(bare, ".inf" | ".Inf" | ".INF") {
        return Some(float(sign * f64::INFINITY, text));
    }
    // [0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)? with at least one digit before the exponent.
    let (mantissa, exponent) = match bare.find(['e', 'E']) {
        Some(at) => (&bare[..at], Some(&bare[at + 1..])),
        None => (bare, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if let Some(exponent) = exponent {
        let bare = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if bare.is_empty() || !digits(bare) {
            return None;
        }
    }
    bare.parse::<f64>().ok().map(|value| float(sign * value, text))
}

fn float(value: f64, text: &str) -> Kind {
    Kind::Float { value, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::tree::Kind;

    #[test]
    fn strings_stay_strings() {
        for text in
            ["yes", "no", "on", "off", "y", "1_000", "0b1", "1e", ".", "-", "+", "e5", "12:30", "2001-01-01"]
        {
            assert_eq!(resolve(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_of_every_spelling() {
        assert_eq!(resolve("-12"), Some(Kind::Int(-12)));
        assert_eq!(resolve("+7"), Some(Kind::Int(7)));
        assert_eq!(resolve("0o17"), Some(Kind::Int(15)));
        assert_eq!(resolve("0xfF"), Some(Kind::Int(255)));
        assert_eq!(resolve("010"), Some(Kind::Int(10)), "no octal by a leading zero");
        for (text, value) in
            [("1.", 1.0), (".5", 0.5), ("-1.5e-1", -0.15), ("1E3", 1000.0), ("-.INF", f64::NEG_INFINITY)]
        {
            assert_eq!(resolve(text), Some(Kind::Float { value, text: text.to_owned() }), "{text}");
        }
        let big = "9223372036854775808";
        assert!(matches!(resolve(big), Some(Kind::Float { text, .. }) if text == big));
    }
}

//! Decimals of a manifest: exact digits, rounded half to even to 34 of them where an operation makes more.
//!
//! It knows the arithmetic of the General Decimal Arithmetic specification, not where a decimal comes from.

use std::cmp::Ordering;
use std::fmt;

use super::digits::{compare, length, minus, plus, quotient, shifted, shown, times, trimmed};

/// Digits that an operation keeps: those of IEEE 754's decimal128, and of the generated code.
const PRECISION: usize = 34;
/// The largest exponent of a number in scientific notation, and the smallest.
const MAX_EXPONENT: i64 = 999_999;
/// The exponent of the smallest digit that is kept.
const LAST_PLACE: i64 = -MAX_EXPONENT - 33;
/// Digits of a number that is read.
pub(crate) const MAX_DIGITS: usize = 1000;

/// A finite decimal. `0.10` and `0.1` are equal, but not spelled alike.
#[derive(Debug, Clone)]
pub struct Decimal {
    negative: bool,
    /// The most significant digit first, without leading zeros; none is zero.
    digits: Vec<u8>,
    exponent: i64,
}

/// How a number becomes whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    Ceiling,
    Floor,
    /// Halves go away from zero.
    Half,
    HalfEven,
    Truncate,
}

impl Decimal {
    /// Digits with an optional point and exponent: `-1.50e3`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, rest) = match text.strip_prefix(['-', '+']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let after_sign = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        let well_formed = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if all.is_empty() || all.len() > MAX_DIGITS || !all.iter().all(u8::is_ascii_digit) {
            return None;
        }
        if !well_formed(after_sign) || after_sign.len() > 9 {
            return None;
        }
        let exponent = exponent.parse::<i64>().ok()? - i64::try_from(fraction.len()).ok()?;
        let number =
            Decimal { negative, digits: trimmed(all.iter().map(|byte| byte - b'0').collect()), exponent };
        (number.adjusted().abs() <= MAX_EXPONENT).then_some(number)
    }

    /// The number that the shortest spelling of a double stands for; none where it is not finite.
    pub(crate) fn of_double(number: f64) -> Option<Decimal> {
        if !number.is_finite() {
            return None;
        }
        let scientific = format!("{number:e}");
        let exponent: i32 = scientific.split_once('e')?.1.parse().ok()?;
        if (-4..16).contains(&exponent) {
            let plain = format!("{number:?}");
            return Decimal::parse(&plain);
        }
        Decimal::parse(&scientific)
    }

    pub(crate) fn of_int(number: i64) -> Decimal {
        let digits = number.unsigned_abs().to_string().bytes().map(|byte| byte - b'0').collect();
        Decimal { negative: number < 0, digits: trimmed(digits), exponent: 0 }
    }

    /// The exponent of the first digit.
    fn adjusted(&self) -> i64 {
        self.exponent + length(&self.digits).max(1) - 1
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub(crate) fn digits(&self) -> usize {
        self.digits.len()
    }

    pub(crate) fn double(&self) -> f64 {
        format!("{}{}e{}", if self.negative { "-" } else { "" }, shown(&self.digits), self.exponent)
            .parse()
            .unwrap_or(f64::NAN)
    }

    /// Cut off after the point; none where it does not fit 64 bits.
    pub(crate) fn int(&self) -> Option<i64> {
        let whole = self.whole(Rounding::Truncate);
        if whole.is_zero() {
            return Some(0);
        }
        if whole.adjusted() > 20 {
            return None;
        }
        let zeros = usize::try_from(whole.exponent).ok()?;
        let text = format!("{}{}", shown(&whole.digits), "0".repeat(zeros));
        let magnitude = text.parse::<i128>().ok()?;
        i64::try_from(if whole.negative { -magnitude } else { magnitude }).ok()
    }

    #[must_use]
    pub(crate) fn negated(&self) -> Decimal {
        // Zero minus the number: zero has no sign then, and what is too long is rounded.
        Decimal { negative: !self.negative && !self.is_zero(), ..self.clone() }.fixed_or_same()
    }

    #[must_use]
    pub(crate) fn abs(&self) -> Decimal {
        Decimal { negative: false, ..self.clone() }.fixed_or_same()
    }

    fn fixed_or_same(self) -> Decimal {
        let same = self.clone();
        self.fixed().unwrap_or(same)
    }

    /// -1, 0 or 1.
    pub(crate) fn sign(&self) -> i64 {
        match (self.is_zero(), self.negative) {
            (true, _) => 0,
            (_, true) => -1,
            _ => 1,
        }
    }

    /// The number without a fraction.
    #[must_use]
    pub(crate) fn whole(&self, rounding: Rounding) -> Decimal {
        if self.exponent >= 0 {
            return self.clone();
        }
        self.to_exponent(0, rounding)
    }

    /// The number with `places` digits after the point, which an exponent far off leaves alone.
    pub(crate) fn with_places(&self, places: usize) -> Option<String> {
        if self.adjusted().abs() > 2000 {
            return None;
        }
        let exponent = -i64::try_from(places).ok()?;
        let fixed = self.to_exponent(exponent, Rounding::HalfEven);
        let text = format!("{:0>width$}", shown(&fixed.digits), width = places + 1);
        let (whole, fraction) = text.split_at(text.len() - places);
        let sign = if fixed.negative { "-" } else { "" };
        Some(if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
    }

    fn to_exponent(&self, exponent: i64, rounding: Rounding) -> Decimal {
        let drop = exponent - self.exponent;
        let digits = match usize::try_from(drop) {
            Ok(drop) => rounded(&self.digits, drop, self.negative, rounding),
            Err(_) if self.is_zero() => Vec::new(),
            Err(_) => shifted(&self.digits, usize::try_from(-drop).unwrap_or(0)),
        };
        Decimal { negative: self.negative, digits, exponent }
    }

    /// Rounded to the precision; an error where it is too large.
    fn fixed(mut self) -> Result<Decimal, String> {
        let surplus = self.digits.len().saturating_sub(PRECISION);
        let below = usize::try_from(LAST_PLACE - self.exponent).unwrap_or(0);
        let drop = surplus.max(below);
        if drop > 0 {
            self.digits = rounded(&self.digits, drop, self.negative, Rounding::HalfEven);
            self.exponent += i64::try_from(drop).unwrap_or(0);
            // 9.99... became 10.00...: one digit more, which is a zero.
            if self.digits.len() > PRECISION {
                self.digits.pop();
                self.exponent += 1;
            }
        }
        if self.is_zero() {
            self.exponent = self.exponent.clamp(LAST_PLACE, MAX_EXPONENT);
        }
        if self.adjusted() > MAX_EXPONENT {
            return Err("the decimal is too large".to_owned());
        }
        Ok(self)
    }

    pub(crate) fn add(&self, other: &Decimal) -> Result<Decimal, String> {
        if self.is_zero() || other.is_zero() {
            return self.plus_zero(other);
        }
        let (left, right) = aligned(self, other);
        let exponent = left.exponent;
        if left.negative == right.negative {
            return Decimal { negative: left.negative, digits: plus(&left.digits, &right.digits), exponent }
                .fixed();
        }
        let (larger, smaller) = match compare(&left.digits, &right.digits) {
            Ordering::Equal => return Decimal { negative: false, digits: Vec::new(), exponent }.fixed(),
            Ordering::Greater => (left, right),
            Ordering::Less => (right, left),
        };
        Decimal { negative: larger.negative, digits: minus(&larger.digits, &smaller.digits), exponent }
            .fixed()
    }

    /// A sum of which one side is zero: the other, with the smaller exponent as far as there is room.
    fn plus_zero(&self, other: &Decimal) -> Result<Decimal, String> {
        let exponent = self.exponent.min(other.exponent);
        let (kept, zero) = if self.is_zero() { (other, self) } else { (self, other) };
        if kept.is_zero() {
            return Decimal { negative: kept.negative && zero.negative, digits: Vec::new(), exponent }
                .fixed();
        }
        let room = i64::try_from(PRECISION).unwrap_or(0) + 1 - length(&kept.digits);
        let exponent = exponent.max(kept.exponent - room.max(0));
        kept.to_exponent(exponent, Rounding::HalfEven).fixed()
    }

    pub(crate) fn subtract(&self, other: &Decimal) -> Result<Decimal, String> {
        self.add(&Decimal { negative: !other.negative, ..other.clone() })
    }

    pub(crate) fn multiply(&self, other: &Decimal) -> Result<Decimal, String> {
        let digits = times(&self.digits, &other.digits);
        let exponent = self.exponent + other.exponent;
        Decimal { negative: self.negative != other.negative, digits, exponent }.fixed()
    }

    pub(crate) fn divide(&self, other: &Decimal) -> Result<Decimal, String> {
        if other.is_zero() {
            return Err("division by zero".to_owned());
        }
        let negative = self.negative != other.negative;
        let ideal = self.exponent - other.exponent;
        if self.is_zero() {
            return Decimal { negative, digits: Vec::new(), exponent: ideal }.fixed();
        }
        let shift = length(&other.digits) - length(&self.digits) + i64::try_from(PRECISION).unwrap_or(0) + 1;
        let mut exponent = ideal - shift;
        let places = usize::try_from(shift.abs()).unwrap_or(0);
        let (mut digits, rest) = if shift >= 0 {
            quotient(&shifted(&self.digits, places), &other.digits)
        } else {
            quotient(&self.digits, &shifted(&other.digits, places))
        };
        if !rest.is_empty() {
            // What is cut off must not look like a half or like nothing.
            if let Some(last) = digits.last_mut().filter(|last| **last % 5 == 0) {
                *last += 1;
            }
        }
        while rest.is_empty() && exponent < ideal && digits.last() == Some(&0) {
            digits.pop();
            exponent += 1;
        }
        Decimal { negative, digits, exponent }.fixed()
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        match self.sign().cmp(&other.sign()) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
        if self.is_zero() {
            return Ordering::Equal;
        }
        let magnitude = self.adjusted().cmp(&other.adjusted()).then_with(|| {
            let count = self.digits.len().max(other.digits.len());
            let padded = |digits: &[u8]| shifted(digits, count - digits.len());
            compare(&padded(&self.digits), &padded(&other.digits))
        });
        if self.negative { magnitude.reverse() } else { magnitude }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

/// As the specification has it: without an exponent where the number is neither large nor tiny.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = shown(&self.digits);
        let sign = if self.negative { "-" } else { "" };
        let adjusted = self.adjusted();
        if self.exponent <= 0 && adjusted >= -6 {
            let places = usize::try_from(-self.exponent).unwrap_or(0);
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            let point = if places == 0 { "" } else { "." };
            return write!(f, "{sign}{whole}{point}{fraction}");
        }
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        write!(f, "{sign}{first}{point}{rest}E{adjusted:+}")
    }
}

/// Both with the smaller exponent. What lies far below the last digit that counts becomes a one there.
fn aligned(left: &Decimal, right: &Decimal) -> (Decimal, Decimal) {
    if left.exponent < right.exponent {
        let (right, left) = aligned(right, left);
        return (left, right);
    }
    let room = (length(&left.digits) - i64::try_from(PRECISION).unwrap_or(0) - 2).min(-1);
    let last = left.exponent + room;
    let mut low = right.clone();
    if right.adjusted() < last {
        low = Decimal { negative: right.negative, digits: vec![1], exponent: last };
    }
    let places = usize::try_from(left.exponent - low.exponent).unwrap_or(0);
    let high = Decimal { digits: shifted(&left.digits, places), exponent: low.exponent, ..left.clone() };
    (high, low)
}

/// `digits` without the last `drop`, rounded.
fn rounded(digits: &[u8], drop: usize, negative: bool, rounding: Rounding) -> Vec<u8> {
    let keep = digits.len().saturating_sub(drop);
    // Where more is dropped than there is, what is dropped begins with zeros.
    let first = if drop > digits.len() { 0 } else { digits.get(keep).copied().unwrap_or(0) };
    let rest = digits[keep..].iter().skip(usize::from(drop <= digits.len())).any(|digit| *digit != 0);
    let exact = first == 0 && !rest;
    let odd = keep > 0 && digits[keep - 1] % 2 == 1;
    let up = match rounding {
        Rounding::Truncate => false,
        Rounding::Ceiling => !negative && !exact,
        Rounding::Floor => negative && !exact,
        Rounding::Half => first >= 5,
        Rounding::HalfEven => first > 5 || (first == 5 && (rest || odd)),
    };
    let kept = digits[..keep].to_vec();
    if up { plus(&kept, &[1]) } else { kept }
}

#[cfg(test)]
mod tests {
    use super::{Decimal, Rounding};

    fn of(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    /// Answers of Python's `decimal` with 34 digits.
    #[test]
    fn arithmetic_is_that_of_decimal128_precision() {
        let cases = [
            ("0.10", "+", "0.20", "0.30"),
            ("1E+3", "+", "1", "1001"),
            ("1", "-", "1.00", "0.00"),
            ("1E+40", "+", "1E-40", "1.000000000000000000000000000000000E+40"),
            ("1E+40", "-", "1E-40", "1.000000000000000000000000000000000E+40"),
            ("0", "+", "1E+40", "1.000000000000000000000000000000000E+40"),
            ("-0", "+", "-0.0", "-0.0"),
            ("1.5", "*", "2.00", "3.000"),
            ("-3", "*", "0", "-0"),
            ("1", "/", "3", "0.3333333333333333333333333333333333"),
            ("2", "/", "3", "0.6666666666666666666666666666666667"),
            ("10", "/", "2.50", "4"),
            ("1", "/", "8", "0.125"),
            ("0", "/", "0.003", "0E+3"),
            ("1E+10", "/", "2", "5E+9"),
            ("9999999999999999999999999999999999", "+", "1", "1.000000000000000000000000000000000E+34"),
            ("12345678901234567890123456789012345", "+", "0", "1.234567890123456789012345678901234E+34"),
        ];
        for (left, op, right, wanted) in cases {
            let (left, right) = (of(left), of(right));
            let result = match op {
                "+" => left.add(&right),
                "-" => left.subtract(&right),
                "*" => left.multiply(&right),
                _ => left.divide(&right),
            };
            assert_eq!(result.map(|number| number.to_string()), Ok(wanted.to_owned()), "{left} {op} {right}");
        }
        assert!(of("1").divide(&of("0")).is_err());
        assert!(of("9E+999999").multiply(&of("10")).is_err());
    }

    #[test]
    fn whole_numbers_and_places() {
        for (number, ceil, floor, half, cut) in
            [("2.5", "3", "2", "3", "2"), ("-2.5", "-2", "-3", "-3", "-2"), ("0.04", "1", "0", "0", "0")]
        {
            let number = of(number);
            let whole = |rounding| number.whole(rounding).to_string();
            assert_eq!(whole(Rounding::Ceiling), ceil);
            assert_eq!(whole(Rounding::Floor), floor);
            assert_eq!(whole(Rounding::Half), half);
            assert_eq!(whole(Rounding::Truncate), cut);
        }
        assert_eq!(of("2.345").with_places(2).as_deref(), Some("2.34"));
        assert_eq!(of("0.055").with_places(2).as_deref(), Some("0.06"));
        assert_eq!(of("-7").with_places(2).as_deref(), Some("-7.00"));
        assert_eq!(of("1E+3").with_places(0).as_deref(), Some("1000"));
    }

    #[test]
    fn spelling_and_conversions() {
        for text in ["0.10", "-0.0", "1E+3", "1E-7", "0.000001", "1.234E+25"] {
            assert_eq!(of(text).to_string(), text);
        }
        assert_eq!(of("-1.50e1").to_string(), "-15.0");
        assert_eq!(Decimal::of_double(1e22).map(|number| number.to_string()).as_deref(), Some("1E+22"));
        assert_eq!(Decimal::of_double(0.1).map(|number| number.to_string()).as_deref(), Some("0.1"));
        assert_eq!(of("9223372036854775807.9").int(), Some(i64::MAX));
        assert_eq!(of("9223372036854775808").int(), None);
        assert_eq!(of("-3.99").int(), Some(-3));
        for wrong in ["", ".", "1e", "e5", "1_0", " 1", "NaN", "1e99999999999", "--1", "1e1000000"] {
            assert!(Decimal::parse(wrong).is_none(), "{wrong}");
        }
        assert!(of("0.1") == of("0.100") && of("-1") < of("0.5") && of("10") > of("9.99"));
    }
}

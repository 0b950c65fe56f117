//! Likeness of names: the nearest one that exists, and snake case.
//!
//! It knows nothing of what is named.

pub use conductor_protocol::names::snake_case;

/// The known name that a person most likely meant by `wanted`, if one is near enough.
#[must_use]
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (wanted.chars().count() / 3).min(3);
    known
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(wanted.len()) <= 3)
        .map(|candidate| (strsim::osa_distance(wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `a`, `a and b`, `a, b and c`, each in backticks.
#[must_use]
pub fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_likely_names_are_offered() {
        assert_eq!(nearest("fetch_usr", ["fetch_user", "fetch_order"]), Some("fetch_user"));
        assert_eq!(nearest("retry_idempotent", ["retry_default", "fast_fail"]), None);
        assert_eq!(nearest("a", ["b", "abcdef"]), None);
    }
}

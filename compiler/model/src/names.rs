//! Likeness of names: the nearest one that exists, and snake case.
//!
//! It knows nothing of what is named.

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

/// `userId`, `UserID` and `user_id` as `user_id`.
#[must_use]
pub fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        if letter.is_uppercase() {
            let after_small = at > 0 && (letters[at - 1].is_lowercase() || letters[at - 1].is_numeric());
            let before_small = at > 0
                && letters[at - 1].is_uppercase()
                && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
            if after_small || before_small {
                snake.push('_');
            }
            snake.extend(letter.to_lowercase());
        } else {
            snake.push(*letter);
        }
    }
    snake
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
    use super::{nearest, snake_case};

    #[test]
    fn camel_case_becomes_snake_case() {
        for (given, wanted) in
            [("userId", "user_id"), ("UserID", "user_id"), ("HTTPCode", "http_code"), ("a1B", "a1_b")]
        {
            assert_eq!(snake_case(given), wanted);
        }
        assert_eq!(snake_case("user_id"), "user_id");
    }

    #[test]
    fn only_likely_names_are_offered() {
        assert_eq!(nearest("fetch_usr", ["fetch_user", "fetch_order"]), Some("fetch_user"));
        assert_eq!(nearest("retry_idempotent", ["retry_default", "fast_fail"]), None);
        assert_eq!(nearest("a", ["b", "abcdef"]), None);
    }
}

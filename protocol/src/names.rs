//! Snake case: the one form in which names of different languages are compared.
//!
//! It knows no language.

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

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn camel_case_becomes_snake_case() {
        for (given, wanted) in
            [("userId", "user_id"), ("UserID", "user_id"), ("HTTPCode", "http_code"), ("a1B", "a1_b")]
        {
            assert_eq!(snake_case(given), wanted);
        }
        assert_eq!(snake_case("user_id"), "user_id");
    }
}

//! Names for what a document names otherwise, or not at all.
//!
//! It knows identifiers, not what they stand for.

use std::collections::BTreeSet;

use conductor_model::names::snake_case;

/// `Page[User]` -> `Page_User`, `2fa` -> `_2fa`; what is an identifier stays.
pub fn identifier(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        match letter {
            letter if letter.is_ascii_alphanumeric() || letter == '_' => name.push(letter),
            _ if name.is_empty() || name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    // Underscores at the end are the text's own, or what stood there was none of a name.
    if !text.ends_with('_') {
        name.truncate(name.trim_end_matches('_').len());
    }
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// `get_user` -> `GetUser`
pub fn pascal(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    identifier(&words.map(capital).collect::<String>())
}

/// `GetUser`, `get-user` and `get_user_` -> `get_user`
pub fn snake(text: &str) -> String {
    let mut name = String::new();
    for letter in snake_case(&identifier(text)).chars() {
        if !(letter == '_' && name.ends_with('_')) {
            name.push(letter);
        }
    }
    name.trim_matches('_').to_owned()
}

/// The name, with a number where it is taken; then it is taken.
pub fn unique(taken: &mut BTreeSet<String>, name: &str) -> String {
    let mut candidate = name.to_owned();
    let mut number = 1;
    while !taken.insert(candidate.clone()) {
        number += 1;
        candidate = format!("{name}{number}");
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::{identifier, pascal, snake};

    #[test]
    fn spellings() {
        assert_eq!(identifier("Page[User]"), "Page_User");
        assert_eq!(identifier("X-Request-Id"), "X_Request_Id");
        assert_eq!(identifier("from_"), "from_");
        assert_eq!(identifier("2fa"), "_2fa");
        assert_eq!(identifier("[]"), "_");
        assert_eq!(pascal("get_user-by.id"), "GetUserById");
        assert_eq!(snake("getUserByID"), "get_user_by_id");
        assert_eq!(snake("HTTPStatus"), "http_status");
        assert_eq!(snake("get_user_users__user_id__get"), "get_user_users_user_id_get");
    }
}

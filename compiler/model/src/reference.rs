//! A `ref` in its parts: the scheme that says where it leads, and the path there.
//!
//! It does not know whether anything is there.

use std::borrow::Cow;

use conductor_protocol::plan::Language;

/// Where a ref says explicitly that it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// A function of the code.
    Code(Language),
    /// An operation of a resource of that kind.
    Grpc,
    Http,
    Container,
}

pub const SCHEMES: &[(&str, Scheme)] = &[
    ("py", Scheme::Code(Language::Python)),
    ("ts", Scheme::Code(Language::Typescript)),
    ("go", Scheme::Code(Language::Go)),
    ("rs", Scheme::Code(Language::Rust)),
    ("grpc", Scheme::Grpc),
    ("http", Scheme::Http),
    ("container", Scheme::Container),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// `None` where every place is searched.
    pub scheme: Option<Scheme>,
    pub path: &'a str,
}

/// The id of the resource that stands for an address: `localhost:50051` as `grpc_localhost_50051`.
fn implied_id(address: &str) -> String {
    let mut id = "grpc".to_owned();
    for part in address.split(['.', ':']) {
        id.push('_');
        for letter in part.chars() {
            match letter {
                'a'..='z' | '0'..='9' => id.push(letter),
                'A'..='Z' => id.push(letter.to_ascii_lowercase()),
                // Addresses that differ have ids that differ.
                other => id.push_str(&format!("_{:x}_", u32::from(other))),
            }
        }
    }
    id
}

impl<'a> Reference<'a> {
    #[must_use]
    pub fn parse(text: &'a str) -> Reference<'a> {
        let known = |word: &str| SCHEMES.iter().find(|(known, _)| *known == word).map(|(_, scheme)| *scheme);
        match text.split_once(':').and_then(|(word, path)| Some((known(word.trim())?, path))) {
            Some((scheme, path)) => Reference { scheme: Some(scheme), path: path.trim() },
            None => Reference { scheme: None, path: text.trim() },
        }
    }

    /// Whether a function of that language may be meant.
    #[must_use]
    pub fn may_be_of(&self, language: Language) -> bool {
        self.scheme.is_none_or(|scheme| scheme == Scheme::Code(language))
    }

    /// The id of a resource and the name of its operation, where the path has that form.
    #[must_use]
    pub fn operation(&self) -> Option<(Cow<'a, str>, &'a str)> {
        if matches!(self.scheme, Some(Scheme::Code(_))) {
            return None;
        }
        if let Some((address, method)) = self.server() {
            return Some((Cow::Owned(implied_id(address)), method));
        }
        self.path.split_once('.').map(|(id, operation)| (Cow::Borrowed(id), operation))
    }

    /// The address and the method of `grpc://host:port/full.Service/Method`, which needs no resource.
    #[must_use]
    pub fn server(&self) -> Option<(&'a str, &'a str)> {
        let path = self.path.strip_prefix("//").filter(|_| self.scheme == Some(Scheme::Grpc))?;
        path.split_once('/').filter(|(address, method)| !address.is_empty() && !method.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use conductor_protocol::plan::Language;

    use super::{Reference, Scheme};

    #[test]
    fn a_scheme_is_one_of_the_known_words() {
        let parse = |text| {
            let Reference { scheme, path } = Reference::parse(text);
            (scheme, path)
        };
        assert_eq!(parse("users.get"), (None, "users.get"));
        assert_eq!(parse("py: users.get"), (Some(Scheme::Code(Language::Python)), "users.get"));
        assert_eq!(parse("users::get"), (None, "users::get"));
        assert_eq!(parse("rs:users::get"), (Some(Scheme::Code(Language::Rust)), "users::get"));
        assert_eq!(parse("grpc://host:1/a.B/C"), (Some(Scheme::Grpc), "//host:1/a.B/C"));
    }

    #[test]
    fn an_operation_follows_the_first_dot() {
        let operation = |text| Reference::parse(text).operation();
        let full = "grpc://auth-1.eu:50051/shop.v1.Auth/Check";
        assert_eq!(operation(full), Some(("grpc_auth_2d_1_eu_50051".into(), "shop.v1.Auth/Check")));
        assert_eq!(operation("grpc://auth:1"), None);
        assert_eq!(operation("users.GET /users/{id}.json"), Some(("users".into(), "GET /users/{id}.json")));
        assert_eq!(operation("http:users.get"), Some(("users".into(), "get")));
        assert_eq!(operation("py:users.get"), None);
        assert_eq!(operation("users"), None);
    }
}

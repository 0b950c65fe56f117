//! A `ref` in its parts: the scheme that says where it leads, and the path there.
//!
//! It does not know whether anything is there.

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
    pub fn operation(&self) -> Option<(&'a str, &'a str)> {
        if matches!(self.scheme, Some(Scheme::Code(_))) {
            return None;
        }
        self.path.split_once('.')
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
        assert_eq!(operation("users.GET /users/{id}.json"), Some(("users", "GET /users/{id}.json")));
        assert_eq!(operation("http:users.get"), Some(("users", "get")));
        assert_eq!(operation("py:users.get"), None);
        assert_eq!(operation("users"), None);
    }
}

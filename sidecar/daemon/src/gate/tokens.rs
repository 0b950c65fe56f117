//! The file of tokens: who may come in over TCP, by what, and as what. Tokens stand in it as digests only.
//!
//! It knows no file system: it is given text.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, ServerName};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::roles::{Access, Role};

/// More than this is no file of tokens.
pub(super) const FILE_LIMIT: u64 = 1 << 20;

/// What stands in for a token.
#[derive(Clone, Copy)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(token: &str) -> Digest {
        Digest(Sha256::digest(token.as_bytes()).into())
    }

    fn parse(hex: &str) -> Option<Digest> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Digest(bytes))
    }

    pub(super) fn is(&self, other: &Digest) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// What a new token looks like in the file.
#[must_use]
pub fn token_digest(token: &str) -> String {
    Digest::of(token).0.iter().fold("sha256:".to_owned(), |mut text, byte| {
        // Writing to a string does not fail.
        let _always = write!(text, "{byte:02x}");
        text
    })
}

enum Proof {
    Token(Digest),
    /// A name that the client's certificate is made out for.
    Certificate(ServerName<'static>),
}

struct Entry {
    access: Access,
    proof: Proof,
}

impl Entry {
    fn stands(&self, now: Timestamp) -> bool {
        self.access.until.is_none_or(|until| now < until)
    }
}

/// Everybody who may come in.
#[derive(Default)]
pub(crate) struct Tokens(Vec<Entry>);

/// A line that says nothing. What stands in it is not repeated: it may be a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}; a line is NAME ROLE[,ROLE] sha256:DIGEST|dns:NAME [until=TIME]")]
pub struct TokenError {
    pub line: usize,
    pub what: &'static str,
}

impl Tokens {
    pub(crate) fn parse(text: &str) -> Result<Tokens, TokenError> {
        let mut entries = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let said = line.split_once('#').map_or(line, |(said, _)| said).trim();
            if !said.is_empty() {
                entries.push(entry(said).map_err(|what| TokenError { line: index + 1, what })?);
            }
        }
        Ok(Tokens(entries))
    }

    /// Whose token it is. Every line is compared, and each in the same time, whatever was found.
    pub(crate) fn of_token(&self, given: &Digest, now: Timestamp) -> Option<Access> {
        let mut found = None;
        for entry in &self.0 {
            if let Proof::Token(digest) = &entry.proof
                && digest.is(given)
                && entry.stands(now)
            {
                found = Some(entry);
            }
        }
        found.map(|entry| entry.access.clone())
    }

    /// Whom a certificate names that was checked.
    pub(crate) fn of_certificate(&self, leaf: &CertificateDer<'_>, now: Timestamp) -> Option<Access> {
        let leaf = webpki::EndEntityCert::try_from(leaf).ok()?;
        let names = |entry: &&Entry| match &entry.proof {
            Proof::Certificate(name) => {
                entry.stands(now) && leaf.verify_is_valid_for_subject_name(name).is_ok()
            }
            Proof::Token(_) => false,
        };
        self.0.iter().find(names).map(|entry| entry.access.clone())
    }
}

fn entry(said: &str) -> Result<Entry, &'static str> {
    let mut words = said.split_whitespace();
    let (Some(name), Some(roles), Some(proof)) = (words.next(), words.next(), words.next()) else {
        return Err("it has fewer than three words");
    };
    if name.len() > 64 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte)) {
        return Err("the name is 1 to 64 letters, digits, and - _ . @");
    }
    let roles: Option<Vec<Role>> = roles.split(',').map(Role::parse).collect();
    let roles = roles.ok_or("a role is app, operator or read-only")?;
    let until = match words.next().map(|word| word.strip_prefix("until=")) {
        None => None,
        Some(Some(time)) => Some(time.parse().map_err(|_| "until is a time like 2027-01-31T00:00:00Z")?),
        Some(None) => return Err("the fourth word is until=TIME"),
    };
    if words.next().is_some() {
        return Err("it has more than four words");
    }
    let (name, proof) = match proof.split_once(':') {
        Some(("sha256", hex)) => {
            let digest = Digest::parse(hex).ok_or("a digest is sha256: and 64 hexadecimal digits")?;
            (format!("token {name}"), Proof::Token(digest))
        }
        Some(("dns", host)) => {
            let host = ServerName::try_from(host.to_owned()).map_err(|_| "dns: has no name of a host")?;
            (format!("certificate {name}"), Proof::Certificate(host))
        }
        _ => return Err("what proves the name is sha256:DIGEST or dns:NAME, never the token itself"),
    };
    Ok(Entry { access: Access { name: Arc::from(name), roles: roles.into(), until, is_local: false }, proof })
}

#[cfg(test)]
mod tests {
    use super::{Digest, Tokens, token_digest};
    use jiff::Timestamp;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn a_token_opens_by_its_digest_until_its_time_is_over() {
        let (old, new) = (token_digest("old"), token_digest("new"));
        let text =
            format!("# a\n\nshop app {old} until=2026-01-01T00:00:00Z # goes\nshop app,operator {new}\n");
        let tokens = Tokens::parse(&text).unwrap();
        let name = |token: &str, time: &str| {
            tokens.of_token(&Digest::of(token), at(time)).map(|access| access.name.to_string())
        };
        assert_eq!(name("old", "2025-12-31T23:59:59Z").as_deref(), Some("token shop"));
        assert_eq!(name("old", "2026-01-01T00:00:00Z"), None);
        assert_eq!(name("new", "2030-01-01T00:00:00Z").as_deref(), Some("token shop"));
        assert_eq!(name("other", "2025-01-01T00:00:00Z"), None);
        assert_eq!(name("", "2025-01-01T00:00:00Z"), None);
        // The digest itself opens nothing.
        assert_eq!(name(&new, "2025-01-01T00:00:00Z"), None);
    }

    #[test]
    fn what_is_wrong_is_said_by_line_and_nothing_of_it_is_repeated() {
        let digest = token_digest("x");
        for line in [
            "shop".to_owned(),
            format!("shop boss {digest}"),
            "shop app hunter2".to_owned(),
            "shop app sha256:hunter2".to_owned(),
            format!("shop app {digest} hunter2"),
            format!("shop app {digest} until=hunter2"),
            format!("shop app {digest} until=2030-01-01T00:00:00Z hunter2"),
            "shop app dns:hunter2 hunter2".to_owned(),
            format!("sh/op app {digest}"),
        ] {
            let text = format!("a app {digest}\n{line}\n");
            let error = Tokens::parse(&text).map(drop).unwrap_err();
            assert_eq!(error.line, 2, "{line}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}

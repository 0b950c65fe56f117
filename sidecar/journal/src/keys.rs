//! Keys: they encrypt values, decrypt them, and make digests that say nothing to who has no key.
//!
//! It knows no run and no store. The cipher is XChaCha20-Poly1305, whose nonces are long enough to be drawn at random.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

/// What the environment variable is called that holds them.
pub const VARIABLE: &str = "CONDUCTOR_KEY";

/// What a sealed text begins with; no JSON does.
const SEALED: &str = "sealed:1:";
/// What the digest of a sealed input begins with.
const KEYED: &str = "keyed:";
const NONCE: usize = 24;

/// The first encrypts; all decrypt.
#[derive(Clone)]
pub struct Keys(Vec<Key>);

#[derive(Clone)]
struct Key {
    /// Tells which key a text was sealed with, and nothing of the key.
    id: String,
    cipher: XChaCha20Poly1305,
    digest: [u8; 32],
}

/// No words are said of the key.
impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "{VARIABLE} holds no key at place {place}: a key is 32 bytes in base64, as `openssl rand -base64 32` prints; older keys follow the first, after commas"
    )]
    Form { place: usize },
    #[error("it is encrypted with key {id}, which {VARIABLE} does not hold")]
    Missing { id: String },
    #[error("what was encrypted with key {id} is damaged")]
    Damaged { id: String },
}

impl Keys {
    /// Reads a list of keys, separated by commas.
    ///
    /// # Errors
    /// When one is not 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Keys, KeyError> {
        let keys: Vec<Key> = text
            .split(',')
            .enumerate()
            .map(|(index, part)| {
                let bytes = STANDARD.decode(part.trim()).ok();
                let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
                bytes.map(|bytes| Key::new(&bytes)).ok_or(KeyError::Form { place: index + 1 })
            })
            .collect::<Result<_, _>>()?;
        Ok(Keys(keys))
    }

    fn find(&self, id: &str) -> Result<&Key, KeyError> {
        self.0.iter().find(|key| key.id == id).ok_or_else(|| KeyError::Missing { id: id.to_owned() })
    }

    /// Encrypts a text for one place: elsewhere it cannot be opened.
    ///
    /// # Errors
    /// When the text is larger than the cipher takes, which no value is.
    pub fn seal(&self, place: &str, text: &str) -> Result<String, KeyError> {
        let Some(key) = self.0.first() else { return Err(KeyError::Form { place: 1 }) };
        let nonce = XNonce::generate();
        let payload = Payload { msg: text.as_bytes(), aad: place.as_bytes() };
        let sealed = key.cipher.encrypt(&nonce, payload);
        let sealed = sealed.map_err(|_| KeyError::Damaged { id: key.id.clone() })?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(format!("{SEALED}{}:{}", key.id, STANDARD.encode(bytes)))
    }

    /// The digest of a sealed run's input.
    #[must_use]
    pub fn digest(&self, text: &str) -> String {
        self.0.first().map(|key| key.digest(text)).unwrap_or_default()
    }
}

impl Key {
    fn new(bytes: &[u8; 32]) -> Key {
        let id = blake3::derive_key("conductor 2026-11 id of a key", bytes);
        Key {
            id: id[..4].iter().map(|byte| format!("{byte:02x}")).collect(),
            cipher: XChaCha20Poly1305::new(&blake3::derive_key("conductor 2026-11 values", bytes).into()),
            digest: blake3::derive_key("conductor 2026-11 digests", bytes),
        }
    }

    fn digest(&self, text: &str) -> String {
        format!("{KEYED}{}:{}", self.id, blake3::keyed_hash(&self.digest, text.as_bytes()).to_hex())
    }
}

/// Whether the digest is one of a sealed run's input.
#[must_use]
pub fn is_keyed(digest: &str) -> bool {
    digest.starts_with(KEYED)
}

/// The digest of `text` as it was made of another text: with the same key, where that has one.
///
/// # Errors
/// When the key is not there.
pub fn digest_like(keys: Option<&Keys>, other: &str, text: &str) -> Result<String, KeyError> {
    let Some(id) = other.strip_prefix(KEYED).and_then(|rest| rest.split(':').next()) else {
        return Ok(conductor_protocol::digest::digest(text.as_bytes()));
    };
    let missing = || KeyError::Missing { id: id.to_owned() };
    Ok(keys.ok_or_else(missing)?.find(id)?.digest(text))
}

/// Decrypts what [`Keys::seal`] made for that place; other texts come back as they are.
///
/// # Errors
/// When the key is not there, or the text was changed or stands in another place.
pub fn unsealed<'a>(keys: Option<&Keys>, place: &str, text: &'a str) -> Result<Cow<'a, str>, KeyError> {
    let Some(rest) = text.strip_prefix(SEALED) else { return Ok(Cow::Borrowed(text)) };
    let (id, body) = rest.split_once(':').unwrap_or((rest, ""));
    let missing = || KeyError::Missing { id: id.to_owned() };
    let key = keys.ok_or_else(missing)?.find(id)?;
    let damaged = || KeyError::Damaged { id: id.to_owned() };
    let bytes = STANDARD.decode(body).map_err(|_| damaged())?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE).ok_or_else(damaged)?;
    let nonce = XNonce::try_from(nonce).map_err(|_| damaged())?;
    let opened = key.cipher.decrypt(&nonce, Payload { msg: sealed, aad: place.as_bytes() });
    let opened = opened.map_err(|_| damaged())?;
    String::from_utf8(opened).map(Cow::Owned).map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use super::{KeyError, Keys, digest_like, is_keyed, unsealed};

    const ONE: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    const TWO: &str = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=";

    #[test]
    fn a_text_is_opened_in_its_place_and_with_its_key_only() {
        let keys = Keys::parse(ONE).unwrap();
        let sealed = keys.seal("r input", "{\"token\":\"hunter2\"}").unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_ne!(sealed, keys.seal("r input", "{\"token\":\"hunter2\"}").unwrap());
        assert_eq!(unsealed(Some(&keys), "r input", &sealed).unwrap(), "{\"token\":\"hunter2\"}");
        assert!(matches!(unsealed(Some(&keys), "r output", &sealed), Err(KeyError::Damaged { .. })));
        let mut changed = sealed.clone().into_bytes();
        let last = changed.len() - 6;
        changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(matches!(unsealed(Some(&keys), "r input", &changed), Err(KeyError::Damaged { .. })));
        let other = Keys::parse(TWO).unwrap();
        for keys in [Some(&other), None] {
            let error = unsealed(keys, "r input", &sealed).unwrap_err();
            assert!(matches!(error, KeyError::Missing { .. }), "{error}");
            assert!(error.to_string().contains("CONDUCTOR_KEY"), "{error}");
        }
        assert_eq!(unsealed(None, "r input", "{\"a\":1}").unwrap(), "{\"a\":1}");
    }

    #[test]
    fn older_keys_open_and_the_first_seals() {
        let old = Keys::parse(ONE).unwrap();
        let rotated = Keys::parse(&format!("{TWO}, {ONE}")).unwrap();
        let sealed = old.seal("p", "1").unwrap();
        assert_eq!(unsealed(Some(&rotated), "p", &sealed).unwrap(), "1");
        let anew = rotated.seal("p", "1").unwrap();
        assert!(unsealed(Some(&old), "p", &anew).is_err());
        let digest = old.digest("{}");
        assert!(is_keyed(&digest) && !is_keyed(&conductor_protocol::digest::digest(b"{}")));
        assert_eq!(digest_like(Some(&rotated), &digest, "{}").unwrap(), digest);
        assert_ne!(rotated.digest("{}"), digest);
        assert!(digest_like(None, &digest, "{}").is_err());
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_place_and_nobody_is_shown_it() {
        for (text, place) in [("", 1), ("hunter2", 1), ("MDEy", 1)] {
            assert_eq!(Keys::parse(text).unwrap_err(), KeyError::Form { place });
        }
        let error = Keys::parse(&format!("{ONE},hunter2")).unwrap_err();
        assert_eq!(error, KeyError::Form { place: 2 });
        assert!(!error.to_string().contains("hunter2"));
        assert!(!format!("{:?}", Keys::parse(ONE)).contains("MDEy"));
    }
}

//! Canonical bytes and digests: two values are the same input, argument or Plan exactly when these are equal.

use serde::Serialize;

/// The canonical JSON of `value`: keys sorted, no white space. `serde_json` keeps the digits of large numbers
/// only up to 64 bits, so callers that carry wider numbers send them as strings.
///
/// # Errors
/// When `value` cannot be written as JSON, as a map with keys that are not strings.
pub fn canonical_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    // `serde_json::Value` keeps objects in a `BTreeMap`: going through it sorts every level.
    serde_json::to_string(&serde_json::to_value(value)?)
}

/// `blake3:` and the first 128 bits of the digest of `bytes`, in hexadecimal.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let hash = blake3::hash(bytes);
    let hex = hash.to_hex();
    format!("blake3:{}", &hex.as_str()[..32])
}

#[cfg(test)]
mod tests {
    use super::{canonical_json, digest};

    #[test]
    fn key_order_does_not_matter() -> Result<(), serde_json::Error> {
        let one: serde_json::Value = serde_json::from_str(r#"{"b": 1, "a": [1, 2]}"#)?;
        let other: serde_json::Value = serde_json::from_str(r#"{ "a":[1,2], "b":1 }"#)?;
        assert_eq!(canonical_json(&one)?, canonical_json(&other)?);
        assert_eq!(digest(b"x"), digest(b"x"));
        assert_ne!(digest(b"x"), digest(b"y"));
        Ok(())
    }
}

//! Bytes of a Python source file to text, by PEP 263.
//!
//! It knows UTF-8 and Latin-1; other encodings are a problem for the user to mend.

use crate::files;

/// The text of a source file, or what keeps it from being read. Offsets into Latin-1 files are those of the
/// text in UTF-8.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let bytes = files::bounded(bytes)?;
    let encoding = cookie(&bytes);
    match encoding.as_deref() {
        None | Some("utf-8" | "utf8" | "utf-8-sig" | "ascii" | "us-ascii") => {
            files::utf8(bytes).map_err(|line| {
                format!(
                    "line {line} is not UTF-8; save it as UTF-8 or declare its encoding in the first line"
                )
            })
        }
        Some("latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1") => {
            Ok(bytes.iter().map(|&byte| char::from(byte)).collect())
        }
        Some(other) => Err(format!("its encoding `{other}` is not supported; save it as UTF-8")),
    }
}

/// The encoding that a comment in the first two lines declares.
fn cookie(bytes: &[u8]) -> Option<String> {
    bytes.split(|&byte| byte == b'\n').take(2).find_map(|line| {
        let line = std::str::from_utf8(line.get(..line.len().min(200))?).ok()?;
        let comment = line.trim_start_matches('\u{feff}').trim_start().strip_prefix('#')?;
        let after = &comment[comment.find("coding")? + "coding".len()..];
        let value = after.strip_prefix([':', '='])?.trim_start();
        let end =
            value.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(value.len());
        (end > 0).then(|| value[..end].to_ascii_lowercase().replace('_', "-"))
    })
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn latin_1_is_read_by_its_cookie_only() {
        let latin = b"#!/usr/bin/env python\n# -*- coding: latin_1 -*-\nname = '\xe9'\n".to_vec();
        assert_eq!(decode(latin).map(|text| text.contains('é')), Ok(true));
        let bare = decode(b"x = 1\nname = '\xe9'\n".to_vec());
        assert!(bare.is_err_and(|problem| problem.starts_with("line 2 is not UTF-8")));
        let other = decode(b"# coding: koi8-r\n".to_vec());
        assert!(other.is_err_and(|problem| problem.contains("`koi8-r`")));
    }
}

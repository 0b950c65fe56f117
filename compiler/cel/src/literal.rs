//! Spelling of literals to their values.
//!
//! It does not know where a literal stands: ranges of errors are relative to the literal's own text.

use std::ops::Range;

/// What is wrong inside a literal, and where in its text.
pub(crate) type LiteralError = (Range<usize>, String);

/// The value of an `Int` token, with its sign.
pub(crate) fn int(spelling: &str, negative: bool) -> Result<i64, LiteralError> {
    let magnitude = magnitude(spelling);
    let value = magnitude.and_then(|magnitude| {
        if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
    });
    value.ok_or_else(|| (0..spelling.len(), "this number does not fit an int of 64 bits".to_owned()))
}

/// The value of a `Uint` token, `u` included.
pub(crate) fn uint(spelling: &str) -> Result<u64, LiteralError> {
    let digits = spelling.trim_end_matches(['u', 'U']);
    magnitude(digits)
        .ok_or_else(|| (0..spelling.len(), "this number does not fit a uint of 64 bits".to_owned()))
}

fn magnitude(spelling: &str) -> Option<u64> {
    match spelling.strip_prefix("0x").or_else(|| spelling.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => spelling.parse().ok(),
    }
}

/// The text inside the quotes, whether it is raw, and where it begins.
fn unquoted(spelling: &str) -> (&str, bool, usize) {
    let prefix = spelling.find(['"', '\'']).unwrap_or(0);
    let raw = spelling[..prefix].contains(['r', 'R']);
    let quoted = &spelling[prefix..];
    let width =
        if quoted.len() >= 6 && (quoted.starts_with("\"\"\"") || quoted.starts_with("'''")) { 3 } else { 1 };
    (quoted.get(width..quoted.len() - width).unwrap_or(""), raw, prefix + width)
}

/// Calls `put` for each piece: a character as it stands or by its number, or, in bytes, an octet by its number.
fn pieces(spelling: &str, bytes: bool, mut put: impl FnMut(Piece)) -> Result<(), LiteralError> {
    let (body, raw, offset) = unquoted(spelling);
    let mut at = 0;
    while let Some(character) = body.get(at..).and_then(|rest| rest.chars().next()) {
        if character == '\\' && !raw {
            let (piece, length) = escape(&body[at..], bytes)
                .map_err(|(length, message)| (offset + at..offset + at + length, message))?;
            put(piece);
            at += length;
        } else if character == '\r' {
            // Line ends inside triple quotes read the same on every system.
            put(Piece::Char('\n'));
            at += if body[at..].starts_with("\r\n") { 2 } else { 1 };
        } else {
            put(Piece::Char(character));
            at += character.len_utf8();
        }
    }
    Ok(())
}

enum Piece {
    Char(char),
    Octet(u8),
}

/// The escape at the start of `text`: its value and length in bytes.
fn escape(text: &str, bytes: bool) -> Result<(Piece, usize), (usize, String)> {
    let letter = text[1..].chars().next().unwrap_or('\\');
    let plain = match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' | '?' | '"' | '\'' | '`' => letter,
        'x' | 'X' => return number(text, 2..4, 16, bytes),
        'u' if !bytes => return number(text, 2..6, 16, bytes),
        'U' if !bytes => return number(text, 2..10, 16, bytes),
        '0'..='3' => return number(text, 1..4, 8, bytes),
        _ => {
            let message = format!("`\\{}` is not an escape of CEL", letter.escape_debug());
            return Err((1 + letter.len_utf8(), message));
        }
    };
    Ok((Piece::Char(plain), 2))
}

fn number(
    text: &str,
    digits: Range<usize>,
    radix: u32,
    bytes: bool,
) -> Result<(Piece, usize), (usize, String)> {
    let end = digits.end;
    let value = text
        .get(digits.clone())
        .filter(|spelled| spelled.chars().all(|digit| digit.is_digit(radix)))
        .and_then(|spelled| u32::from_str_radix(spelled, radix).ok());
    let Some(value) = value else {
        return Err((2, format!("this escape needs {} digits", digits.len())));
    };
    if bytes {
        return u8::try_from(value)
            .map(|octet| (Piece::Octet(octet), end))
            .map_err(|_| (end, "this escape is larger than a byte".to_owned()));
    }
    char::from_u32(value)
        .map(|character| (Piece::Char(character), end))
        .ok_or_else(|| (end, "this escape is not a Unicode character".to_owned()))
}

/// The value of a `String` token.
pub(crate) fn string(spelling: &str) -> Result<String, LiteralError> {
    let mut value = String::new();
    pieces(spelling, false, |piece| match piece {
        Piece::Char(character) => value.push(character),
        Piece::Octet(octet) => value.push(char::from(octet)),
    })?;
    Ok(value)
}

/// The value of a `Bytes` token; characters stand for their UTF-8 bytes.
pub(crate) fn bytes(spelling: &str) -> Result<Vec<u8>, LiteralError> {
    let mut value = Vec::new();
    pieces(spelling, true, |piece| match piece {
        Piece::Char(character) => value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        Piece::Octet(octet) => value.push(octet),
    })?;
    Ok(value)
}

//! The end of a `${...}`, found as the expression language would find it.
//!
//! It knows strings, comments and braces of CEL, not whether the expression is valid: the checker of expressions
//! finds the same end in the text that it is given.

/// Where an expression ends.
pub(crate) struct Extent {
    /// The place of the closing brace.
    pub end: usize,
    /// Backslashes before quotes that begin and end strings: `\"`, as a string of another language would want it.
    pub backslashes: Vec<usize>,
}

/// The extent of the expression that begins at `start`, after its `${`, or the place where the search was given up.
pub(crate) fn extent(text: &str, start: usize) -> Result<Extent, usize> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let mut open = 0_usize;
    let mut backslashes = Vec::new();
    let mut at = start;
    while at < bytes.len() {
        match byte(at) {
            b'{' => open += 1,
            b'}' if open == 0 => return Ok(Extent { end: at, backslashes }),
            b'}' => open -= 1,
            b'/' if byte(at + 1) == b'/' => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            b'\\' if matches!(byte(at + 1), b'"' | b'\'') => {
                let close = escaped_string(bytes, at).ok_or(at)?;
                backslashes.extend([at, close]);
                at = close + 1;
            }
            b'"' | b'\'' => {
                at = string(bytes, at, is_raw(bytes, start, at))?;
                continue;
            }
            b'`' => at += 1 + text[at + 1..].find(['`', '\n', '}']).unwrap_or(0),
            _ => {}
        }
        at += 1;
    }
    Err(at)
}

/// Whether the string at `quote` has a prefix that makes its backslashes literal.
fn is_raw(bytes: &[u8], start: usize, quote: usize) -> bool {
    let word = bytes[start..quote]
        .iter()
        .rev()
        .take(3)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
    let mut word: Vec<u8> = word.map(u8::to_ascii_lowercase).collect();
    word.reverse();
    matches!(word.as_slice(), b"r" | b"br")
}

/// The place after the string that begins at `start`; `Err` where it does not end.
fn string(bytes: &[u8], start: usize, raw: bool) -> Result<usize, usize> {
    let quote = bytes[start];
    let is_triple =
        |at: usize| bytes.get(at..at + 3).is_some_and(|next| next.iter().all(|byte| *byte == quote));
    let triple = is_triple(start);
    let mut at = start + if triple { 3 } else { 1 };
    loop {
        match bytes.get(at) {
            None => return Err(at),
            Some(b'\n') if !triple => return Err(at),
            Some(b'\\') if !raw => at += 2,
            Some(byte) if *byte == quote && (!triple || is_triple(at)) => {
                return Ok(at + if triple { 3 } else { 1 });
            }
            Some(_) => at += 1,
        }
    }
}

/// The backslash before the quote that ends the string whose quote stands after the backslash at `start`.
fn escaped_string(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes.get(start + 1)?;
    let line = bytes.get(start + 2..)?.split(|byte| *byte == b'\n').next()?;
    let found = line.windows(2).position(|pair| pair[0] == b'\\' && pair[1] == *quote)?;
    Some(start + 2 + found)
}

#[cfg(test)]
mod tests {
    use super::extent;

    fn inside(text: &str) -> Option<&str> {
        extent(text, 0).ok().map(|extent| &text[..extent.end])
    }

    #[test]
    fn braces_in_strings_comments_and_maps_do_not_end_it() {
        for expression in [
            "a",
            "{'}': {}}['}']",
            "\"}\" + '}\\'}'",
            "r'\\' + br\"\\\"",
            "bar\"\\\"}\"",
            "'''}\n' '''",
            "a // }\n",
            "a.`b-c`",
            "\"é}\"",
        ] {
            assert_eq!(inside(&format!("{expression}}} \"")), Some(expression));
        }
    }

    #[test]
    fn what_does_not_end() {
        for text in ["", "a", "{}", "'}", "\"}\n\"}", "'''}''", "\"\\", "`"] {
            assert_eq!(inside(text), None, "{text}");
        }
    }

    #[test]
    fn escaped_quotes_are_found() {
        let text = "a == \\\"}\\\" && \\'b\\' == c}";
        let extent = extent(text, 0).unwrap_or_else(|at| panic!("{at}"));
        assert_eq!((extent.end, extent.backslashes), (text.len() - 1, vec![5, 8, 14, 17]));
    }
}

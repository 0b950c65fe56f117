//! Syntax that is newer than the grammar of the parser, overwritten by something of the same length that it knows.
//!
//! Each rule matches words that stand in no other place of valid code; in comments and strings it does no harm,
//! because names, defaults and comments are read from the original text.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The longest `with { ... }` or `import("...")` that is looked at.
const MAX_CLAUSE: usize = 1000;

pub struct Masked<'a> {
    pub text: Cow<'a, [u8]>,
    /// Where a name of a type begins that was written `import("module").Name`, and its module.
    pub imports: BTreeMap<usize, String>,
}

/// The text with `in`, `out`, `export type *`, `with { ... }`, `import("x").T` and the like overwritten.
pub fn mask(text: &str) -> Masked<'_> {
    let source = text.as_bytes();
    let mut pass = Pass { source, text: Cow::Borrowed(source), imports: BTreeMap::new(), last: 0 };
    let mut at = 0;
    while at < source.len() {
        let next = match source[at] {
            b'/' if source[at..].starts_with(b"/*") => at + 2 + find(&source[at + 2..], b"*/"),
            b'/' if source[at..].starts_with(b"//") => at + find(&source[at..], b"\n"),
            byte if byte.is_ascii_whitespace() => at + 1,
            byte => {
                let next = match byte {
                    b'\\' => pass.escape(at),
                    b'<' => pass.signature(at),
                    b'`' => pass.tagged(at),
                    byte if is_word(byte) => pass.word(at),
                    _ => at + 1,
                };
                // What was blanked is not there any more.
                if pass.text.get(next - 1).is_some_and(|byte| !byte.is_ascii_whitespace()) {
                    pass.last = next;
                }
                next
            }
        };
        at = next;
    }
    Masked { text: pass.text, imports: pass.imports }
}

/// Where `end` ends in the text, else the length of the text.
fn find(text: &[u8], end: &[u8]) -> usize {
    text.windows(end.len()).position(|window| window == end).map_or(text.len(), |at| at + end.len())
}

struct Pass<'a> {
    source: &'a [u8],
    text: Cow<'a, [u8]>,
    imports: BTreeMap<usize, String>,
    /// The end of what stood last, blanks and comments apart.
    last: usize,
}

impl Pass<'_> {
    /// An escaped backtick ends a template type too early.
    fn escape(&mut self, at: usize) -> usize {
        if self.source.get(at + 1) == Some(&b'`') {
            self.blank(at, at + 2, b'_');
        }
        at + 2
    }

    /// A call signature that begins a line ends the one before it, which the grammar reads on as its arguments.
    fn signature(&mut self, at: usize) -> usize {
        let gap = &self.source[self.last..at];
        let ends = |byte: u8| is_word(byte) || matches!(byte, b'>' | b']' | b'}' | b')');
        if gap.contains(&b'\n')
            && gap.first().is_some_and(u8::is_ascii_whitespace)
            && self.source[..self.last].last().is_some_and(|&byte| ends(byte))
            && ![&b"return"[..], b"=>"].iter().any(|end| self.source[..self.last].ends_with(end))
        {
            self.text.to_mut()[self.last] = b';';
        }
        at + 1
    }

    /// The type arguments of a tagged template: ``sql<User[]>`...` ``.
    fn tagged(&mut self, at: usize) -> usize {
        if self.last == 0 || self.source[self.last - 1] != b'>' || self.source[..self.last].ends_with(b"=>") {
            return at + 1;
        }
        let mut depth = 0usize;
        let inside = self.source[..self.last].iter().enumerate().rev().take(MAX_CLAUSE);
        for (place, &byte) in inside {
            match byte {
                b'>' if place == 0 || self.source[place - 1] != b'=' => depth += 1,
                b'<' => depth -= 1,
                b';' if !self.source[place..self.last].contains(&b'}') => break,
                _ => {}
            }
            if depth == 0 {
                if place > 0 && is_word(self.source[place - 1]) {
                    self.blank(place, self.last, b' ');
                }
                break;
            }
        }
        at + 1
    }

    fn word(&mut self, at: usize) -> usize {
        let end = at + self.source[at..].iter().take_while(|&&byte| is_word(byte)).count();
        match &self.source[at..end] {
            b"in" if self.is_variance(end) => self.blank(at, end, b' '),
            b"out" if self.is_variance(end) => self.blank(at, end, b' '),
            b"type" if self.word_before(at) == b"export" && self.next(end).1 == Some(b'*') => {
                self.blank(at, end, b' ');
            }
            b"defer" if self.word_before(at) == b"import" && self.next(end).1 == Some(b'*') => {
                self.blank(at, end, b' ');
            }
            b"with" | b"assert" if matches!(self.before(at), Some(b'"' | b'\'')) => self.attributes(at, end),
            // Only the grammar takes it for a keyword everywhere.
            b"using" if !self.next(end).1.is_some_and(is_word) => self.blank(at, end, b'u'),
            b"global"
                if matches!(self.before(at), None | Some(b'{' | b'}' | b';' | b'/'))
                    && self.next(end).1 == Some(b'{') =>
            {
                self.blank(at, end, b' ');
            }
            // A field with accessors of its own is a field.
            b"accessor" if self.next(end).1.is_some_and(|byte| is_word(byte) || byte == b'#') => {
                self.blank(at, end, b' ');
            }
            b"import" => self.import_type(at, end),
            _ => {}
        }
        end
    }

    /// `<in T`, `, out T`, `in out T`; a parameter may itself be called `out`.
    fn is_variance(&self, end: usize) -> bool {
        let (next, byte) = self.next(end);
        if next == end || !byte.is_some_and(|byte| is_word(byte) && !byte.is_ascii_digit()) {
            return false;
        }
        let word: &[u8] = &self.source[next..];
        if word.starts_with(b"extends") && !word.get(7).copied().is_some_and(is_word) {
            return false;
        }
        matches!(self.text[..self.last].last(), Some(b'<' | b','))
    }

    /// `from "x" with { type: "json" }`.
    fn attributes(&mut self, at: usize, end: usize) {
        let (open, byte) = self.next(end);
        if byte != Some(b'{') {
            return;
        }
        if let Some(length) = self.source[open..].iter().take(MAX_CLAUSE).position(|&byte| byte == b'}') {
            self.blank(at, open + length + 1, b' ');
        }
    }

    /// `import("./x.js").Name` as a type.
    fn import_type(&mut self, at: usize, end: usize) {
        let Some((specifier, close)) = self.import_call(end) else { return };
        let (dot, byte) = self.next(close);
        let (name, first) = self.next(dot + 1);
        if byte != Some(b'.') || !first.is_some_and(|byte| is_word(byte) && !byte.is_ascii_digit()) {
            return;
        }
        self.imports.insert(name, specifier);
        self.blank(at, name, b' ');
    }

    /// The module of `("x")` or `("x", { with: ... })`, and where it ends.
    fn import_call(&self, end: usize) -> Option<(String, usize)> {
        let (open, byte) = self.next(end);
        let (quote, mark) = self.next(open + 1);
        let mark = mark.filter(|mark| byte == Some(b'(') && matches!(mark, b'"' | b'\''))?;
        let inside = &self.source[quote + 1..];
        let length = inside.iter().take(MAX_CLAUSE).position(|&byte| byte == mark || byte == b'\n')?;
        let specifier = std::str::from_utf8(&inside[..length]).ok()?;
        let (after, byte) = self.next(quote + length + 2);
        if byte == Some(b')') {
            return Some((specifier.to_owned(), after + 1));
        }
        let rest = self.source[after..].iter().take(MAX_CLAUSE);
        let close = rest.clone().position(|&byte| byte == b')').filter(|_| byte == Some(b','))?;
        Some((specifier.to_owned(), after + close + 1))
    }

    fn blank(&mut self, start: usize, end: usize, with: u8) {
        for byte in &mut self.text.to_mut()[start..end] {
            if *byte != b'\n' {
                *byte = with;
            }
        }
    }

    /// The last byte before that is no blank, in what is left of the text.
    fn before(&self, at: usize) -> Option<u8> {
        self.text[..at].iter().rev().copied().find(|byte| !byte.is_ascii_whitespace())
    }

    fn word_before(&self, at: usize) -> &[u8] {
        let blank = self.source[..at].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
        let end = at - blank;
        let length = self.source[..end].iter().rev().take_while(|&&byte| is_word(byte)).count();
        &self.source[end - length..end]
    }

    /// The next byte that is no blank, and where it is.
    fn next(&self, at: usize) -> (usize, Option<u8>) {
        let rest = self.source.get(at..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        (at + blank, rest.get(blank).copied())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

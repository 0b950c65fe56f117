//! Where each part of a decoded scalar stands in the source: escapes, folds and indentation make them differ.
//!
//! It decodes nothing for others: the parser's text is the truth, and a map that does not lead to it is dropped.

use granit_parser::ScalarStyle;

/// Pairs (offset in `text`, offset in the file) as `tree::Scalar` has them; `source` is the scalar as it is written and
/// starts at `start`.
pub(super) fn map(text: &str, source: &str, start: usize, style: ScalarStyle) -> Vec<(usize, usize)> {
    let found = match style {
        ScalarStyle::Plain if text == source => Some(vec![(0, 0)]),
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
            let mut quoted = Quoted { source, at: 1, text: String::new(), map: Vec::new(), kept: 0 };
            quoted.decode(style == ScalarStyle::DoubleQuoted);
            (quoted.text == text).then_some(quoted.map)
        }
        _ => Some(by_lines(text, source)),
    };
    let pairs = found.unwrap_or_else(|| vec![(0, 0)]);
    pairs.into_iter().map(|(in_text, in_source)| (in_text, start + in_source)).collect()
}

/// White space of YAML; Unicode has more, which is content.
const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Plain and block scalars of several lines: each line's content stands in the text verbatim, only the white space
/// between lines differs.
fn by_lines(text: &str, source: &str) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut at = 0;
    let mut line_start = 0;
    for line in source.split_inclusive('\n') {
        let content = line.trim_matches(BLANKS);
        let indentation = line.len() - line.trim_start_matches(BLANKS).len();
        let blanks = text.get(at..).map_or(0, |rest| rest.len() - rest.trim_start_matches(BLANKS).len());
        if !content.is_empty() && text.get(at + blanks..).is_some_and(|rest| rest.starts_with(content)) {
            at += blanks;
            pairs.push((at, line_start + indentation));
            at += content.len();
        }
        line_start += line.len();
    }
    if pairs.is_empty() { vec![(0, 0)] } else { pairs }
}

struct Quoted<'a> {
    source: &'a str,
    at: usize,
    text: String,
    map: Vec<(usize, usize)>,
    /// Bytes of `text` that folding must not trim, because an escape made them.
    kept: usize,
}

impl Quoted<'_> {
    fn decode(&mut self, double: bool) {
        self.pair();
        while let Some(next) = self.source[self.at..].chars().next() {
            match next {
                '\'' if !double => {
                    if !self.source[self.at..].starts_with("''") {
                        return;
                    }
                    self.text.push('\'');
                    self.at += 2;
                    self.pair();
                }
                '"' if double => return,
                '\\' if double => self.escape(),
                '\n' | '\r' => self.fold(),
                other => {
                    self.text.push(other);
                    self.at += other.len_utf8();
                }
            }
        }
    }

    /// From here on, text and source advance together again.
    fn pair(&mut self) {
        if self.map.last().is_some_and(|last| last.0 == self.text.len()) {
            self.map.pop();
        }
        self.map.push((self.text.len(), self.at));
    }

    fn fold(&mut self) {
        let trimmed = self.text.trim_end_matches([' ', '\t']).len().max(self.kept);
        self.text.truncate(trimmed);
        while self.map.last().is_some_and(|last| last.0 > trimmed) {
            self.map.pop();
        }
        let breaks = self.skip_breaks();
        if breaks <= 1 {
            self.text.push(' ');
        } else {
            self.text.extend(std::iter::repeat_n('\n', breaks - 1));
        }
        self.kept = self.text.len();
        self.pair();
    }

    /// Skips line breaks and the blanks around them; gives how many breaks there were.
    fn skip_breaks(&mut self) -> usize {
        let rest = &self.source[self.at..];
        let blank = rest.len() - rest.trim_start_matches(BLANKS).len();
        self.at += blank;
        rest[..blank].matches('\n').count().max(1)
    }

    fn escape(&mut self) {
        let mut rest = self.source[self.at + 1..].chars();
        let Some(kind) = rest.next() else {
            self.at = self.source.len();
            return;
        };
        self.at += 1 + kind.len_utf8();
        match kind {
            '\n' | '\r' => {
                self.at -= 1;
                let breaks = self.skip_breaks();
                self.text.extend(std::iter::repeat_n('\n', breaks - 1));
            }
            'x' => self.code_point(2),
            'u' => self.code_point(4),
            'U' => self.code_point(8),
            other => self.text.push(simple_escape(other)),
        }
        self.kept = self.text.len();
        self.pair();
    }

    fn code_point(&mut self, digits: usize) {
        let value = self.hex(digits);
        let low = self.source[self.at..].starts_with("\\u");
        if (0xd800..0xdc00).contains(&value) && low {
            self.at += 2;
            let low = self.hex(4);
            let joined = 0x10000 + ((value - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
            self.text.extend(char::from_u32(joined));
        } else {
            self.text.extend(char::from_u32(value));
        }
    }

    fn hex(&mut self, digits: usize) -> u32 {
        let text = self.source.get(self.at..self.at + digits).unwrap_or("");
        self.at += text.len();
        u32::from_str_radix(text, 16).unwrap_or(0)
    }
}

/// Escapes of YAML 1.2, section 5.7.
fn simple_escape(kind: char) -> char {
    match kind {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        other => other,
    }
}

//! Patterns of `matches`: those that every target's engine takes alike, and as this one takes them.
//!
//! It compiles nothing. RE2 is the rule: `\d`, `\w`, `\s` and `\b` are ASCII.

/// A pattern with RE2's meaning that the engines of all targets share, but for `$`, `\z` and `\b`, which each of them
/// spells in its own way.
///
/// # Errors
/// What other engines do not have or take otherwise.
pub(crate) fn portable(pattern: &str) -> Result<String, String> {
    let mut scan = Scan { rest: pattern, out: String::with_capacity(pattern.len()), repeated: true };
    if let Some(at) = ["(?i)", "(?s)", "(?is)", "(?si)"].iter().find(|flags| pattern.starts_with(**flags)) {
        scan.take(at.len());
    }
    while let Some(letter) = scan.rest.chars().next() {
        scan.outside(letter)?;
    }
    Ok(scan.out)
}

/// The portable pattern for the crate `regex`, whose `\b` is Unicode.
pub(crate) fn native(portable: &str) -> String {
    let mut out = String::with_capacity(portable.len());
    let mut letters = portable.chars();
    while let Some(letter) = letters.next() {
        match (letter, if letter == '\\' { letters.next() } else { None }) {
            ('\\', Some(escaped @ ('b' | 'B'))) => {
                out.push_str("(?-u:\\");
                out.push(escaped);
                out.push(')');
            }
            (_, escaped) => {
                out.push(letter);
                out.extend(escaped);
            }
        }
    }
    out
}

struct Scan<'p> {
    rest: &'p str,
    out: String,
    /// Whether a quantifier cannot stand here: at the start, and behind another one.
    repeated: bool,
}

impl Scan<'_> {
    /// Copies the next bytes.
    fn take(&mut self, count: usize) {
        let (taken, rest) = self.rest.split_at(count);
        self.out.push_str(taken);
        self.rest = rest;
    }

    fn outside(&mut self, letter: char) -> Result<(), String> {
        let repeats = matches!(letter, '*' | '+' | '?' | '{');
        if repeats && self.repeated {
            return Err(format!(
                "`{letter}` has nothing to repeat, or repeats what is repeated: use a group"
            ));
        }
        match letter {
            '\\' => {
                let class = self.escape()?;
                if let Some((set, negated)) = class {
                    self.out.push_str(if negated { "[^" } else { "[" });
                    self.out.push_str(set);
                    self.out.push(']');
                }
            }
            '[' => self.class()?,
            '(' => {
                let known = ["(?:", "(?i:", "(?s:", "(?is:", "(?si:"];
                let head = known.iter().find(|head| self.rest.starts_with(**head));
                if head.is_none() && self.rest.starts_with("(?") {
                    return Err("a group is written `(...)`, `(?:...)` or `(?i:...)`".to_owned());
                }
                self.take(head.map_or(1, |head| head.len()));
                self.repeated = true;
                return Ok(());
            }
            '{' => self.take(self.rest.find('}').map_or(1, |at| at + 1)),
            _ => self.take(letter.len_utf8()),
        }
        if repeats && self.rest.starts_with('?') {
            self.take(1);
        }
        self.repeated = repeats || matches!(letter, '|' | '^' | '$');
        Ok(())
    }

    /// Copies an escape, or gives back the set that it stands for and whether it is negated.
    fn escape(&mut self) -> Result<Option<(&'static str, bool)>, String> {
        let letter = self.rest[1..].chars().next().ok_or("the pattern ends in the middle of an escape")?;
        let set = match letter.to_ascii_lowercase() {
            'd' => "0-9",
            'w' => "0-9A-Za-z_",
            's' => "\\t\\n\\f\\r ",
            _ => "",
        };
        if !set.is_empty() {
            self.rest = &self.rest[2..];
            return Ok(Some((set, letter.is_ascii_uppercase())));
        }
        let hex = letter == 'x'
            && self.rest.get(2..4).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let known = hex || matches!(letter, 't' | 'n' | 'r' | 'f' | 'v' | 'a' | 'A' | 'z' | 'b' | 'B');
        if !known && !letter.is_ascii_punctuation() {
            return Err(format!("`\\{letter}` is not an escape that every target knows"));
        }
        self.take(if hex { 4 } else { 2 });
        Ok(None)
    }

    /// Copies a class in brackets, without classes and operations inside.
    fn class(&mut self) -> Result<(), String> {
        self.take(1);
        if self.rest.starts_with('^') {
            self.take(1);
        }
        let mut first = true;
        while let Some(letter) = self.rest.chars().next() {
            match letter {
                ']' if !first => {
                    self.take(1);
                    return Ok(());
                }
                ']' | '[' => return Err(format!("write `\\{letter}` inside a class")),
                '&' | '~' | '|' | '-' if self.rest[1..].starts_with(letter) => {
                    return Err(format!("write `\\{letter}` inside a class"));
                }
                '\\' if self.rest[1..].starts_with(['b', 'B', 'A', 'z']) => {
                    return Err("a place such as `\\b` cannot stand inside a class".to_owned());
                }
                '\\' => match self.escape()? {
                    Some((set, false)) => self.out.push_str(set),
                    Some((_, true)) => {
                        return Err("`\\D`, `\\W` and `\\S` cannot stand inside a class".to_owned());
                    }
                    None => {}
                },
                _ => self.take(letter.len_utf8()),
            }
            first = false;
        }
        Err("a class is not closed: a `]` is missing".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{native, portable};

    #[test]
    fn classes_are_ascii() {
        assert_eq!(portable(r"^\d+[\w.-]*\S$").as_deref(), Ok(r"^[0-9]+[0-9A-Za-z_.-]*[^\t\n\f\r ]$"));
        assert_eq!(
            portable(r"(?i)a\.b\\d\x41{2,3}?(?:c|d)?").as_deref(),
            Ok(r"(?i)a\.b\\d\x41{2,3}?(?:c|d)?")
        );
        assert_eq!(native(r"\bx\\b\z"), r"(?-u:\b)x\\b\z");
        for text in [r"\d+", "[a-z]", r"a\b"] {
            let once = portable(text).unwrap_or_default();
            assert_eq!(portable(&once).as_ref(), Ok(&once));
        }
    }

    #[test]
    fn what_engines_take_otherwise_is_refused() {
        for text in [
            "a++",
            "a**",
            "*a",
            "(?P<n>a)",
            "(?m)^a",
            "a(?i)b",
            r"\pL",
            r"\u0041",
            "[[:alpha:]]",
            "[a&&b]",
            r"[\D]",
            r"[\b]",
            "[a",
            "a\\",
            r"\1",
            r"\x{41}",
            "[]a]",
            "(+)",
            "a|*",
            "a{2}+",
            r"\Qa\E",
        ] {
            assert!(portable(text).is_err(), "{text}");
        }
    }
}

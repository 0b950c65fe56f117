//! Variables in the texts of a compose file, and the file `.env` that gives them values.
//!
//! It knows no environment: who asks knows which variables there are.

use std::collections::{BTreeMap, BTreeSet};

/// How deep defaults may nest.
const MAX_DEPTH: usize = 16;
/// How long a text may become.
const MAX_BYTES: usize = 1 << 16;

/// The text with its variables filled in, by the rules of the Compose specification.
///
/// # Errors
/// A variable that has no value and needs one, or a text that is wrong.
pub fn filled(text: &str, variables: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    fill(text, variables, 0)
}

fn fill(text: &str, variables: &dyn Fn(&str) -> Option<String>, depth: usize) -> Result<String, String> {
    if depth > MAX_DEPTH {
        return Err(format!("defaults of variables nest deeper than {MAX_DEPTH} levels"));
    }
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        if result.len() > MAX_BYTES {
            return Err("with its variables filled in it is too long".to_owned());
        }
        if let Some(after) = after.strip_prefix('$') {
            result.push('$');
            rest = after;
        } else if let Some(inside) = after.strip_prefix('{') {
            let end = closing(inside).ok_or_else(|| format!("`{text}` has a `${{` without its `}}`"))?;
            result.push_str(&value(&inside[..end], variables, depth)?);
            rest = &inside[end + 1..];
        } else {
            let name = name(after);
            if name.is_empty() {
                return Err(format!("`{text}` has a `$` that names no variable: a literal one is `$$`"));
            }
            result.push_str(&required(name, variables)?);
            rest = &after[name.len()..];
        }
    }
    result.push_str(rest);
    Ok(result)
}

/// What stands between the braces: `NAME`, `NAME:-default`, `NAME?message`, `NAME:+instead`.
fn value(inside: &str, variables: &dyn Fn(&str) -> Option<String>, depth: usize) -> Result<String, String> {
    let name = name(inside);
    if name.is_empty() {
        return Err(format!("`${{{inside}}}` names no variable"));
    }
    let modifier = &inside[name.len()..];
    // With a colon an empty value counts as none.
    let (strict, modifier) = match modifier.strip_prefix(':') {
        Some(modifier) => (true, modifier),
        None => (false, modifier),
    };
    let known = variables(name).filter(|value| !(strict && value.is_empty()));
    let mut letters = modifier.chars();
    match (letters.next(), known) {
        (None, _) if strict => Err(format!("`${{{inside}}}` has a `:` and nothing after it")),
        (None, _) => required(name, variables),
        (Some('-'), Some(known)) => Ok(known),
        (Some('-'), None) => fill(letters.as_str(), variables, depth + 1),
        (Some('?'), Some(known)) => Ok(known),
        (Some('?'), None) => {
            let message = fill(letters.as_str(), variables, depth + 1)?;
            Err(match message.is_empty() {
                true => missing(name),
                false => format!("{}: {message}", missing(name)),
            })
        }
        (Some('+'), Some(_)) => fill(letters.as_str(), variables, depth + 1),
        (Some('+'), None) => Ok(String::new()),
        _ => Err(format!("`${{{inside}}}` is no variable of a compose file")),
    }
}

fn required(name: &str, variables: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    variables(name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> String {
    format!("the variable `{name}` is not set, neither in the environment nor in `.env`")
}

/// Where the brace is closed, others in between being pairs.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

fn name(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let name = &text[..end.unwrap_or(text.len())];
    if name.starts_with(|first: char| first.is_ascii_digit()) { "" } else { name }
}

/// Every variable that the text may need.
pub fn named(text: &str, names: &mut BTreeSet<String>) {
    for part in text.split('$').skip(1) {
        let found = name(part.strip_prefix('{').unwrap_or(part));
        if !found.is_empty() {
            names.insert(found.to_owned());
        }
    }
}

/// The variables of a file `.env`, which may name those above them and those of the environment.
pub fn dot_env(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> BTreeMap<String, String> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((key, written)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
        let written = written.trim();
        let quoted = |quote: char| {
            let inside = written.strip_prefix(quote)?;
            inside.find(quote).map(|end| inside[..end].to_owned())
        };
        let lookup = |name: &str| environment(name).or_else(|| known.get(name).cloned());
        let value = match (quoted('\''), quoted('"')) {
            (Some(literal), _) => literal,
            (None, Some(text)) => filled(&text.replace("\\n", "\n"), &lookup).unwrap_or(text),
            (None, None) => {
                let plain = written.split(" #").next().unwrap_or(written).trim_end();
                filled(plain, &lookup).unwrap_or_else(|_| plain.to_owned())
            }
        };
        known.insert(key.trim().to_owned(), value);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::{dot_env, filled};

    #[test]
    fn variables_of_the_compose_specification() {
        let set = |name: &str| match name {
            "PORT" => Some("8000".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, wanted) in [
            ("$PORT:80", "8000:80"),
            ("${PORT}", "8000"),
            ("${EMPTY:-1}", "1"),
            ("${EMPTY-1}", ""),
            ("${GONE-1}", "1"),
            ("${GONE:-${PORT:-9}}", "8000"),
            ("${GONE:-${ALSO:-9}}x", "9x"),
            ("${PORT:+on}${GONE:+off}", "on"),
            ("${PORT:?needed}", "8000"),
            ("a$$b$${PORT}", "a$b${PORT}"),
        ] {
            assert_eq!(filled(text, &set).as_deref(), Ok(wanted), "{text}");
        }
        for (text, wanted) in [
            ("${GONE}", "the variable `GONE` is not set"),
            ("$GONE", "the variable `GONE` is not set"),
            (
                "${EMPTY:?say a port}",
                "the variable `EMPTY` is not set, neither in the environment nor in `.env`: say a port",
            ),
            ("${PORT", "`${PORT` has a `${` without its `}`"),
            ("5$", "`5$` has a `$` that names no variable"),
            ("${PORT/x}", "`${PORT/x}` is no variable"),
        ] {
            let got = filled(text, &set).expect_err(text);
            assert!(got.starts_with(wanted), "{text}: {got}");
        }
        assert!(filled(&"${A:-".repeat(100_000), &set).is_err());
        assert!(filled(&format!("{}x{}", "${A:-".repeat(1000), "}".repeat(1000)), &set).is_err());
    }

    #[test]
    fn a_dot_env_file() {
        let text = "# c\nexport A=1\nB = two words # c\nC='$A'\nD=\"x$A\"\nE=${A}-${B}\n\nF\nG=\n";
        let known = dot_env(text, &|_| None);
        let pairs: Vec<String> = known.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(pairs, ["A=1", "B=two words", "C=$A", "D=x1", "E=1-two words", "G="]);
    }
}

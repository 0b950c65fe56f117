//! Names in a TypeScript module: chosen once, apart from keywords, globals and each other.
//!
//! It knows how TypeScript spells names and not what they stand for. A name that is taken gets an underscore at its end.

use std::collections::BTreeSet;

/// Words that cannot name a variable, in strict mode and in modules.
const KEYWORDS: [&str; 50] = [
    "arguments",
    "as",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "type",
    "typeof",
    "var",
    "void",
    "while",
    "with",
];

/// Further words, and globals that generated code or its readers mean by their names.
const MORE: [&str; 28] = [
    "yield",
    "undefined",
    "globalThis",
    "console",
    "process",
    "fetch",
    "require",
    "module",
    "exports",
    "any",
    "unknown",
    "never",
    "string",
    "number",
    "boolean",
    "bigint",
    "symbol",
    "object",
    "of",
    "constructor",
    "NaN",
    "Infinity",
    "Object",
    "Promise",
    "Date",
    "Error",
    "Record",
    "Uint8Array",
];

/// Whether it can stand as a property's name without quotes, which formatters take away then.
pub fn is_identifier(name: &str) -> bool {
    let is_letter = |letter: char| {
        letter == '_' || letter == '$' || (letter.is_alphabetic() && u32::from(letter) <= 0xffff)
    };
    let mut letters = name.chars();
    letters.next().is_some_and(is_letter)
        && letters.all(|letter| is_letter(letter) || (letter.is_numeric() && u32::from(letter) <= 0xffff))
}

fn is_reserved(name: &str) -> bool {
    KEYWORDS.contains(&name) || MORE.contains(&name)
}

/// `user_id` as `userId`. Names that are in camel case stay as they are.
pub fn camel(name: &str) -> String {
    if name.contains('_') && !name.chars().any(char::is_lowercase) {
        return camel(&name.to_lowercase());
    }
    let pascal = pascal(name);
    let mut letters = pascal.chars();
    match letters.next() {
        Some(first) if !name.starts_with(|letter: char| letter.is_uppercase()) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => {
            let head: String = pascal.chars().take_while(|letter| letter.is_uppercase()).collect();
            lowered(&pascal, head.chars().count())
        }
    }
}

/// `HTTPClient` as `httpClient`, `User` as `user`.
fn lowered(name: &str, capitals: usize) -> String {
    let all = name.chars().count();
    let count = if capitals > 1 && capitals < all { capitals - 1 } else { capitals };
    name.chars()
        .enumerate()
        .flat_map(
            |(at, letter)| {
                if at < count { letter.to_lowercase().collect::<Vec<_>>() } else { vec![letter] }
            },
        )
        .collect()
}

/// `user_id` as `UserId`: the parts between what is neither letter nor digit, each with a capital.
pub fn pascal(name: &str) -> String {
    let mut out = String::new();
    for part in name.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let mut letters = part.chars();
        // A digit after a digit would make one number of two.
        if out.ends_with(|last: char| last.is_numeric()) && part.starts_with(|first: char| first.is_numeric())
        {
            out.push('_');
        }
        if let Some(first) = letters.next() {
            out.extend(first.to_uppercase());
            out.extend(letters);
        }
    }
    if out.starts_with(|first: char| first.is_numeric()) || out.is_empty() {
        out.insert(0, '_');
    }
    out
}

/// The names of one scope.
#[derive(Debug, Clone, Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    pub fn reserving(names: &[&str]) -> Names {
        Names { taken: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    pub fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// The name, or with as many underscores as make it free.
    pub fn fresh(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while is_reserved(&name) || self.taken.contains(&name) {
            name.push('_');
        }
        self.taken.insert(name.clone());
        name
    }

    pub fn release(&mut self, name: &str) {
        self.taken.remove(name);
    }
}

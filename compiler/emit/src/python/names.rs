//! Names in a Python module: chosen once, apart from keywords, builtins and each other.
//!
//! It knows how Python spells names and not what they stand for. A name that is taken gets underscores at its end; the
//! manifest's ids start with a lower-case letter, so what starts with an underscore is ours.

use std::collections::BTreeSet;

const KEYWORDS: [&str; 39] = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield", "match", "case", "type", "print",
    "None", "True", "False",
];

/// Builtins that are lower-case, as ids are.
const BUILTINS: [&str; 70] = [
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "copyright",
    "credits",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "license",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
];

const MORE_BUILTINS: [&str; 4] = ["tuple", "vars", "zip", "self"];

/// Whether it can stand as a name in Python's source.
pub fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && letters.all(|letter| letter == '_' || letter.is_alphanumeric())
        && !is_keyword(name)
}

/// Words that cannot be a name. `match`, `case`, `type` and `print` are only unwise.
pub fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name) && !matches!(name, "match" | "case" | "type" | "print")
}

pub fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name) || MORE_BUILTINS.contains(&name) || matches!(name, "type" | "print")
}

/// Whether `name` can be a field of a class that also names types.
pub fn is_plain_field(name: &str) -> bool {
    let identifier = name.chars().enumerate().all(|(at, character)| {
        character == '_' || character.is_alphabetic() || (at > 0 && character.is_numeric())
    });
    identifier && !name.is_empty() && !name.starts_with("__") && !is_keyword(name) && !is_builtin(name)
}

/// The names of one module.
#[derive(Debug, Clone, Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Names that exist whether or not a module uses them.
    pub fn reserving(names: &[&str]) -> Names {
        Names { taken: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// Keeps a name from being given out.
    pub fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// Gives a name back whose variable is not seen any more.
    pub fn release(&mut self, name: &str) {
        self.taken.remove(name);
    }

    /// `wanted`, or where it is taken `wanted` with underscores.
    pub fn fresh(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while is_keyword(&name)
            || KEYWORDS.contains(&name.as_str())
            || is_builtin(&name)
            || self.taken.contains(&name)
        {
            name.push('_');
        }
        self.taken.insert(name.clone());
        name
    }
}

/// A public name for an id: the id itself, unless it is a keyword or one of `reserved`.
pub fn public(id: &str, reserved: &[&str]) -> String {
    if is_keyword(id) || reserved.contains(&id) { format!("{id}_") } else { id.to_owned() }
}

/// The public name for an input. What starts with an underscore is ours, but a parameter that asks for an input may.
pub fn public_input(name: &str) -> String {
    if name.starts_with('_') { format!("{name}_") } else { public(name, &["run_id"]) }
}

/// `process_order` as `ProcessOrder`.
pub fn pascal(id: &str) -> String {
    let mut out = String::new();
    for part in id.split(|character: char| !character.is_alphanumeric()) {
        let mut characters = part.chars();
        if let Some(first) = characters.next() {
            out.extend(first.to_uppercase());
            out.push_str(characters.as_str());
        }
    }
    out
}

/// `HTTPServer` as `http_server`; dots become underscores.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    let characters: Vec<char> = name.chars().collect();
    for (at, character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            out.push('_');
            continue;
        }
        let before = at.checked_sub(1).map(|at| characters[at]);
        let after = characters.get(at + 1);
        let starts_word = character.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if starts_word {
            out.push('_');
        }
        out.extend(character.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Names, pascal, snake};

    #[test]
    fn names_are_kept_apart() {
        let mut names = Names::reserving(&["run"]);
        assert_eq!(names.fresh("run"), "run_");
        assert_eq!(names.fresh("run"), "run__");
        assert_eq!(names.fresh("class"), "class_");
        assert_eq!(names.fresh("list"), "list_");
        assert_eq!(names.fresh("user"), "user");
    }

    #[test]
    fn cases_of_names() {
        assert_eq!(pascal("process_order"), "ProcessOrder");
        assert_eq!(snake("HTTPServer"), "http_server");
        assert_eq!(snake("Outer.Inner"), "outer_inner");
    }
}

//! Which ids may be defined: `[a-z][a-z0-9_]*`, and none that an expression would read as something else.
//!
//! It knows spellings; whether an id stands twice is found when names are resolved.

use conductor_source::Diagnostic;

use super::{BAD_ID, Context, RESERVED_ID};
use crate::manifest::Id;

/// Names that expressions have already.
pub(crate) const SCOPE: &[&str] = &["input", "env", "run", "error"];
/// Reserved words of the CEL specification, with its literals.
pub(crate) const CEL: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// Whether a name may be defined as an id.
#[must_use]
pub fn is_id(name: &str) -> bool {
    is_well_formed(name) && !SCOPE.contains(&name) && !CEL.contains(&name)
}

fn is_well_formed(name: &str) -> bool {
    let tail = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(tail)
}

/// Reports an id that may not be defined. The definition stands all the same, so that its uses are no errors.
pub(super) fn check(context: &mut Context, id: &Id) {
    let name = id.value.as_str();
    if !is_well_formed(name) {
        let mut diagnostic = Diagnostic::error(BAD_ID, format!("`{name}` cannot be an id"), id.span, "")
            .note("ids are lower-case letters, digits and `_`, and begin with a letter");
        if let Some(snake) = snake_case(name) {
            diagnostic = diagnostic.help(format!("`{snake}` would do; change it where it is used, too"));
        }
        return context.report(diagnostic);
    }
    let taken = if SCOPE.contains(&name) {
        "in expressions it names something else"
    } else if CEL.contains(&name) {
        "it is a reserved word of the expression language (CEL)"
    } else {
        return;
    };
    context.report(
        Diagnostic::error(RESERVED_ID, format!("`{name}` is reserved and cannot be an id"), id.span, taken)
            .note(format!("reserved are {} and CEL's words: {}", SCOPE.join(", "), CEL.join(", "))),
    );
}

/// `fetchUser` and `fetch-user` as `fetch_user`; `None` where that is no id either.
fn snake_case(name: &str) -> Option<String> {
    let mut snake = String::new();
    let mut lower_before = false;
    for character in name.chars().take(100) {
        if character.is_ascii_uppercase() && lower_before {
            snake.push('_');
        }
        lower_before = character.is_ascii_lowercase() || character.is_ascii_digit();
        match character {
            _ if character.is_ascii_alphanumeric() => snake.push(character.to_ascii_lowercase()),
            '-' | '_' | ' ' | '.' => snake.push('_'),
            _ => return None,
        }
    }
    snake.starts_with(|first: char| first.is_ascii_lowercase()).then_some(snake)
}

//! What TypeScript says of a type and a manifest cannot: which code that calls a function has to know.
//!
//! It does not know where a type stands.

use super::syntax::TypeKind;

/// What was met in a type and in the aliases that it names.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unsaid {
    /// Only some strings or numbers, or such as the compiler tells from others.
    literal: bool,
    bigint: bool,
    undefined: bool,
    null: bool,
}

impl Unsaid {
    pub fn meets(&mut self, kind: &TypeKind) {
        match kind {
            TypeKind::Literal(_) | TypeKind::Integer | TypeKind::Intersection(_) | TypeKind::Tuple(_) => {
                self.literal = true;
            }
            TypeKind::BigInt => self.bigint = true,
            TypeKind::Undefined => self.undefined = true,
            TypeKind::Null => self.null = true,
            _ => {}
        }
    }

    /// As a Plan has it: `literal`, `bigint`, `undefined` where null is no value, several with ` | ` between.
    pub fn text(self) -> Option<String> {
        let all =
            [(self.literal, "literal"), (self.bigint, "bigint"), (self.undefined && !self.null, "undefined")];
        let met: Vec<&str> = all.into_iter().filter(|(met, _)| *met).map(|(_, name)| name).collect();
        (!met.is_empty()).then(|| met.join(" | "))
    }

    /// With what a parameter has that may be left out.
    pub fn optional(text: Option<String>, ty_has_null: bool) -> Option<String> {
        match text {
            _ if ty_has_null => text,
            Some(text) if text.contains("undefined") => Some(text),
            Some(text) => Some(format!("{text} | undefined")),
            None => Some("undefined".to_owned()),
        }
    }
}

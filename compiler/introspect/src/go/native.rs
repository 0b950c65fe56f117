//! How Go spells a type where the manifest's type leaves that open: `int32`, `*[]User`, `example.com/shop.Cents=int64`.
//!
//! It does not know how values are converted. Behind `=` stands what a named type is made of.

use std::fmt::Write as _;

use conductor_protocol::types::Type;

use super::external::basic_below;
use super::names::{Argument, Entity, Scope};
use super::syntax::{Param, TypeExpr, TypeKind};
use super::types::Reader;

/// Types nested deeper are not spelled.
const MAX_DEPTH: usize = 20;
/// Longer spellings are none.
const MAX_LENGTH: usize = 1000;

/// A type as it is written, with import paths.
enum Spelled {
    Named { name: String, under: Option<Box<Spelled>> },
    Pointer(Box<Spelled>),
    Slice(Box<Spelled>),
    Array(String, Box<Spelled>),
    Map(Box<Spelled>, Box<Spelled>),
    Other(String),
}

impl<'w> Reader<'w> {
    /// The spelling of a type that was read as `ty`; `None` where it is what `ty` alone leads to, or is not known.
    pub fn native(&self, scope: &Scope<'w>, expr: &'w TypeExpr, ty: &Type) -> Option<String> {
        let spelled = self.spelled(scope, expr, 0)?;
        if spelled.is_usual(ty) {
            return None;
        }
        let mut text = String::new();
        spelled.write(&mut text);
        (text.len() <= MAX_LENGTH).then_some(text)
    }

    /// Several results, in the order of the function: `(name string, count int)`.
    pub fn native_results(&self, scope: &Scope<'w>, results: &'w [Param]) -> Option<String> {
        let mut text = String::new();
        for (index, result) in results.iter().enumerate() {
            text.push_str(if index == 0 { "(" } else { ", " });
            text.push_str(result.name.as_deref()?);
            text.push(' ');
            self.spelled(scope, &result.ty, 0)?.write(&mut text);
        }
        text.push(')');
        (text.len() <= MAX_LENGTH).then_some(text)
    }

    fn spelled(&self, scope: &Scope<'w>, expr: &'w TypeExpr, depth: usize) -> Option<Spelled> {
        if depth > MAX_DEPTH {
            return None;
        }
        let inner = |expr: &'w TypeExpr| Some(Box::new(self.spelled(scope, expr, depth + 1)?));
        Some(match &expr.kind {
            TypeKind::Name { package, name } | TypeKind::Generic { package, name, .. } => {
                return self.spelled_name(scope, expr, package.as_deref(), name, depth);
            }
            TypeKind::Pointer(to) => Spelled::Pointer(inner(to)?),
            TypeKind::Slice(of) => Spelled::Slice(inner(of)?),
            TypeKind::Array(length, of) => Spelled::Array(length.clone(), inner(of)?),
            TypeKind::Map(key, value) => Spelled::Map(inner(key)?, inner(value)?),
            TypeKind::Interface(elements) if elements.is_empty() => Spelled::Other("any".to_owned()),
            TypeKind::Struct(_) | TypeKind::Interface(_) => Spelled::Other(self.text(scope, expr, depth)),
            TypeKind::Chan(..) | TypeKind::Func(_) | TypeKind::Union(_) | TypeKind::Unknown => return None,
        })
    }

    fn spelled_name(
        &self,
        scope: &Scope<'w>,
        expr: &'w TypeExpr,
        package: Option<&str>,
        name: &str,
        depth: usize,
    ) -> Option<Spelled> {
        let basic = |name: &str| {
            let name = match name {
                "byte" => "uint8",
                "rune" => "int32",
                other => other,
            };
            Spelled::Named { name: name.to_owned(), under: None }
        };
        match self.store.type_entity(scope, package, name) {
            Entity::Basic(found) => Some(basic(found)),
            Entity::External(path, name) => {
                let under = basic_below(&path, &name).map(|found| Box::new(basic(found)));
                Some(Spelled::Named { name: format!("{path}.{name}"), under })
            }
            Entity::Type(package, decl, found) => {
                let below = Scope::new(&package, decl);
                if found.is_alias && found.type_params.is_empty() {
                    return self.spelled(&below, &found.ty, depth + 1);
                }
                // What an instance of a generic type is made of depends on its arguments.
                let under = match &found.ty.kind {
                    _ if !found.type_params.is_empty() => None,
                    TypeKind::Struct(_) | TypeKind::Interface(_) => None,
                    _ => self.spelled(&below, &found.ty, depth + 1).map(below_all).map(Box::new),
                };
                Some(Spelled::Named { name: self.text(scope, expr, depth), under })
            }
            Entity::Param(argument) => given(name, argument, basic),
            Entity::Unknown | Entity::Pending => None,
        }
    }
}

/// What a type parameter stands for; `None` where that is only known to who calls.
fn given(parameter: &str, argument: Argument, basic: impl Fn(&str) -> Spelled) -> Option<Spelled> {
    let Argument { text, basic: below, .. } = argument;
    if text == parameter {
        return None;
    }
    let is_name =
        text.starts_with(|first: char| first.is_alphabetic()) && !text.contains(['[', '{', '(', ' ']);
    Some(match below {
        Some(_) if is_name && !text.contains('.') => basic(&text),
        Some(below) if is_name => Spelled::Named { name: text, under: Some(Box::new(basic(below))) },
        None if is_name => Spelled::Named { name: text, under: None },
        _ => Spelled::Other(text),
    })
}

/// What a chain of names is made of in the end: only that matters for a conversion. A struct's name stays.
fn below_all(spelled: Spelled) -> Spelled {
    match spelled {
        Spelled::Named { under: Some(under), .. } => below_all(*under),
        other => other,
    }
}

impl Spelled {
    /// Whether the type of the manifest alone leads to this spelling.
    fn is_usual(&self, ty: &Type) -> bool {
        let named = |wanted: &str| matches!(self, Spelled::Named { name, .. } if name == wanted);
        match (ty, self) {
            (Type::Bool, _) => named("bool"),
            (Type::Int, _) => named("int64"),
            (Type::Float, _) => named("float64"),
            (Type::String, _) => named("string"),
            (Type::Timestamp, _) => named("time.Time"),
            (Type::Duration, _) => named("time.Duration"),
            (Type::Named(class), Spelled::Named { name, .. }) => *name == class.to_string(),
            (Type::Any, Spelled::Other(text)) => text == "any",
            (Type::Any, _) => named("any"),
            (Type::Bytes, Spelled::Slice(of)) => of.is_byte(),
            (Type::List(item), Spelled::Slice(of)) => of.is_usual(item),
            (Type::Map(item), Spelled::Map(key, value)) => {
                key.is_usual(&Type::String) && value.is_usual(item)
            }
            // What may be nil already has no pointer to it.
            (Type::Optional(of), _) if matches!(**of, Type::List(_) | Type::Map(_) | Type::Bytes) => false,
            (Type::Optional(of), Spelled::Pointer(to)) => to.is_usual(of),
            _ => false,
        }
    }

    fn is_byte(&self) -> bool {
        matches!(self, Spelled::Named { name, .. } if name == "uint8")
    }

    fn write(&self, text: &mut String) {
        match self {
            Spelled::Named { name, under } => {
                text.push_str(name);
                if let Some(under) = under {
                    text.push('=');
                    under.write(text);
                }
            }
            Spelled::Pointer(to) => {
                text.push('*');
                to.write(text);
            }
            Spelled::Slice(of) => {
                text.push_str("[]");
                of.write(text);
            }
            Spelled::Array(length, of) => {
                let _ = write!(text, "[{length}]");
                of.write(text);
            }
            Spelled::Map(key, value) => {
                text.push_str("map[");
                key.write(text);
                text.push(']');
                value.write(text);
            }
            Spelled::Other(other) => text.push_str(other),
        }
    }
}

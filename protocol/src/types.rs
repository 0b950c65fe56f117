//! The types a value can have between steps: the manifest's types and the user's own, by name.
//!
//! It knows the shape of a type and its wire form, not how any language spells it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The type of a value. `Optional` never nests and a `Union` is flat, sorted and without `Null`:
/// build them with [`Type::optional`] and [`Type::union`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    Null,
    Bool,
    Int,
    Float,
    Decimal,
    String,
    Bytes,
    Timestamp,
    Date,
    Duration,
    Uuid,
    /// A value whose type the code does not say.
    Any,
    List(Box<Type>),
    /// A map with string keys.
    Map(Box<Type>),
    /// A structural record; fields use their wire names.
    Record(BTreeMap<String, Type>),
    Optional(Box<Type>),
    Union(Vec<Type>),
    /// A class of the user's code; its definition stands in the table of types.
    Named(TypeName),
}

/// Where a user's type is defined: `shop.models.User` in Python, `example.com/shop.User` in Go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TypeName {
    /// Module or package path as the language writes it.
    pub module: String,
    /// Name inside the module, with dots for nested classes.
    pub name: String,
}

/// What a user's type looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TypeDef {
    /// A class with fields, built by keyword (a dataclass).
    Class { fields: Vec<Field> },
    /// A mapping with known keys (a `TypedDict`).
    TypedDict { fields: Vec<Field> },
    /// An enumeration by its wire values.
    Enum { base: EnumBase, members: Vec<EnumMember> },
    /// A class whose inside is not known: its values cannot be journaled.
    Opaque,
}

/// A field of a [`TypeDef`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The wire name, verbatim.
    pub name: String,
    /// The name in the source, where it differs from `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The constructor's keyword, where it differs from the attribute: an alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    pub ty: Type,
    /// False where the field may be absent (`NotRequired`) or has a default.
    pub required: bool,
    /// False for a dataclass field with `init=False`: it is computed, so it is not decoded.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub init: bool,
    /// The type as the language writes it, where `ty` leaves that open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
}

impl Field {
    /// The name in the source.
    #[must_use]
    pub fn attribute(&self) -> &str {
        self.attribute.as_ref().unwrap_or(&self.name)
    }

    /// What the constructor calls it.
    #[must_use]
    pub fn keyword(&self) -> &str {
        self.keyword.as_deref().unwrap_or(self.attribute())
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnumBase {
    String,
    Int,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnumMember {
    pub name: String,
    pub value: Value,
}

/// A type and every type inside it, through the fields of classes, depth first. Each class is entered once, and no stack
/// grows with them: code may chain any number of classes.
#[derive(Debug)]
pub struct Inside<'t> {
    table: &'t TypeTable,
    pending: Vec<&'t Type>,
    entered: BTreeSet<&'t TypeName>,
}

impl<'t> Iterator for Inside<'t> {
    type Item = &'t Type;

    fn next(&mut self) -> Option<&'t Type> {
        let ty = self.pending.pop()?;
        match ty {
            Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => self.pending.push(inner),
            Type::Union(members) => self.pending.extend(members.iter().rev()),
            Type::Record(fields) => self.pending.extend(fields.values().rev()),
            Type::Named(name) if self.entered.insert(name) => {
                if let Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) = self.table.get(name)
                {
                    self.pending.extend(fields.iter().rev().map(|field| &field.ty));
                }
            }
            _ => {}
        }
        Some(ty)
    }
}

/// Definitions of the user's types, by name.
pub type TypeTable = BTreeMap<TypeName, TypeDef>;

impl Type {
    /// The type and all that it holds, with the classes of `table`.
    #[must_use]
    pub fn inside<'t>(&'t self, table: &'t TypeTable) -> Inside<'t> {
        Inside { table, pending: vec![self], entered: BTreeSet::new() }
    }

    /// `T?`; the identity for `null`, `any` and types that are optional already.
    #[must_use]
    pub fn optional(inner: Type) -> Type {
        match inner {
            Type::Null | Type::Any | Type::Optional(_) => inner,
            other => Type::Optional(Box::new(other)),
        }
    }

    /// The union of `members`, flattened and sorted; `any` absorbs, `null` makes it optional, a single member is itself.
    #[must_use]
    pub fn union(members: impl IntoIterator<Item = Type>) -> Type {
        let mut flat = Vec::new();
        let mut nullable = false;
        let mut pending: Vec<Type> = members.into_iter().collect();
        while let Some(member) = pending.pop() {
            match member {
                Type::Any => return Type::Any,
                Type::Null => nullable = true,
                Type::Optional(inner) => {
                    nullable = true;
                    pending.push(*inner);
                }
                Type::Union(inner) => pending.extend(inner),
                other => flat.push(other),
            }
        }
        flat.sort();
        flat.dedup();
        let joined = match flat.len() {
            0 => return Type::Null,
            1 => flat.remove(0),
            _ => Type::Union(flat),
        };
        if nullable { Type::optional(joined) } else { joined }
    }

    /// Whether `null` is a value of the type.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        matches!(self, Type::Null | Type::Any | Type::Optional(_))
    }

    /// `T` for `T?`, else the type itself.
    #[must_use]
    pub fn non_null(&self) -> &Type {
        match self {
            Type::Optional(inner) => inner,
            other => other,
        }
    }

    /// Both in the manifest's spelling, or, where that is the same of two classes, with the modules that define them.
    #[must_use]
    pub fn told_apart(&self, other: &Type) -> (String, String) {
        let short = (self.to_string(), other.to_string());
        match (self.non_null(), other.non_null()) {
            (Type::Named(one), Type::Named(another)) if short.0 == short.1 && one != another => {
                (one.to_string(), another.to_string())
            }
            _ => short,
        }
    }

    /// Whether both hold a class in the same place and not the same one, or one an object without a name: a value that
    /// crosses languages has another class where it arrives, and is the same as JSON.
    #[must_use]
    pub fn is_of_another_class(&self, other: &Type) -> bool {
        let (mut one, mut other) = (self, other);
        loop {
            (one, other) = match (one.non_null(), other.non_null()) {
                (Type::List(item), Type::List(other)) | (Type::Map(item), Type::Map(other)) => (item, other),
                (Type::Named(name), Type::Named(other)) => return name != other,
                (Type::Named(_), Type::Record(_)) | (Type::Record(_), Type::Named(_)) => return true,
                _ => return false,
            };
        }
    }

    /// Whether a value of type `self` may be given where `wanted` is asked for. `any` fits everywhere (gradual
    /// typing) and `int` fits `float` and `decimal` only as a literal, which the caller decides.
    #[must_use]
    pub fn fits(&self, wanted: &Type) -> bool {
        match (self, wanted) {
            (Type::Any, _) | (_, Type::Any) => true,
            (Type::Union(members), _) => members.iter().all(|member| member.fits(wanted)),
            (Type::Optional(inner), _) => wanted.is_nullable() && inner.fits(wanted.non_null()),
            (_, Type::Optional(inner)) => *self == Type::Null || self.fits(inner),
            (_, Type::Union(members)) => members.iter().any(|member| self.fits(member)),
            (Type::List(item), Type::List(wanted)) | (Type::Map(item), Type::Map(wanted)) => {
                item.fits(wanted)
            }
            (Type::Record(fields), Type::Record(wanted)) => wanted
                .iter()
                .all(|(name, ty)| fields.get(name).map_or_else(|| ty.is_nullable(), |given| given.fits(ty))),
            (Type::Record(fields), Type::Map(wanted)) => fields.values().all(|ty| ty.fits(wanted)),
            _ => self == wanted,
        }
    }
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.module.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}.{}", self.module, self.name)
        }
    }
}

/// The manifest's spelling: `list<int>`, `{id: string}`, `User?`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Type::Null => "null",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Float => "float",
            Type::Decimal => "decimal",
            Type::String => "string",
            Type::Bytes => "bytes",
            Type::Timestamp => "timestamp",
            Type::Date => "date",
            Type::Duration => "duration",
            Type::Uuid => "uuid",
            Type::Any => "any",
            Type::List(item) => return write!(f, "list<{item}>"),
            Type::Map(item) => return write!(f, "map<string, {item}>"),
            Type::Record(fields) => {
                f.write_str("{")?;
                for (index, (name, ty)) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{name}: {ty}")?;
                }
                return f.write_str("}");
            }
            Type::Optional(inner) if matches!(**inner, Type::Union(_)) => return write!(f, "({inner})?"),
            Type::Optional(inner) => return write!(f, "{inner}?"),
            Type::Union(members) => {
                for (index, member) in members.iter().enumerate() {
                    let bar = if index == 0 { "" } else { " | " };
                    write!(f, "{bar}{member}")?;
                }
                return Ok(());
            }
            Type::Named(name) => return f.write_str(&name.name),
        };
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Type, TypeDef, TypeName, TypeTable};

    #[test]
    fn unions_are_flat_sorted_and_carry_null_outside() {
        let joined = Type::union([Type::String, Type::optional(Type::Int), Type::String]);
        assert_eq!(joined.to_string(), "(int | string)?");
        assert_eq!(Type::union([Type::Null]), Type::Null);
        assert_eq!(Type::union([Type::Int, Type::Any]), Type::Any);
    }

    #[test]
    fn a_chain_of_classes_is_walked_without_a_deep_stack() {
        let class = |n: u32| TypeName { module: "m".to_owned(), name: format!("C{n}") };
        let field = |ty| Field {
            name: "next".to_owned(),
            attribute: None,
            ty,
            required: true,
            init: true,
            keyword: None,
            native: None,
        };
        let definition = |n| TypeDef::Class { fields: vec![field(Type::Named(class((n + 1) % 100_000)))] };
        let table: TypeTable = (0..100_000).map(|n| (class(n), definition(n))).collect();
        // The last leads back to the first, which is not entered again.
        assert_eq!(Type::Named(class(0)).inside(&table).count(), 100_001);
    }

    #[test]
    fn optional_fits_only_nullable() {
        assert!(!Type::optional(Type::Int).fits(&Type::Int));
        assert!(Type::Int.fits(&Type::optional(Type::Int)));
        assert!(Type::Null.fits(&Type::optional(Type::Int)));
        assert!(Type::Any.fits(&Type::Int));
        assert!(!Type::union([Type::Int, Type::String]).fits(&Type::Int));
    }
}

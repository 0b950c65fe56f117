//! Structs and enumerations as serde writes them.
//!
//! It knows the attributes of derived implementations; one written by hand is not looked into.

use conductor_protocol::types::{EnumBase, EnumMember, Field, Type, TypeDef};
use serde_json::Value;

use super::store::Home;
use super::syntax::{Body, Serde, TypeDecl, TypeKind, Variant};
use super::types::{Reader, Scope};

impl<'w> Reader<'w> {
    pub fn struct_definition(&mut self, scope: &Scope<'w>, decl: &'w TypeDecl) -> TypeDef {
        let Body::Struct(declared) = &decl.body else { return TypeDef::Opaque };
        let mut fields = Vec::new();
        for field in declared.iter().filter(|field| !field.serde.is_skipped) {
            let serde = &field.serde;
            if serde.is_reshaped {
                return TypeDef::Opaque;
            }
            let ty = if serde.is_custom { Type::Any } else { self.ty(scope, &field.ty) };
            let renamed = || field_name(decl.serde.rename_all.as_deref()?, &field.name);
            let name = serde.rename.clone().or_else(renamed).unwrap_or_else(|| field.name.clone());
            // serde reads an `Option` that is not there as `None`.
            let is_option = matches!(&field.ty.kind, TypeKind::Path(names, _) if names.last().is_some_and(|name| name == "Option"));
            let required = !(decl.serde.is_default || serde.is_default || serde.may_be_absent || is_option);
            let attribute = (name != field.name).then(|| field.name.clone());
            fields.push(Field { name, attribute, keyword: None, ty, required, init: true, native: None });
        }
        TypeDef::Class { fields }
    }
}

/// `None` where a variant holds data.
pub fn enumeration(serde: &Serde, variants: &[Variant]) -> Option<TypeDef> {
    let mut members = Vec::new();
    let mut next = 0_i64;
    for variant in variants.iter().filter(|variant| !variant.serde.is_skipped) {
        if !variant.is_unit {
            return None;
        }
        let value = if serde.is_repr {
            let value = match &variant.value {
                Some(text) => text.replace('_', "").parse().ok()?,
                None => next,
            };
            next = value.checked_add(1)?;
            Value::from(value)
        } else {
            let renamed = || renamed(serde.rename_all.as_deref(), &pascal_words(&variant.name));
            Value::from(variant.serde.rename.clone().or_else(renamed).unwrap_or_else(|| variant.name.clone()))
        };
        members.push(EnumMember { name: variant.name.clone(), value });
    }
    let base = if serde.is_repr { EnumBase::Int } else { EnumBase::String };
    (!members.is_empty()).then_some(TypeDef::Enum { base, members })
}

/// Whether the module of a type implements a trait for it by hand.
pub fn implements(home: &Home<'_>, name: &str, of_trait: &str) -> bool {
    home.items.impls.iter().any(|one| {
        let is_of =
            matches!(&one.ty.kind, TypeKind::Path(names, _) if names.last().is_some_and(|last| last == name));
        is_of && one.of_trait.as_deref() == Some(of_trait)
    })
}

/// The words of `order_id`.
fn snake_words(name: &str) -> Vec<String> {
    name.split('_').filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// A field keeps its underscores where the rule is about letters only.
fn field_name(rule: &str, name: &str) -> Option<String> {
    match rule {
        "lowercase" | "snake_case" => None,
        "UPPERCASE" | "SCREAMING_SNAKE_CASE" => Some(name.to_uppercase()),
        "kebab-case" => Some(name.replace('_', "-")),
        "SCREAMING-KEBAB-CASE" => Some(name.to_uppercase().replace('_', "-")),
        _ => renamed(Some(rule), &snake_words(name)),
    }
}

/// The words of `InProgress`.
fn pascal_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_string()),
        }
    }
    words.into_iter().map(|word| word.to_lowercase()).collect()
}

/// The rules of serde's `rename_all`.
fn renamed(rule: Option<&str>, words: &[String]) -> Option<String> {
    let capital = |word: &String| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    let pascal = || words.iter().map(capital).collect::<String>();
    Some(match rule? {
        "lowercase" => words.concat(),
        "UPPERCASE" => words.concat().to_uppercase(),
        "PascalCase" => pascal(),
        "camelCase" => {
            let (first, rest) = words.split_first()?;
            first.clone() + &rest.iter().map(capital).collect::<String>()
        }
        "snake_case" => words.join("_"),
        "SCREAMING_SNAKE_CASE" => words.join("_").to_uppercase(),
        "kebab-case" => words.join("-"),
        "SCREAMING-KEBAB-CASE" => words.join("-").to_uppercase(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{field_name, pascal_words, renamed, snake_words};

    #[test]
    fn names_are_renamed_as_serde_does() {
        let variant = |rule| renamed(Some(rule), &pascal_words("InProgress")).unwrap();
        assert_eq!(variant("snake_case"), "in_progress");
        assert_eq!(variant("camelCase"), "inProgress");
        assert_eq!(variant("SCREAMING-KEBAB-CASE"), "IN-PROGRESS");
        assert_eq!(variant("lowercase"), "inprogress");
        let field = |rule| field_name(rule, "order_id");
        assert_eq!(field("camelCase").unwrap(), "orderId");
        assert_eq!(field("PascalCase").unwrap(), "OrderId");
        assert_eq!(field("kebab-case").unwrap(), "order-id");
        assert_eq!(field("UPPERCASE").unwrap(), "ORDER_ID");
        assert_eq!((field("lowercase"), field("Unknown")), (None, None));
        assert_eq!(renamed(None, &snake_words("a")), None);
        assert_eq!(renamed(Some("camelCase"), &[]), None);
    }
}

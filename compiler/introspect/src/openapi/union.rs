//! Unions whose members JSON tells apart; others become what is common to them.
//!
//! It knows types, not schemas.

use conductor_protocol::types::{EnumBase, Field, Type, TypeDef, TypeTable};

/// The union of `members`. Two that are texts in JSON are a string, two that are numbers a float.
pub fn joined(members: Vec<Type>) -> Type {
    let joined = Type::union(members);
    let Type::Union(members) = joined.non_null() else { return joined };
    let mut kept: Vec<Type> = members.clone();
    merge(&mut kept, is_text, Type::String);
    merge(&mut kept, |ty| matches!(ty, Type::Int | Type::Float), Type::Float);
    merge(&mut kept, |ty| matches!(ty, Type::List(_)), Type::List(Box::new(Type::Any)));
    let kept = Type::union(kept);
    if joined.is_nullable() { Type::optional(kept) } else { kept }
}

fn merge(members: &mut Vec<Type>, alike: impl Fn(&Type) -> bool, common: Type) {
    if members.iter().filter(|member| alike(member)).count() > 1 {
        members.retain(|member| !alike(member));
        members.push(common);
    }
}

fn is_text(ty: &Type) -> bool {
    matches!(
        ty,
        Type::String
            | Type::Decimal
            | Type::Bytes
            | Type::Timestamp
            | Type::Date
            | Type::Duration
            | Type::Uuid
    )
}

/// The type, with `any` for each union of objects or enumerations that JSON does not tell apart.
pub fn told_apart(ty: &Type, table: &TypeTable) -> Type {
    match ty {
        Type::List(item) => Type::List(Box::new(told_apart(item, table))),
        Type::Map(item) => Type::Map(Box::new(told_apart(item, table))),
        Type::Optional(inner) => Type::optional(told_apart(inner, table)),
        Type::Union(members) => {
            let members: Vec<Type> = members.iter().map(|member| told_apart(member, table)).collect();
            match clear(&members, table) {
                true => Type::union(members),
                false => Type::Any,
            }
        }
        other => other.clone(),
    }
}

/// The same in a definition.
pub fn told_apart_in(def: &TypeDef, table: &TypeTable) -> TypeDef {
    match def {
        TypeDef::TypedDict { fields } => {
            let fields =
                fields.iter().map(|field| Field { ty: told_apart(&field.ty, table), ..field.clone() });
            TypeDef::TypedDict { fields: fields.collect() }
        }
        other => other.clone(),
    }
}

fn clear(members: &[Type], table: &TypeTable) -> bool {
    let texts = |ty: &&Type| is_text(ty) || is_enum(ty, table, EnumBase::String);
    let numbers = |ty: &&Type| matches!(ty, Type::Int | Type::Float) || is_enum(ty, table, EnumBase::Int);
    if members.iter().filter(texts).count() > 1 || members.iter().filter(numbers).count() > 1 {
        return false;
    }
    let objects: Vec<Option<&[Field]>> = members.iter().filter_map(|ty| fields(ty, table)).collect();
    let pairs = objects
        .iter()
        .enumerate()
        .flat_map(|(at, one)| objects.iter().skip(at + 1).map(move |other| (one, other)));
    pairs.into_iter().all(|(one, other)| match (one, other) {
        (Some(one), Some(other)) => has_own(one, &objects) || has_own(other, &objects),
        // A map may have any field.
        _ => false,
    })
}

/// Whether it always has a field that no other ever has.
fn has_own(fields: &[Field], all: &[Option<&[Field]>]) -> bool {
    let others = |name: &str| {
        let having = all.iter().flatten().filter(|fields| fields.iter().any(|field| field.name == name));
        having.count()
    };
    fields.iter().any(|field| field.required && others(&field.name) == 1)
}

fn is_enum(ty: &Type, table: &TypeTable, wanted: EnumBase) -> bool {
    let Type::Named(name) = ty else { return false };
    matches!(table.get(name), Some(TypeDef::Enum { base, .. }) if *base == wanted)
}

/// The fields of an object, `None` inside where they are not known.
#[expect(clippy::option_option, reason = "no object, an object, an object with known fields")]
fn fields<'t>(ty: &Type, table: &'t TypeTable) -> Option<Option<&'t [Field]>> {
    match ty {
        Type::Map(_) | Type::Record(_) => Some(None),
        Type::Named(name) => match table.get(name) {
            Some(TypeDef::TypedDict { fields } | TypeDef::Class { fields }) => Some(Some(fields)),
            Some(TypeDef::Enum { .. }) => None,
            _ => Some(None),
        },
        _ => None,
    }
}

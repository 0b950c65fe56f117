//! Members of a union as JSON shows them: what tells one from the others, or that nothing does.
//!
//! It knows JSON's kinds and the fields of objects; a tag is never added to a user's value.

use std::collections::BTreeSet;

use conductor_protocol::types::{EnumBase, Type, TypeDef, TypeTable};

use crate::EmitError;

/// What JSON shows of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Bool,
    Int,
    Float,
    String,
    List,
    Object,
}

#[derive(Debug)]
pub struct Member<'a> {
    pub ty: &'a Type,
    pub kind: Kind,
    /// A field that this member always has and no other object ever has.
    pub mark: Option<&'a str>,
    /// Fields that are always there, and all that may be.
    required: BTreeSet<&'a str>,
    fields: BTreeSet<&'a str>,
}

/// The members in the order in which a value is tried: `bool` before `int`, which may contain it; objects with a mark before
/// the one without.
///
/// # Errors
/// When JSON shows two of them alike, or one has no form in JSON.
pub fn told_apart<'a>(types: &'a TypeTable, members: &[&'a Type]) -> Result<Vec<Member<'a>>, EmitError> {
    let mut members: Vec<Member> = members.iter().map(|ty| member(types, ty)).collect::<Result<_, _>>()?;
    let marks: Vec<Option<&str>> = members.iter().map(|one| mark(one, &members)).collect();
    for (member, mark) in members.iter_mut().zip(marks) {
        member.mark = mark;
    }
    for (at, one) in members.iter().enumerate() {
        for other in &members[at + 1..] {
            if one.kind == other.kind && one.mark.or(other.mark).is_none() {
                return Err(EmitError::Union { one: one.ty.to_string(), other: other.ty.to_string() });
            }
        }
    }
    members.sort_by_key(|member| (member.kind, member.mark.is_none()));
    Ok(members)
}

fn mark<'a>(member: &Member<'a>, members: &[Member<'a>]) -> Option<&'a str> {
    let others =
        || members.iter().filter(|other| other.kind == Kind::Object && !std::ptr::eq(*other, member));
    if member.kind != Kind::Object || others().next().is_none() {
        return None;
    }
    member.required.iter().copied().find(|field| {
        others().all(|other| !other.fields.contains(field) && !matches!(other.ty, Type::Map(_)))
    })
}

fn member<'a>(types: &'a TypeTable, ty: &'a Type) -> Result<Member<'a>, EmitError> {
    let mut required = BTreeSet::new();
    let mut fields = BTreeSet::new();
    let kind = match ty {
        Type::Bool => Kind::Bool,
        Type::Int => Kind::Int,
        Type::Float => Kind::Float,
        Type::List(_) => Kind::List,
        Type::Map(_) => Kind::Object,
        Type::Record(record) => {
            required.extend(record.keys().map(String::as_str));
            fields.extend(record.keys().map(String::as_str));
            Kind::Object
        }
        Type::Named(name) => match types.get(name) {
            Some(TypeDef::Class { fields: all } | TypeDef::TypedDict { fields: all }) => {
                required.extend(all.iter().filter(|field| field.required).map(|field| field.name.as_str()));
                fields.extend(all.iter().map(|field| field.name.as_str()));
                Kind::Object
            }
            Some(TypeDef::Enum { base: EnumBase::String, .. }) => Kind::String,
            Some(TypeDef::Enum { base: EnumBase::Int, .. }) => Kind::Int,
            Some(TypeDef::Opaque) | None => return Err(EmitError::Opaque { class: name.to_string() }),
        },
        _ => Kind::String,
    };
    Ok(Member { ty, kind, mark: None, required, fields })
}

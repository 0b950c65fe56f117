//! Codecs of unions: the member is told from the value itself, or the union is refused.
//!
//! It knows JSON's kinds and the fields of records; a tag is never added to a user's value.

use std::collections::BTreeSet;

use conductor_protocol::types::{EnumBase, Type, TypeDef};

use super::codecs::{Way, value};
use super::file::File;
use super::tree::{Operator, Stmt, Ts};
use crate::EmitError;

/// What JSON shows of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Bool,
    Int,
    Float,
    String,
    List,
    Object,
}

struct Member<'a> {
    ty: &'a Type,
    kind: Kind,
    /// Fields that are always there, and all that may be.
    required: BTreeSet<&'a str>,
    fields: BTreeSet<&'a str>,
}

pub fn encode(file: &mut File, members: &[Type]) -> Result<Vec<Stmt>, EmitError> {
    written(file, members, Way::Encode)
}

pub fn decode(file: &mut File, members: &[Type]) -> Result<Vec<Stmt>, EmitError> {
    written(file, members, Way::Decode)
}

fn written(file: &mut File, members: &[Type], way: Way) -> Result<Vec<Stmt>, EmitError> {
    let names: Vec<String> = members.iter().map(ToString::to_string).collect();
    // A whole number is a number.
    let has_float = members.contains(&Type::Float);
    let members: Vec<&Type> = members.iter().filter(|ty| !(has_float && **ty == Type::Int)).collect();
    if let [only] = members.as_slice() {
        let coded = file.coded(way, only, value());
        return Ok(vec![Stmt::Return(Some(coded))]);
    }
    let members = told_apart(file, &members)?;
    let mut body = Vec::new();
    for member in ordered(&members) {
        let test = test(member, &members, way);
        let coded = file.coded(way, member.ty, value());
        body.push(Stmt::If { test, body: vec![Stmt::Return(Some(coded))], otherwise: Vec::new() });
    }
    let refused = file.scalar("mismatch").called(vec![Ts::string(names.join(" | ")), value()]);
    body.push(Stmt::Throw(refused));
    Ok(body)
}

/// What says that the value is the member.
fn test(member: &Member<'_>, members: &[Member<'_>], way: Way) -> Ts {
    let is = |kind: &str| {
        let type_of = Ts::Literal("typeof value".to_owned());
        Ts::binary(Operator::Equal, type_of, Ts::string(kind))
    };
    let of = |class: &str| Ts::binary(Operator::InstanceOf, value(), Ts::name(class));
    match (member.ty, way) {
        (Type::Bytes, Way::Encode) => return of("Uint8Array"),
        (Type::Timestamp, Way::Encode) => return of("Date"),
        _ => {}
    }
    match member.kind {
        Kind::Bool => is("boolean"),
        Kind::Int if way == Way::Decode => Ts::binary(Operator::Or, is("number"), is("bigint")),
        Kind::Int | Kind::Float => is("number"),
        Kind::String => is("string"),
        Kind::List => Ts::call("Array.isArray", vec![value()]),
        Kind::Object => {
            let object = match way {
                Way::Encode => is("object"),
                Way::Decode => {
                    let not_null = Ts::binary(Operator::NotEqual, value(), Ts::null());
                    Ts::binary(Operator::And, is("object"), not_null)
                }
            };
            match mark(member, members) {
                None => object,
                Some(mark) => {
                    let marked = Ts::binary(Operator::In, Ts::string(mark), value());
                    Ts::binary(Operator::And, object, marked)
                }
            }
        }
    }
}

/// Records with a mark before the one without.
fn ordered<'m, 'a>(members: &'m [Member<'a>]) -> Vec<&'m Member<'a>> {
    let mut sorted: Vec<&Member> = members.iter().collect();
    sorted.sort_by_key(|member| (member.kind, mark(member, members).is_none()));
    sorted
}

fn told_apart<'a>(file: &File<'a>, members: &[&'a Type]) -> Result<Vec<Member<'a>>, EmitError> {
    let members: Vec<Member> = members.iter().map(|ty| member(file, ty)).collect::<Result<_, _>>()?;
    for (at, one) in members.iter().enumerate() {
        for other in &members[at + 1..] {
            let same = one.kind == other.kind;
            let marked = one.kind == Kind::Object
                && (mark(one, &members).is_some() || mark(other, &members).is_some());
            if same && !marked {
                return Err(EmitError::Union { one: one.ty.to_string(), other: other.ty.to_string() });
            }
        }
    }
    Ok(members)
}

/// A field that this member always has and no other object ever has.
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

fn member<'a>(file: &File<'a>, ty: &'a Type) -> Result<Member<'a>, EmitError> {
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
        Type::Named(name) => match file.package.types.def(name) {
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
    Ok(Member { ty, kind, required, fields })
}

//! Codecs of unions: the member is told from the value itself, or the union is refused.
//!
//! It knows JSON's kinds and the fields of records; a tag is never added to a user's value.

use std::collections::BTreeSet;

use conductor_protocol::types::{EnumBase, Type, TypeDef};

use super::codecs::{Way, apply, scalar};
use super::file::File;
use super::tree::{Operator, Py, Stmt};
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
    let members = told_apart(file, members)?;
    let mut body = Vec::new();
    for member in ordered(&members) {
        let mut test = Py::call("isinstance", vec![Py::atom("value"), Py::atom(class(file, member.ty))]);
        if is_mapping(file, member.ty)
            && let Some(mark) = mark(member, &members)
        {
            test = Py::binary(Operator::And, test, contains(mark, "value"));
        }
        body.push(returning(test, apply(file, Way::Encode, member.ty, Py::atom("value"))));
    }
    body.push(refusal(file, &members));
    Ok(body)
}

pub fn decode(file: &mut File, members: &[Type]) -> Result<Vec<Stmt>, EmitError> {
    let members = told_apart(file, members)?;
    let mut body = Vec::new();
    for member in ordered(&members) {
        let kind = match member.kind {
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::String => "str",
            Kind::List => "list",
            Kind::Object => "dict",
        };
        let mut test = Py::call("isinstance", vec![Py::atom("value"), Py::atom(kind)]);
        if let Some(mark) = mark(member, &members) {
            test = Py::binary(Operator::And, test, contains(mark, "value"));
        }
        body.push(returning(test, apply(file, Way::Decode, member.ty, Py::atom("value"))));
    }
    body.push(refusal(file, &members));
    Ok(body)
}

/// `bool` before `int`, which contains it; records with a mark before the one without.
fn ordered<'m, 'a>(members: &'m [Member<'a>]) -> Vec<&'m Member<'a>> {
    let mut sorted: Vec<&Member> = members.iter().collect();
    sorted.sort_by_key(|member| (member.kind, mark(member, members).is_none()));
    sorted
}

fn contains(mark: &str, name: &str) -> Py {
    Py::binary(Operator::In, Py::string(mark), Py::atom(name))
}

fn returning(test: Py, value: Py) -> Stmt {
    Stmt::If { test, body: vec![Stmt::Return(Some(value))], otherwise: Vec::new() }
}

fn refusal(file: &mut File, members: &[Member]) -> Stmt {
    let names: Vec<String> = members.iter().map(|member| member.ty.to_string()).collect();
    let error = Py::call(scalar(file, "mismatch"), vec![Py::string(&names.join(" | ")), Py::atom("value")]);
    Stmt::Raise { error, cause: None }
}

fn told_apart<'a>(file: &File<'a>, members: &'a [Type]) -> Result<Vec<Member<'a>>, EmitError> {
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

fn is_mapping(file: &File, ty: &Type) -> bool {
    match ty {
        Type::Named(name) => matches!(file.package.types.def(name), Some(TypeDef::TypedDict { .. })),
        Type::Record(_) | Type::Map(_) => true,
        _ => false,
    }
}

/// What `isinstance` asks for.
fn class(file: &mut File, ty: &Type) -> String {
    match ty {
        _ if is_mapping(file, ty) => "dict".to_owned(),
        Type::List(_) => "list".to_owned(),
        other => file.annotation(other),
    }
}

//! Values of a union: which member a value is, from its Go type or from its JSON.
//!
//! It knows that JSON shows a value's kind only; members of one kind must differ in their fields.

use std::collections::BTreeSet;

use conductor_protocol::types::{EnumBase, Type, TypeDef};

use super::codecs::{Way, apply};
use super::file::File;
use super::tree::{Go, Stmt};
use crate::EmitError;

/// What JSON shows of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Bool,
    Int,
    Float,
    String,
    Array,
    Object,
}

fn kind(file: &File, ty: &Type) -> Option<Kind> {
    Some(match ty {
        Type::Bool => Kind::Bool,
        Type::Int => Kind::Int,
        Type::Float => Kind::Float,
        Type::List(_) => Kind::Array,
        Type::Map(_) | Type::Record(_) => Kind::Object,
        Type::Named(_) => match file.package.enum_base(ty) {
            Some(EnumBase::String) => Kind::String,
            Some(EnumBase::Int) => Kind::Int,
            None => Kind::Object,
        },
        Type::Null | Type::Any | Type::Optional(_) | Type::Union(_) => return None,
        _ => Kind::String,
    })
}

/// The type that a member has inside the `any` of a union.
fn held(file: &mut File, ty: &Type) -> String {
    match ty {
        Type::Decimal => file.cel("Decimal"),
        Type::Uuid => file.cel("UUID"),
        other => file.ty(other),
    }
}

/// A member as the union holds it.
pub fn hold(file: &mut File, ty: &Type, value: Go) -> Go {
    match ty {
        Type::Decimal | Type::Uuid => {
            let name = held(file, ty);
            Go::call(name, vec![value])
        }
        _ => value,
    }
}

/// The member that a union is known to hold here; it may fail.
pub fn member(file: &mut File, ty: &Type, value: Go) -> Go {
    let name = held(file, ty);
    let narrow = file.cel(&format!("Narrowed[{name}]"));
    let value = Go::call(narrow, vec![value]);
    match ty {
        Type::Decimal | Type::Uuid => Go::call("string", vec![value]),
        _ => value,
    }
}

pub fn body(file: &mut File, way: Way, members: &[Type]) -> Result<Vec<Stmt>, EmitError> {
    if way == Way::Decode { decode(file, members) } else { by_type(file, way, members) }
}

fn by_type(file: &mut File, way: Way, members: &[Type]) -> Result<Vec<Stmt>, EmitError> {
    let mut cases = Vec::new();
    for member in members {
        let name = held(file, member);
        let value = match member {
            Type::Decimal | Type::Uuid => Go::call("string", vec![Go::atom("v")]),
            _ => Go::atom("v"),
        };
        let result = apply(file, way, member, value.clone());
        let result = if way == Way::Copy && result == value { Go::atom("v") } else { result };
        let result = if way == Way::Copy { hold(file, member, result) } else { result };
        cases.push((vec![Go::atom(name)], vec![Stmt::Return(vec![result])]));
    }
    let otherwise = match way {
        Way::Encode => Go::call(
            "e.Fail",
            vec![Go::string("%T is none of the types that the value may have"), Go::atom("v")],
        ),
        _ => Go::atom("v"),
    };
    cases.push((Vec::new(), vec![Stmt::Return(vec![otherwise])]));
    Ok(vec![Stmt::Switch { head: "v := v.(type)".to_owned(), cases }])
}

fn decode(file: &mut File, members: &[Type]) -> Result<Vec<Stmt>, EmitError> {
    let mut cases = Vec::new();
    let mut objects = Vec::new();
    let mut seen: Vec<(Kind, &Type)> = Vec::new();
    for member in members {
        let Some(kind) = kind(file, member) else { return Err(clash(member, member)) };
        if kind == Kind::Object {
            objects.push(member);
            continue;
        }
        if let Some((_, other)) = seen.iter().find(|(known, _)| *known == kind) {
            return Err(clash(other, member));
        }
        seen.push((kind, member));
        let json = match kind {
            Kind::Bool => "bool",
            Kind::Int => "int64",
            Kind::Float => "float64",
            Kind::String => "string",
            Kind::Array | Kind::Object => "[]any",
        };
        let value = apply(file, Way::Decode, member, Go::atom("v"));
        let value = hold(file, member, value);
        cases.push((vec![Go::atom(json)], vec![Stmt::Return(vec![value])]));
    }
    if !objects.is_empty() {
        cases.push((vec![Go::atom("map[string]any")], of_objects(file, &objects)?));
    }
    let message = Go::string("%T is none of the types that the value may have");
    let fail = Stmt::Expr(Go::call("d.Fail", vec![message, Go::atom("v")]));
    Ok(vec![
        Stmt::Switch { head: "v := v.(type)".to_owned(), cases },
        fail,
        Stmt::Return(vec![Go::atom("nil")]),
    ])
}

/// Objects are told apart by a field that one of them always has and no other ever does.
fn of_objects(file: &mut File, members: &[&Type]) -> Result<Vec<Stmt>, EmitError> {
    let mut body = Vec::new();
    let mut rest = members.to_vec();
    while rest.len() > 1 {
        let found = rest.iter().enumerate().find_map(|(at, member)| {
            let (required, _) = fields(file, member);
            let mut others = BTreeSet::new();
            for (other_at, other) in rest.iter().enumerate() {
                if other_at != at {
                    others.extend(fields(file, other).1?);
                }
            }
            required.into_iter().find(|name| !others.contains(name)).map(|name| (at, name))
        });
        let Some((at, name)) = found else { return Err(clash(rest[0], rest[1])) };
        let member = rest.remove(at);
        let value = apply(file, Way::Decode, member, Go::atom("v"));
        body.push(Stmt::If {
            init: Some(Box::new(Stmt::Define(
                vec!["_".to_owned(), "ok".to_owned()],
                Go::atom("v").index(Go::string(&name)),
            ))),
            test: Go::atom("ok"),
            body: vec![Stmt::Return(vec![value])],
            otherwise: Vec::new(),
        });
    }
    let value = apply(file, Way::Decode, rest[0], Go::atom("v"));
    body.push(Stmt::Return(vec![value]));
    Ok(body)
}

/// The fields that are always there, and all that may be; `None` where anything may.
fn fields(file: &File, ty: &Type) -> (BTreeSet<String>, Option<BTreeSet<String>>) {
    match ty {
        Type::Record(fields) => {
            let all: BTreeSet<String> = fields.keys().cloned().collect();
            (all.clone(), Some(all))
        }
        Type::Named(name) => match file.package.types.get(name) {
            Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => {
                let required = fields.iter().filter(|field| field.required);
                let all = fields.iter().map(|field| field.name.clone()).collect();
                (required.map(|field| field.name.clone()).collect(), Some(all))
            }
            _ => (BTreeSet::new(), None),
        },
        _ => (BTreeSet::new(), None),
    }
}

fn clash(one: &Type, other: &Type) -> EmitError {
    EmitError::Union { one: one.to_string(), other: other.to_string() }
}

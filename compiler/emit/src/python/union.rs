//! Codecs of unions: the member is told from the value itself, or the union is refused.
//!
//! It knows JSON's kinds and the fields of records; a tag is never added to a user's value.

use conductor_protocol::types::{Type, TypeDef};

use super::codecs::{Way, apply, scalar};
use super::file::File;
use super::tree::{Operator, Py, Stmt};
use crate::EmitError;
use crate::flow::members::{Kind, Member, told_apart};

pub fn encode(file: &mut File, members: &[Type]) -> Result<Vec<Stmt>, EmitError> {
    let members = told_apart(&file.package.types.table, &members.iter().collect::<Vec<_>>())?;
    let mut body = Vec::new();
    for member in &members {
        let mut test = Py::call("isinstance", vec![Py::atom("value"), Py::atom(class(file, member.ty))]);
        if is_mapping(file, member.ty)
            && let Some(mark) = member.mark
        {
            test = Py::binary(Operator::And, test, contains(mark, "value"));
        }
        body.push(returning(test, apply(file, Way::Encode, member.ty, Py::atom("value"))));
    }
    body.push(refusal(file, &members));
    Ok(body)
}

pub fn decode(file: &mut File, members: &[Type]) -> Result<Vec<Stmt>, EmitError> {
    let members = told_apart(&file.package.types.table, &members.iter().collect::<Vec<_>>())?;
    let mut body = Vec::new();
    for member in &members {
        let kind = match member.kind {
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::String => "str",
            Kind::List => "list",
            Kind::Object => "dict",
        };
        let mut test = Py::call("isinstance", vec![Py::atom("value"), Py::atom(kind)]);
        if let Some(mark) = member.mark {
            test = Py::binary(Operator::And, test, contains(mark, "value"));
        }
        body.push(returning(test, apply(file, Way::Decode, member.ty, Py::atom("value"))));
    }
    body.push(refusal(file, &members));
    Ok(body)
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

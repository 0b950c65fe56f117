//! Codecs of unions: the member is told from the value itself, or the union is refused.
//!
//! It knows JSON's kinds and the fields of records; a tag is never added to a user's value.

use conductor_protocol::types::Type;

use super::codecs::{Way, value};
use super::file::File;
use super::tree::{Operator, Stmt, Ts};
use crate::EmitError;
use crate::flow::members::{Kind, Member, told_apart};

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
    let members = told_apart(&file.package.types.table, &members)?;
    let mut body = Vec::new();
    for member in &members {
        let test = test(member, way);
        let coded = file.coded(way, member.ty, value());
        body.push(Stmt::If { test, body: vec![Stmt::Return(Some(coded))], otherwise: Vec::new() });
    }
    let refused = file.scalar("mismatch").called(vec![Ts::string(names.join(" | ")), value()]);
    body.push(Stmt::Throw(refused));
    Ok(body)
}

/// What says that the value is the member.
fn test(member: &Member<'_>, way: Way) -> Ts {
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
            match member.mark {
                None => object,
                Some(mark) => {
                    let marked = Ts::binary(Operator::In, Ts::string(mark), value());
                    Ts::binary(Operator::And, object, marked)
                }
            }
        }
    }
}

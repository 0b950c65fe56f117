//! Manifest mode: what is accepted and with which type, and the words for what is not.
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the report")]

mod accepted;
mod mistakes;
mod variables;

use std::collections::BTreeMap;
use std::fmt::Write;

use conductor_cel::{CelError, Scope, check_template, template};
use conductor_protocol::expr::Expr;
use conductor_protocol::types::{EnumBase, EnumMember, Field, Type, TypeDef, TypeName, TypeTable};
use expect_test::{Expect, expect};

struct World {
    inputs: BTreeMap<String, Type>,
    steps: BTreeMap<String, Type>,
    types: TypeTable,
}

fn named(name: &str) -> Type {
    Type::Named(TypeName { module: "shop.models".into(), name: name.into() })
}

fn class(fields: &[(&str, Type)]) -> TypeDef {
    let field = |(name, ty): &(&str, Type)| Field {
        name: (*name).into(),
        attribute: None,
        keyword: None,
        ty: ty.clone(),
        required: true,
        init: true,
        native: None,
    };
    TypeDef::Class { fields: fields.iter().map(field).collect() }
}

fn world() -> World {
    let types =
        |pairs: Vec<(&str, Type)>| pairs.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect();
    let type_name = |name: &str| TypeName { module: "shop.models".into(), name: name.into() };
    let member = |value: &str| EnumMember { name: value.to_uppercase(), value: value.into() };
    let user = class(&[
        ("id", Type::String),
        ("age", Type::Int),
        ("email", Type::optional(Type::String)),
        ("address", Type::optional(named("Address"))),
        ("status", named("Status")),
    ]);
    let status = TypeDef::Enum { base: EnumBase::String, members: vec![member("new"), member("paid")] };
    World {
        inputs: types(vec![
            ("amount", Type::Decimal),
            ("user_id", Type::String),
            ("count", Type::Int),
            ("rate", Type::Float),
            ("note", Type::optional(Type::String)),
            ("tags", Type::List(Box::new(Type::String))),
            ("prices", Type::Map(Box::new(Type::Decimal))),
            ("since", Type::Timestamp),
        ]),
        steps: types(vec![
            ("fetch_user", named("User")),
            ("find_user", Type::optional(named("User"))),
            ("raw", Type::Any),
            ("both", Type::Record(types(vec![("left", Type::Int), ("right", Type::optional(Type::Int))]))),
            ("blob", named("Blob")),
        ]),
        types: [
            (type_name("User"), user),
            (type_name("Address"), class(&[("city", Type::String), ("zip", Type::optional(Type::String))])),
            (type_name("Status"), status),
            (type_name("Blob"), TypeDef::Opaque),
        ]
        .into(),
    }
}

fn run(text: &str, known: &[Expr], expected: Option<&Type>) -> Result<Expr, Vec<CelError>> {
    let world = world();
    let scope = Scope { inputs: &world.inputs, steps: &world.steps, known, ..Scope::new(&world.types) };
    let (template, errors) = template::parse(text);
    if !errors.is_empty() {
        return Err(errors);
    }
    check_template(&template, &scope, expected)
}

fn shown(text: &str, result: Result<Expr, Vec<CelError>>) -> String {
    let mut out = format!("{text}\n");
    match result {
        Ok(expr) => writeln!(out, "    : {}", expr.ty).unwrap(),
        Err(errors) => {
            for error in errors {
                let place = &text[error.range.clone()];
                writeln!(out, "    {}..{} `{place}`: {}", error.range.start, error.range.end, error.message)
                    .unwrap();
                if let Some(help) = error.help {
                    writeln!(out, "        help: {help}").unwrap();
                }
            }
        }
    }
    out
}

/// Each text with its type or its errors.
fn table(texts: &[&str], expected: Option<Type>, expect: &Expect) {
    let out: String = texts.iter().map(|text| shown(text, run(text, &[], expected.as_ref()))).collect();
    expect.assert_eq(&out);
}

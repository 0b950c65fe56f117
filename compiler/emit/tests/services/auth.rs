//! The gRPC service that the tests of every language call: its schema, and what Plans say of it.
//!
//! It knows no language.

use std::process::Command;
use std::sync::OnceLock;

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Callable, GrpcMethod, Plan, Resource, ResourceKind, Scope};
use conductor_protocol::types::{EnumBase, EnumMember, Field, Type, TypeDef, TypeName};

/// A serialized `FileDescriptorSet` in base64.
pub fn descriptors() -> String {
    static DESCRIPTORS: OnceLock<String> = OnceLock::new();
    let made = || {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/services/schema.py");
        let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv/bin/python");
        let output = Command::new(python).arg(script).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    DESCRIPTORS.get_or_init(made).clone()
}

fn schema(name: &str) -> TypeName {
    let module = if name == "Role" { "grpc:shop.common" } else { "grpc:shop.auth.v1" };
    TypeName { module: module.to_owned(), name: name.to_owned() }
}

/// A type of the schema.
pub fn of(name: &str) -> Type {
    Type::Named(schema(name))
}

fn maybe(ty: Type) -> Type {
    Type::optional(ty)
}

fn map(ty: Type) -> Type {
    Type::Map(Box::new(ty))
}

fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

/// The fields of a message that has one of every kind.
pub fn everything() -> Vec<(&'static str, Type)> {
    vec![
        ("text", Type::String),
        ("big", Type::Int),
        ("small", Type::Int),
        ("ratio", Type::Float),
        ("raw", Type::Bytes),
        ("flag", Type::Bool),
        ("role", of("Role")),
        ("at", maybe(Type::Timestamp)),
        ("span", maybe(Type::Duration)),
        ("note", maybe(Type::String)),
        ("maybe", maybe(Type::Int)),
        ("tags", list(Type::String)),
        ("inner", maybe(of("Everything"))),
        ("items", list(of("Everything"))),
        ("left", maybe(Type::String)),
        ("right", maybe(Type::Int)),
        ("extra", maybe(map(Type::Any))),
        ("anything", Type::Any),
        ("class", Type::String),
        ("huge", Type::Int),
        ("nothing", Type::Null),
        ("counts", map(Type::Int)),
        ("named", map(of("Everything"))),
        ("roles", map(of("Role"))),
    ]
}

fn record_of(name: &str, fields: &[(&str, Type)]) -> (TypeName, TypeDef) {
    let field = |name: &str, ty: &Type| Field {
        name: name.to_owned(),
        attribute: None,
        keyword: None,
        ty: ty.clone(),
        required: !ty.is_nullable(),
        init: true,
        native: None,
    };
    let fields = fields.iter().map(|(name, ty)| field(name, ty)).collect();
    (schema(name), TypeDef::TypedDict { fields })
}

/// A method of the service.
pub fn method(name: &str, request: &str, response: &str, returns: Type) -> Callable {
    let full = |name: &str| match name {
        "Empty" => "google.protobuf.Empty".to_owned(),
        other => format!("shop.auth.v1.{other}"),
    };
    Callable::Grpc {
        grpc: GrpcMethod {
            resource: "auth_service".to_owned(),
            service: "shop.auth.v1.Auth".to_owned(),
            method: name.to_owned(),
            request: full(request),
            response: full(response),
            returns,
        },
    }
}

/// The Plan with the service, whose address stands in `AUTH_SERVICE`, and the types of its schema.
pub fn with_schema(mut plan: Plan) -> Plan {
    plan.resources = vec![Resource {
        descriptors: Some(descriptors()),
        address: Some(Expr { ty: Type::String, node: Node::Env("AUTH_SERVICE".to_owned()) }),
        ..Resource::new("auth_service", ResourceKind::Grpc, Scope::Process)
    }];
    let seen = [
        ("key", Type::String),
        ("trace", Type::String),
        ("seconds", maybe(Type::Float)),
        ("role", of("Role")),
    ];
    let member = |name: &str| EnumMember { name: name.to_owned(), value: name.into() };
    let members = ["ROLE_UNSPECIFIED", "ADMIN", "READER"].map(member).to_vec();
    plan.types.extend([
        record_of("Everything", &everything()),
        record_of("Seen", &seen),
        (schema("Role"), TypeDef::Enum { base: EnumBase::String, members }),
    ]);
    plan
}

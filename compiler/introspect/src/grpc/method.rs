//! A unary method as a signature: the fields of its request are the parameters.
//!
//! It does not know how the method was named.

use conductor_model::{Callee, Lookup, Parameter, ParameterKind, Signature};
use conductor_protocol::plan::{Effect, GrpcMethod};
use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{FieldDescriptor, MethodDescriptor};

use super::message::{Types, may_be_absent};
use super::schema::Schema;

/// `shop.auth.v1.AuthService/CheckPermissions`.
pub fn full_name(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

/// The signature of a method, or why a task cannot call it.
pub fn lookup(resource: &str, schema: &Schema, method: &MethodDescriptor, types: &mut Types) -> Lookup {
    let span = schema.name_span(&method.parent_file(), method.path());
    if let Some(what) = streaming(method) {
        return Lookup::NotCallable { what: what.to_owned(), span };
    }
    match signature(resource, schema, method, types) {
        Ok(signature) => Lookup::Found(Box::new(signature)),
        Err(refusal) => Lookup::NotCallable {
            what: format!("a method whose messages have no form here ({refusal})"),
            span,
        },
    }
}

fn streaming(method: &MethodDescriptor) -> Option<&'static str> {
    match (method.is_client_streaming(), method.is_server_streaming()) {
        (false, false) => None,
        (true, false) => {
            Some("a client-streaming method (a step sends one request and waits for one response)")
        }
        (false, true) => {
            Some("a server-streaming method (a step has one result, which is recorded as a whole)")
        }
        (true, true) => {
            Some("a bidirectional streaming method (a step sends one request and has one response)")
        }
    }
}

fn signature(
    resource: &str,
    schema: &Schema,
    method: &MethodDescriptor,
    types: &mut Types,
) -> Result<Signature, String> {
    let span = schema.name_span(&method.parent_file(), method.path());
    let (input, output) = (method.input(), method.output());
    let mut parameters = Vec::new();
    for field in input.fields() {
        parameters.push(Parameter {
            name: field.name().to_owned(),
            kind: ParameterKind::KeywordOnly,
            ty: types.field(schema, &field)?,
            annotated: true,
            default: default(&field),
            span: schema.name_span(&input.parent_file(), field.path()),
            native: None,
        });
    }
    let returns = types.response(schema, &output)?;
    let (effect, idempotent) = level(method);
    Ok(Signature {
        callee: Callee::Grpc(GrpcMethod {
            resource: resource.to_owned(),
            service: method.parent_service().full_name().to_owned(),
            method: method.name().to_owned(),
            request: input.full_name().to_owned(),
            response: output.full_name().to_owned(),
            returns: returns.clone(),
        }),
        parameters,
        returns,
        returns_span: Some(schema.name_span(&output.parent_file(), output.path())),
        doc: schema.doc(&method.parent_file(), method.path()),
        effect,
        idempotent,
        annotation: None,
        span,
    })
}

/// What stands for a field that nobody gives. A plain field of proto3 has none here, though its zero would do on the
/// wire: that a value is missing is seen where it is zero by mistake.
fn default(field: &FieldDescriptor) -> Option<String> {
    if let Some(declared) = &field.field_descriptor_proto().default_value {
        return Some(declared.clone());
    }
    if field.is_map() {
        return Some("{}".to_owned());
    }
    if field.is_list() {
        return Some("[]".to_owned());
    }
    may_be_absent(field).then(|| "null".to_owned())
}

fn level(method: &MethodDescriptor) -> (Option<Effect>, Option<bool>) {
    let options = method.method_descriptor_proto().options.as_ref();
    match options.map(|options| options.idempotency_level()) {
        Some(IdempotencyLevel::NoSideEffects) => (Some(Effect::Read), None),
        Some(IdempotencyLevel::Idempotent) => (Some(Effect::Write), Some(true)),
        Some(IdempotencyLevel::IdempotencyUnknown) | None => (None, None),
    }
}

//! What some descriptors say of each method, in words that a person can review.
//!
//! It leaves out nothing that is on the wire, and says nothing that is not in the descriptors.

use std::collections::BTreeMap;

use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{EnumDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use super::method::full_name;
use super::outline;
use super::schema::Schema;

/// Fields by name, each with its type and number as a `.proto` says them: `repeated shop.v1.Role = 2`.
pub type Fields = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// The full name of the message.
    pub request: String,
    pub request_fields: Fields,
    pub response: String,
    pub response_fields: Fields,
    /// `NO_SIDE_EFFECTS`, `IDEMPOTENT`; nothing where it is not said.
    pub idempotency_level: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readable {
    /// By full name: `shop.auth.v1.AuthService/CheckPermissions`.
    pub methods: BTreeMap<String, Method>,
    /// Messages and enums that these lead to, by full name. The values of an enum have their numbers.
    pub types: BTreeMap<String, Fields>,
}

/// Everything that a schema holds, which is one of [pruned](super::GrpcService) descriptors.
#[must_use]
pub fn readable(schema: &Schema) -> Readable {
    let mut all = Readable::default();
    for method in schema.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let (input, output) = (method.input(), method.output());
        let written = Method {
            request: input.full_name().to_owned(),
            request_fields: fields(&input),
            response: output.full_name().to_owned(),
            response_fields: fields(&output),
            idempotency_level: level(&method),
        };
        all.methods.insert(full_name(&method), written);
        reach(&mut all, vec![input, output]);
    }
    all
}

pub(super) fn level(method: &MethodDescriptor) -> Option<String> {
    let options = method.method_descriptor_proto().options.as_ref()?;
    match options.idempotency_level() {
        IdempotencyLevel::IdempotencyUnknown => None,
        level => Some(level.as_str_name().to_owned()),
    }
}

fn fields(message: &MessageDescriptor) -> Fields {
    let of = |field: prost_reflect::FieldDescriptor| {
        let written = outline::field(field.field_descriptor_proto(), message.descriptor_proto());
        let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
        let oneof = oneof.map_or(String::new(), |oneof| format!(", of the oneof {}", oneof.name()));
        (field.name().to_owned(), written + &oneof)
    };
    message.fields().map(of).collect()
}

fn values(enumeration: &EnumDescriptor) -> Fields {
    enumeration.values().map(|value| (value.name().to_owned(), value.number().to_string())).collect()
}

/// Adds the types that the fields of these messages lead to.
fn reach(all: &mut Readable, mut pending: Vec<MessageDescriptor>) {
    while let Some(message) = pending.pop() {
        for field in message.fields() {
            match field.kind() {
                Kind::Message(inner) => {
                    let name = inner.full_name().to_owned();
                    let known = name.starts_with("google.protobuf.") || all.types.contains_key(&name);
                    // The entries of a map are said where the map is.
                    if !known && !inner.is_map_entry() {
                        all.types.insert(name, fields(&inner));
                        pending.push(inner);
                    } else if inner.is_map_entry()
                        && let Kind::Message(value) = inner.map_entry_value_field().kind()
                        && !value.full_name().starts_with("google.protobuf.")
                        && !all.types.contains_key(value.full_name())
                    {
                        all.types.insert(value.full_name().to_owned(), fields(&value));
                        pending.push(value);
                    }
                }
                Kind::Enum(inner) => {
                    all.types.entry(inner.full_name().to_owned()).or_insert_with(|| values(&inner));
                }
                _ => {}
            }
        }
    }
}

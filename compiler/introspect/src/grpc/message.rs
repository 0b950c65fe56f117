//! Messages and enums as the types of values between steps.
//!
//! It knows what is on the wire, not how any language holds it.

use std::collections::BTreeMap;

use conductor_protocol::types::{EnumBase, EnumMember, Field, Type, TypeDef, TypeName, TypeTable};
use conductor_source::Span;
use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::schema::Schema;

/// A message that needs more types than this is refused: nobody reads such a Plan.
const MAX_TYPES: usize = 5000;

/// The types that methods reach.
#[derive(Debug, Default)]
pub struct Types {
    pub table: TypeTable,
    pub spans: BTreeMap<TypeName, Span>,
}

/// Why a field has no type here: completes "`labels` is".
pub type Refusal = String;

impl Types {
    /// The type of a message as the response of a method: an empty one is null.
    pub fn response(&mut self, schema: &Schema, message: &MessageDescriptor) -> Result<Type, Refusal> {
        match well_known(message) {
            // What is sent for itself is there.
            Some(ty) => Ok(ty.non_null().clone()),
            None => self.message(schema, message),
        }
    }

    /// The type of a field's value, null included where the field may be absent.
    pub fn field(&mut self, schema: &Schema, field: &FieldDescriptor) -> Result<Type, Refusal> {
        if field.is_map() {
            let Kind::Message(entry) = field.kind() else { return Ok(Type::Any) };
            let key = entry.map_entry_key_field();
            if !matches!(key.kind(), Kind::String) {
                let written = format!("{:?}", key.kind());
                return Err(format!(
                    "`{}` is a map with keys of type {written}; only keys of type string have a form in JSON",
                    field.full_name()
                ));
            }
            let value = self.value(schema, &entry.map_entry_value_field().kind())?;
            return Ok(Type::Map(Box::new(value.non_null().clone())));
        }
        let value = self.value(schema, &field.kind())?;
        if field.is_list() {
            return Ok(Type::List(Box::new(value.non_null().clone())));
        }
        Ok(if may_be_absent(field) { Type::optional(value) } else { value })
    }

    fn value(&mut self, schema: &Schema, kind: &Kind) -> Result<Type, Refusal> {
        Ok(match kind {
            Kind::Double | Kind::Float => Type::Float,
            Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Fixed32
            | Kind::Fixed64
            | Kind::Sfixed32
            | Kind::Sfixed64 => Type::Int,
            Kind::Bool => Type::Bool,
            Kind::String => Type::String,
            Kind::Bytes => Type::Bytes,
            Kind::Message(message) => match well_known(message) {
                Some(ty) => ty,
                None => self.message(schema, message)?,
            },
            Kind::Enum(enumeration) if enumeration.full_name() == "google.protobuf.NullValue" => Type::Null,
            Kind::Enum(enumeration) => self.enumeration(schema, enumeration),
        })
    }

    fn message(&mut self, schema: &Schema, message: &MessageDescriptor) -> Result<Type, Refusal> {
        let mut pending = vec![message.clone()];
        // A message may hold itself, and a chain of messages may be long: no recursion.
        while let Some(message) = pending.pop() {
            let name = type_name(message.package_name(), message.full_name());
            if self.table.contains_key(&name) {
                continue;
            }
            if self.table.len() >= MAX_TYPES {
                return Err(format!("`{}` leads to more than {MAX_TYPES} types", message.full_name()));
            }
            self.table.insert(name.clone(), TypeDef::TypedDict { fields: Vec::new() });
            self.spans.insert(name.clone(), schema.name_span(&message.parent_file(), message.path()));
            let mut fields = Vec::new();
            for field in message.fields() {
                pending.extend(inner_message(&field));
                fields.push(self.field_of(schema, &field)?);
            }
            self.table.insert(name, TypeDef::TypedDict { fields });
        }
        Ok(Type::Named(type_name(message.package_name(), message.full_name())))
    }

    /// As [`field`](Types::field), naming messages without looking into them.
    fn field_of(&mut self, schema: &Schema, field: &FieldDescriptor) -> Result<Field, Refusal> {
        let shallow = match inner_message(field) {
            Some(message) => {
                let named = Type::Named(type_name(message.package_name(), message.full_name()));
                let key_is_text = || match field.kind() {
                    Kind::Message(entry) => matches!(entry.map_entry_key_field().kind(), Kind::String),
                    _ => true,
                };
                if field.is_map() && key_is_text() {
                    Type::Map(Box::new(named))
                } else if field.is_map() {
                    self.field(schema, field)?
                } else if field.is_list() {
                    Type::List(Box::new(named))
                } else if may_be_absent(field) {
                    Type::optional(named)
                } else {
                    named
                }
            }
            None => self.field(schema, field)?,
        };
        let required = !may_be_absent(field);
        Ok(Field {
            name: field.name().to_owned(),
            attribute: None,
            keyword: None,
            ty: shallow,
            required,
            init: true,
            native: None,
        })
    }

    fn enumeration(&mut self, schema: &Schema, enumeration: &EnumDescriptor) -> Type {
        let name = type_name(enumeration.package_name(), enumeration.full_name());
        if !self.table.contains_key(&name) {
            let members = enumeration
                .values()
                .map(|value| EnumMember { name: value.name().to_owned(), value: value.name().into() })
                .collect();
            self.table.insert(name.clone(), TypeDef::Enum { base: EnumBase::String, members });
            self.spans.insert(name.clone(), schema.name_span(&enumeration.parent_file(), enumeration.path()));
        }
        Type::Named(name)
    }
}

/// The message that a field leads to, where it has a definition here.
fn inner_message(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    let Kind::Message(message) = field.kind() else { return None };
    let message = match field.is_map() {
        true => match message.map_entry_value_field().kind() {
            Kind::Message(value) => value,
            _ => return None,
        },
        false => message,
    };
    well_known(&message).is_none().then_some(message)
}

/// Whether null stands for a field that is not there. Where proto2 declares a default, that stands for it.
pub fn may_be_absent(field: &FieldDescriptor) -> bool {
    let declared = field.field_descriptor_proto().default_value.is_some();
    field.supports_presence() && field.cardinality() != Cardinality::Required && !declared
}

/// The messages of `google/protobuf/` that have a meaning of their own; optional where null is their absence.
fn well_known(message: &MessageDescriptor) -> Option<Type> {
    let wrapped = |ty| Some(Type::optional(ty));
    match message.full_name().strip_prefix("google.protobuf.")? {
        "Timestamp" => Some(Type::Timestamp),
        "Duration" => Some(Type::Duration),
        "Struct" => Some(Type::Map(Box::new(Type::Any))),
        "ListValue" => Some(Type::List(Box::new(Type::Any))),
        "Value" => Some(Type::Any),
        "Empty" => Some(Type::Null),
        "BoolValue" => wrapped(Type::Bool),
        "Int32Value" | "Int64Value" | "UInt32Value" | "UInt64Value" => wrapped(Type::Int),
        "FloatValue" | "DoubleValue" => wrapped(Type::Float),
        "StringValue" => wrapped(Type::String),
        "BytesValue" => wrapped(Type::Bytes),
        _ => None,
    }
}

fn type_name(package: &str, full: &str) -> TypeName {
    let name = full.strip_prefix(package).map_or(full, |rest| rest.trim_start_matches('.'));
    TypeName { module: format!("grpc:{package}"), name: name.to_owned() }
}

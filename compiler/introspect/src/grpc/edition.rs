//! Files of an edition as what they mean in proto3, which is what the library reads.
//!
//! It knows the features that change what is on the wire or whether a field is present, and no others.

use prost::Message;
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FieldOptions, FileDescriptorProto,
    OneofDescriptorProto,
};

const EDITION_2023: i32 = 1000;
const EDITION_2024: i32 = 1001;

/// `FeatureSet`, as far as it matters here; 0 stands for what is not set.
#[derive(Clone, Copy, PartialEq, Message)]
struct Features {
    #[prost(int32, tag = "1")]
    field_presence: i32,
    #[prost(int32, tag = "2")]
    enum_type: i32,
    #[prost(int32, tag = "3")]
    repeated_field_encoding: i32,
    #[prost(int32, tag = "5")]
    message_encoding: i32,
}

const EXPLICIT: i32 = 1;
const LEGACY_REQUIRED: i32 = 3;
const OPEN: i32 = 1;
const CLOSED: i32 = 2;
const PACKED: i32 = 1;
const EXPANDED: i32 = 2;
const LENGTH_PREFIXED: i32 = 1;
const DELIMITED: i32 = 2;

/// The features of editions 2023 and 2024 where nothing is said.
const DEFAULTS: Features = Features {
    field_presence: EXPLICIT,
    enum_type: OPEN,
    repeated_field_encoding: PACKED,
    message_encoding: LENGTH_PREFIXED,
};

/// Options are read by hand: each kind of them has its features under another number.
macro_rules! options {
    ($name:ident, $tag:literal) => {
        #[derive(Clone, PartialEq, Message)]
        struct $name {
            #[prost(message, optional, tag = $tag)]
            features: Option<Features>,
        }
    };
}

options!(OfFile, "50");
options!(OfMessage, "12");
options!(OfField, "21");
options!(OfEnum, "7");

#[derive(Clone, PartialEq, Message)]
struct RawFile {
    #[prost(message, repeated, tag = "4")]
    messages: Vec<RawMessage>,
    #[prost(message, repeated, tag = "5")]
    enums: Vec<RawEnum>,
    #[prost(message, optional, tag = "8")]
    options: Option<OfFile>,
    #[prost(int32, tag = "14")]
    edition: i32,
}

#[derive(Clone, PartialEq, Message)]
struct RawMessage {
    #[prost(message, repeated, tag = "2")]
    fields: Vec<RawField>,
    #[prost(message, repeated, tag = "3")]
    nested: Vec<RawMessage>,
    #[prost(message, repeated, tag = "4")]
    enums: Vec<RawEnum>,
    #[prost(message, optional, tag = "7")]
    options: Option<OfMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct RawField {
    #[prost(message, optional, tag = "8")]
    options: Option<OfField>,
}

#[derive(Clone, PartialEq, Message)]
struct RawEnum {
    #[prost(message, optional, tag = "3")]
    options: Option<OfEnum>,
}

impl Features {
    fn with(self, more: Option<Features>) -> Features {
        let Some(more) = more else { return self };
        let set = |new: i32, old: i32| if new == 0 { old } else { new };
        Features {
            field_presence: set(more.field_presence, self.field_presence),
            enum_type: set(more.enum_type, self.enum_type),
            repeated_field_encoding: set(more.repeated_field_encoding, self.repeated_field_encoding),
            message_encoding: set(more.message_encoding, self.message_encoding),
        }
    }
}

/// A file descriptor from its bytes; one of an edition becomes what it means in proto3.
///
/// # Errors
/// Why it cannot be read: it is damaged, or uses a feature that proto3 has no word for.
pub fn decoded(bytes: &[u8]) -> Result<FileDescriptorProto, String> {
    let damaged = |error: prost::DecodeError| format!("it is no file descriptor: {error}");
    let mut file = FileDescriptorProto::decode(bytes).map_err(damaged)?;
    match file.syntax() {
        "editions" => {}
        "" => {
            file.syntax = None;
            return Ok(file);
        }
        "proto2" | "proto3" => return Ok(file),
        // The library does not survive a syntax that it does not know.
        other => return Err(format!("`{}` has the unknown syntax `{other}`", file.name())),
    }
    let raw = RawFile::decode(bytes).map_err(damaged)?;
    if !matches!(raw.edition, EDITION_2023 | EDITION_2024) {
        return Err(format!("`{}` is of an edition that this version does not know", file.name()));
    }
    let features = DEFAULTS.with(raw.options.and_then(|options| options.features));
    file.syntax = Some("proto3".to_owned());
    for (message, raw) in file.message_type.iter_mut().zip(&raw.messages) {
        lower_message(message, raw, features)?;
    }
    for (enumeration, raw) in file.enum_type.iter_mut().zip(&raw.enums) {
        lower_enum(enumeration, raw, features)?;
    }
    Ok(file)
}

fn lower_message(message: &mut DescriptorProto, raw: &RawMessage, outer: Features) -> Result<(), String> {
    let features = outer.with(raw.options.as_ref().and_then(|options| options.features));
    let is_entry = message.options.as_ref().is_some_and(|options| options.map_entry());
    let mut oneofs = std::mem::take(&mut message.oneof_decl);
    for (field, raw) in message.field.iter_mut().zip(&raw.fields) {
        let features = features.with(raw.options.as_ref().and_then(|options| options.features));
        if !is_entry {
            lower_field(field, features, &mut oneofs).map_err(|what| {
                format!("`{}.{}` {what}", message.name.as_deref().unwrap_or_default(), field.name())
            })?;
        }
    }
    message.oneof_decl = oneofs;
    for (nested, raw) in message.nested_type.iter_mut().zip(&raw.nested) {
        lower_message(nested, raw, features)?;
    }
    for (enumeration, raw) in message.enum_type.iter_mut().zip(&raw.enums) {
        lower_enum(enumeration, raw, features)?;
    }
    Ok(())
}

fn lower_field(
    field: &mut FieldDescriptorProto,
    features: Features,
    oneofs: &mut Vec<OneofDescriptorProto>,
) -> Result<(), &'static str> {
    let is_message = matches!(field.r#type(), Type::Message | Type::Group);
    if is_message && (features.message_encoding == DELIMITED || field.r#type() == Type::Group) {
        return Err("has the encoding DELIMITED, which this version does not write");
    }
    // A field that is present wherever it matters needs no default to be read.
    field.default_value = None;
    if field.label() == Label::Repeated {
        if features.repeated_field_encoding == EXPANDED && !is_message {
            field.options.get_or_insert_with(FieldOptions::default).packed = Some(false);
        }
        return Ok(());
    }
    if features.field_presence == LEGACY_REQUIRED || field.label() == Label::Required {
        return Err("has the presence LEGACY_REQUIRED, which this version does not write");
    }
    if features.field_presence == EXPLICIT && field.oneof_index.is_none() && !is_message {
        field.proto3_optional = Some(true);
        field.oneof_index = i32::try_from(oneofs.len()).ok();
        let name = format!("_{}", field.name());
        oneofs.push(OneofDescriptorProto { name: Some(name), ..OneofDescriptorProto::default() });
    }
    Ok(())
}

fn lower_enum(enumeration: &EnumDescriptorProto, raw: &RawEnum, outer: Features) -> Result<(), String> {
    let features = outer.with(raw.options.as_ref().and_then(|options| options.features));
    if features.enum_type == CLOSED {
        return Err(format!(
            "the enum `{}` is CLOSED, which this version does not write",
            enumeration.name()
        ));
    }
    Ok(())
}

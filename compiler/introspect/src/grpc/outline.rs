//! A schema as `.proto` text, written from its descriptors, so that findings have a text to point into.
//!
//! It leaves out what says nothing about calls: options, reserved names, comments.

use std::collections::BTreeMap;

use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, ServiceDescriptorProto,
};

/// Field numbers of `descriptor.proto`, of which paths are made.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const FIELDS: i32 = 2;
const NESTED_MESSAGES: i32 = 3;
const NESTED_ENUMS: i32 = 4;
const METHODS: i32 = 2;
const NAME: i32 = 1;

/// The text, and where each name stands in it by its path in the descriptor.
#[derive(Debug, Default)]
pub struct Outline {
    pub text: String,
    pub spans: BTreeMap<Vec<i32>, (usize, usize)>,
    depth: usize,
}

/// The text of one file.
#[must_use]
pub fn file(file: &FileDescriptorProto) -> Outline {
    let mut out = Outline::default();
    out.line(&format!("syntax = \"{}\";", if file.syntax().is_empty() { "proto2" } else { file.syntax() }));
    if !file.package().is_empty() {
        out.line(&format!("package {};", file.package()));
    }
    for (at, service) in (0..).zip(&file.service) {
        out.service(service, &[SERVICES, at]);
    }
    for (at, message) in (0..).zip(&file.message_type) {
        out.message(message, &[MESSAGES, at]);
    }
    for (at, enumeration) in (0..).zip(&file.enum_type) {
        out.enumeration(enumeration, &[ENUMS, at]);
    }
    out
}

/// The type and number of a field as a `.proto` says them: `repeated shop.v1.Role = 2`.
pub fn field(field: &FieldDescriptorProto, message: &DescriptorProto) -> String {
    let (before, after) = around_name(field, message);
    before.trim_end().to_owned() + &after
}

/// The type of a field with its label: `repeated shop.v1.Role`.
pub fn field_type(field: &FieldDescriptorProto, message: &DescriptorProto) -> String {
    around_name(field, message).0.trim_end().to_owned()
}

fn around_name(field: &FieldDescriptorProto, message: &DescriptorProto) -> (String, String) {
    let default = field.default_value.as_ref().map_or(String::new(), |value| format!(" [default = {value}]"));
    let after = format!(" = {}{default}", field.number());
    let entry = message.nested_type.iter().find(|nested| {
        nested.options.as_ref().is_some_and(|options| options.map_entry())
            && field.type_name().rsplit('.').next() == Some(nested.name())
    });
    if let Some(entry) = entry {
        let of = |number| {
            entry.field.iter().find(|field| field.number() == number).map(type_name).unwrap_or_default()
        };
        return (format!("map<{}, {}> ", of(1), of(2)), after);
    }
    let label = match field.label() {
        Label::Repeated => "repeated ",
        Label::Required => "required ",
        Label::Optional if field.proto3_optional() => "optional ",
        Label::Optional => "",
    };
    (format!("{label}{} ", type_name(field)), after)
}

fn type_name(field: &FieldDescriptorProto) -> String {
    let name = match field.r#type() {
        Type::Double => "double",
        Type::Float => "float",
        Type::Int64 => "int64",
        Type::Uint64 => "uint64",
        Type::Int32 => "int32",
        Type::Fixed64 => "fixed64",
        Type::Fixed32 => "fixed32",
        Type::Bool => "bool",
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Uint32 => "uint32",
        Type::Sfixed32 => "sfixed32",
        Type::Sfixed64 => "sfixed64",
        Type::Sint32 => "sint32",
        Type::Sint64 => "sint64",
        Type::Group | Type::Message | Type::Enum => field.type_name().trim_start_matches('.'),
    };
    name.to_owned()
}

impl Outline {
    fn line(&mut self, text: &str) {
        self.indent();
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn indent(&mut self) {
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }

    /// A line with a name whose place is noted.
    fn named(&mut self, before: &str, name: &str, after: &str, path: &[i32]) {
        self.indent();
        self.text.push_str(before);
        let start = self.text.len();
        self.text.push_str(name);
        let key = path.iter().copied().chain([NAME]).collect();
        self.spans.insert(key, (start, self.text.len()));
        self.text.push_str(after);
        self.text.push('\n');
    }

    fn block(&mut self, what: &str, name: &str, path: &[i32], inside: impl FnOnce(&mut Outline)) {
        if self.depth == 0 {
            self.text.push('\n');
        }
        self.named(what, name, " {", path);
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line("}");
    }

    fn service(&mut self, service: &ServiceDescriptorProto, path: &[i32]) {
        self.block("service ", service.name(), path, |out| {
            for (at, method) in (0..).zip(&service.method) {
                let side = |streams: bool, name: &str| {
                    format!("({}{})", if streams { "stream " } else { "" }, name.trim_start_matches('.'))
                };
                let request = side(method.client_streaming(), method.input_type());
                let response = side(method.server_streaming(), method.output_type());
                let after = format!("{request} returns {response};");
                out.named("rpc ", method.name(), &after, &[path, &[METHODS, at]].concat());
            }
        });
    }

    fn message(&mut self, message: &DescriptorProto, path: &[i32]) {
        self.block("message ", message.name(), path, |out| {
            let mut oneof = None;
            for (at, field) in (0..).zip(&message.field) {
                let within = field.oneof_index.filter(|_| !field.proto3_optional());
                if within != oneof {
                    out.close_oneof(oneof.is_some());
                    out.open_oneof(message, within);
                    oneof = within;
                }
                let (before, after) = around_name(field, message);
                out.named(&before, field.name(), &(after + ";"), &[path, &[FIELDS, at]].concat());
            }
            out.close_oneof(oneof.is_some());
            for (at, nested) in (0..).zip(&message.nested_type) {
                let is_entry = nested.options.as_ref().is_some_and(|options| options.map_entry());
                if !is_entry {
                    out.message(nested, &[path, &[NESTED_MESSAGES, at]].concat());
                }
            }
            for (at, nested) in (0..).zip(&message.enum_type) {
                out.enumeration(nested, &[path, &[NESTED_ENUMS, at]].concat());
            }
        });
    }

    fn open_oneof(&mut self, message: &DescriptorProto, index: Option<i32>) {
        if let Some(index) = index {
            let oneof = usize::try_from(index).ok().and_then(|index| message.oneof_decl.get(index));
            self.line(&format!("oneof {} {{", oneof.map_or("", |oneof| oneof.name())));
            self.depth += 1;
        }
    }

    fn close_oneof(&mut self, open: bool) {
        if open {
            self.depth -= 1;
            self.line("}");
        }
    }

    fn enumeration(&mut self, enumeration: &EnumDescriptorProto, path: &[i32]) {
        self.block("enum ", enumeration.name(), path, |out| {
            for value in &enumeration.value {
                out.line(&format!("{} = {};", value.name(), value.number()));
            }
        });
    }
}

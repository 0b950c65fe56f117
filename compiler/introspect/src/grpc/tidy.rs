//! File descriptors without what says nothing about calls, so that what is foreign there cannot stand in the way:
//! extensions, options of others, reserved names, imports for the sake of options.
//!
//! It does not resolve any name.

use std::collections::BTreeSet;

use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumOptions, FieldDescriptorProto, FieldOptions,
    FileDescriptorProto, MessageOptions, MethodDescriptorProto, MethodOptions, UninterpretedOption,
    method_options::IdempotencyLevel,
};

/// Leaves of a file what calls rest on. Imports that are not among `known` files are dropped and returned: where a
/// type of theirs is used, its name will be missing.
pub fn tidied(file: &mut FileDescriptorProto, known: &BTreeSet<String>) -> Vec<String> {
    file.extension.clear();
    file.options = None;
    file.message_type.iter_mut().for_each(message);
    file.enum_type.iter_mut().for_each(enumeration);
    for service in &mut file.service {
        service.options = None;
        service.method.iter_mut().for_each(method);
    }
    imports(file, known)
}

/// An import that is there twice is kept once; the positions of public ones follow.
fn imports(file: &mut FileDescriptorProto, known: &BTreeSet<String>) -> Vec<String> {
    let public: BTreeSet<usize> =
        file.public_dependency.iter().filter_map(|at| usize::try_from(*at).ok()).collect();
    let mut missing = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut kept: Vec<String> = Vec::new();
    let mut kept_public = Vec::new();
    for (at, name) in std::mem::take(&mut file.dependency).into_iter().enumerate() {
        if !known.contains(&name) {
            missing.push(name);
        } else if seen.insert(name.clone()) {
            if public.contains(&at)
                && let Ok(position) = i32::try_from(kept.len())
            {
                kept_public.push(position);
            }
            kept.push(name);
        }
    }
    file.dependency = kept;
    file.public_dependency = kept_public;
    file.weak_dependency.clear();
    missing
}

fn message(message: &mut DescriptorProto) {
    message.extension.clear();
    message.extension_range.clear();
    message.reserved_range.clear();
    message.reserved_name.clear();
    let is_entry = message.options.as_ref().is_some_and(MessageOptions::map_entry);
    message.options = is_entry.then(|| MessageOptions { map_entry: Some(true), ..MessageOptions::default() });
    message.oneof_decl.iter_mut().for_each(|oneof| oneof.options = None);
    message.field.iter_mut().for_each(field);
    message.nested_type.iter_mut().for_each(self::message);
    message.enum_type.iter_mut().for_each(enumeration);
}

fn field(field: &mut FieldDescriptorProto) {
    let Some(options) = field.options.take() else { return };
    let packed = options.packed.or_else(|| {
        let written = word(&options.uninterpreted_option, "packed")?;
        written.parse().ok()
    });
    field.options = packed.map(|packed| FieldOptions { packed: Some(packed), ..FieldOptions::default() });
}

fn enumeration(enumeration: &mut EnumDescriptorProto) {
    enumeration.reserved_range.clear();
    enumeration.reserved_name.clear();
    enumeration.value.iter_mut().for_each(|value| value.options = None);
    let Some(options) = enumeration.options.take() else { return };
    let alias = options.allow_alias() || word(&options.uninterpreted_option, "allow_alias") == Some("true");
    enumeration.options = alias.then(|| EnumOptions { allow_alias: Some(true), ..EnumOptions::default() });
}

fn method(method: &mut MethodDescriptorProto) {
    let Some(options) = method.options.take() else { return };
    let level = options.idempotency_level.or_else(|| {
        let written = word(&options.uninterpreted_option, "idempotency_level")?;
        IdempotencyLevel::from_str_name(written).map(i32::from)
    });
    method.options =
        level.map(|level| MethodOptions { idempotency_level: Some(level), ..MethodOptions::default() });
}

/// The word that an option of `descriptor.proto` is set to.
fn word<'a>(options: &'a [UninterpretedOption], wanted: &str) -> Option<&'a str> {
    let found = options.iter().find(|option| match &option.name[..] {
        [part] => part.name_part == wanted && !part.is_extension,
        _ => false,
    });
    found?.identifier_value.as_deref()
}

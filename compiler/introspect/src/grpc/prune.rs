//! The part of a schema that some methods need, in bytes that depend on nothing else.
//!
//! It does not know who reads them.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use prost_reflect::prost_types::{
    DescriptorProto, FileDescriptorProto, FileDescriptorSet, ServiceDescriptorProto,
};
use prost_reflect::{EnumDescriptor, FileDescriptor, Kind, MessageDescriptor, MethodDescriptor};

/// What is kept, by full name.
#[derive(Debug, Default)]
struct Kept {
    messages: BTreeMap<String, MessageDescriptor>,
    enums: BTreeMap<String, EnumDescriptor>,
    methods: BTreeSet<String>,
    files: BTreeMap<String, FileDescriptor>,
    /// Which files each file takes definitions from.
    imports: BTreeMap<String, BTreeSet<String>>,
}

/// A `FileDescriptorSet` with what these methods need: a file stands after those that it imports, each name is
/// where it was, and comments, options and everything that is not reached are left out.
#[must_use]
pub fn pruned(methods: &[MethodDescriptor]) -> FileDescriptorSet {
    let mut kept = Kept::default();
    for method in methods {
        let file = method.parent_file();
        kept.methods.insert(method.full_name().to_owned());
        kept.imports.entry(file.name().to_owned()).or_default();
        kept.files.insert(file.name().to_owned(), file.clone());
        kept.reach(&file, &method.input());
        kept.reach(&file, &method.output());
    }
    let file =
        kept.order().iter().filter_map(|name| kept.files.get(name)).map(|file| kept.file(file)).collect();
    FileDescriptorSet { file }
}

/// The bytes of [`pruned`]. Equal schemas give equal bytes.
#[must_use]
pub fn pruned_bytes(methods: &[MethodDescriptor]) -> Vec<u8> {
    pruned(methods).encode_to_vec()
}

impl Kept {
    /// Keeps a message with all that it leads to, for a file that names it.
    fn reach(&mut self, from: &FileDescriptor, message: &MessageDescriptor) {
        let mut pending = vec![message.clone()];
        self.import(from, &message.parent_file());
        while let Some(message) = pending.pop() {
            let file = message.parent_file();
            if self.messages.insert(message.full_name().to_owned(), message.clone()).is_some() {
                continue;
            }
            for field in message.fields() {
                match field.kind() {
                    Kind::Message(inner) => {
                        self.import(&file, &inner.parent_file());
                        pending.push(inner);
                    }
                    Kind::Enum(inner) => {
                        self.import(&file, &inner.parent_file());
                        self.enums.insert(inner.full_name().to_owned(), inner);
                    }
                    _ => {}
                }
            }
        }
    }

    fn import(&mut self, from: &FileDescriptor, to: &FileDescriptor) {
        self.files.insert(to.name().to_owned(), to.clone());
        self.imports.entry(to.name().to_owned()).or_default();
        if from.name() != to.name() {
            self.imports.entry(from.name().to_owned()).or_default().insert(to.name().to_owned());
        }
    }

    /// The files, each after those that it imports, by name where that leaves a choice.
    fn order(&self) -> Vec<String> {
        let mut ordered: Vec<String> = Vec::new();
        let mut placed: BTreeSet<&str> = BTreeSet::new();
        // The files of a schema import each other in no circle, so each round places one at least.
        while placed.len() < self.imports.len() {
            let ready: Vec<&String> = self
                .imports
                .iter()
                .filter(|(name, imports)| {
                    !placed.contains(name.as_str())
                        && imports.iter().all(|import| placed.contains(import.as_str()))
                })
                .map(|(name, _)| name)
                .collect();
            if ready.is_empty() {
                break;
            }
            for name in ready {
                placed.insert(name);
                ordered.push(name.clone());
            }
        }
        ordered
    }

    fn file(&self, file: &FileDescriptor) -> FileDescriptorProto {
        let package = file.package_name();
        let whole = file.file_descriptor_proto();
        let messages = whole.message_type.iter().filter_map(|message| self.message(package, message));
        let enums =
            whole.enum_type.iter().filter(|found| self.enums.contains_key(&join(package, found.name())));
        FileDescriptorProto {
            name: whole.name.clone(),
            package: whole.package.clone(),
            dependency: self.imports.get(file.name()).into_iter().flatten().cloned().collect(),
            message_type: messages.collect(),
            enum_type: enums.cloned().collect(),
            service: whole.service.iter().filter_map(|service| self.service(package, service)).collect(),
            syntax: whole.syntax.clone(),
            ..FileDescriptorProto::default()
        }
    }

    /// A message that is only the home of a reached one is kept without its fields.
    fn message(&self, outer: &str, message: &DescriptorProto) -> Option<DescriptorProto> {
        let name = join(outer, message.name());
        let reached = self.messages.contains_key(&name);
        let nested: Vec<DescriptorProto> =
            message.nested_type.iter().filter_map(|nested| self.message(&name, nested)).collect();
        let enums: Vec<_> = message
            .enum_type
            .iter()
            .filter(|found| self.enums.contains_key(&join(&name, found.name())))
            .cloned()
            .collect();
        if !reached && nested.is_empty() && enums.is_empty() {
            return None;
        }
        let mut kept = DescriptorProto {
            name: message.name.clone(),
            nested_type: nested,
            enum_type: enums,
            ..DescriptorProto::default()
        };
        if reached {
            kept.field.clone_from(&message.field);
            // Every source gives it another form, and it says nothing that the name does not.
            kept.field.iter_mut().for_each(|field| field.json_name = None);
            kept.oneof_decl.clone_from(&message.oneof_decl);
            kept.options.clone_from(&message.options);
        }
        Some(kept)
    }

    fn service(&self, package: &str, service: &ServiceDescriptorProto) -> Option<ServiceDescriptorProto> {
        let name = join(package, service.name());
        let method: Vec<_> = service
            .method
            .iter()
            .filter(|method| self.methods.contains(&join(&name, method.name())))
            .cloned()
            .collect();
        (!method.is_empty()).then(|| ServiceDescriptorProto {
            name: service.name.clone(),
            method,
            options: None,
        })
    }
}

fn join(outer: &str, name: &str) -> String {
    if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") }
}

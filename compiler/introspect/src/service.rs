//! A service behind a resource, whatever says what it offers: descriptors, a document, the manifest itself.
//!
//! It does not know how that was come by.

use std::collections::BTreeMap;

use conductor_model::{Lookup, ServiceFacts};
use conductor_protocol::types::{TypeName, TypeTable};
use conductor_source::{Diagnostic, Span};

/// The operations of one resource.
pub trait Service {
    /// An operation as a ref names it after the resource's id.
    fn lookup(&mut self, operation: &str) -> Lookup;

    /// What was learned beside the answers, after the last of them.
    fn finish(self: Box<Self>) -> Learned;
}

#[derive(Debug, Default)]
pub struct Learned {
    /// The types that the answers name.
    pub types: TypeTable,
    pub type_spans: BTreeMap<TypeName, Span>,
    pub facts: ServiceFacts,
    pub diagnostics: Vec<Diagnostic>,
}

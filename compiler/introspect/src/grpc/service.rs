//! The methods of one resource, found by the names that refs use.
//!
//! It does not know where the schema came from.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use conductor_model::names::snake_case;
use conductor_model::{Lookup, ServiceFacts};
use prost_reflect::MethodDescriptor;

use super::message::Types;
use super::method::{self, full_name};
use super::prune;
use super::schema::Schema;
use crate::{Learned, Service};

/// How many other methods an answer lists.
const MOST_SIMILAR: usize = 8;

#[derive(Debug)]
pub struct GrpcService {
    resource: String,
    schema: Schema,
    types: Types,
    /// The methods that were found, by the operation as it was asked for: `check_permissions` ->
    /// `shop.auth.v1.AuthService/CheckPermissions`.
    found: BTreeMap<String, String>,
    asked: bool,
    /// What operations are known to mean.
    meant: BTreeMap<String, String>,
}

impl GrpcService {
    #[must_use]
    pub fn new(resource: &str, schema: Schema) -> GrpcService {
        let (types, found) = (Types::default(), BTreeMap::new());
        GrpcService {
            resource: resource.to_owned(),
            schema,
            types,
            found,
            asked: false,
            meant: BTreeMap::new(),
        }
    }

    /// One whose schema its server has told, so that what is used of it is worth keeping.
    #[must_use]
    pub fn of_server(resource: &str, schema: Schema) -> GrpcService {
        GrpcService { asked: true, ..GrpcService::new(resource, schema) }
    }

    /// One whose schema its server told earlier, with the methods that operations meant then.
    #[must_use]
    pub fn pinned(resource: &str, schema: Schema, operations: &BTreeMap<String, String>) -> GrpcService {
        GrpcService { meant: operations.clone(), ..GrpcService::of_server(resource, schema) }
    }
}

impl Service for GrpcService {
    /// A method by its name, by that in snake case, as `Service.Method`, or as `full.package.Service/Method`.
    fn lookup(&mut self, operation: &str) -> Lookup {
        let meant = self.meant.get(operation).and_then(|method| self.schema.method(method));
        let found = meant.map_or_else(|| candidates(&self.schema, operation), |method| vec![method]);
        match &found[..] {
            [] => self.not_found(operation),
            [only] => {
                let answer = method::lookup(&self.resource, &self.schema, only, &mut self.types);
                if matches!(answer, Lookup::Found(_)) {
                    self.found.insert(operation.to_owned(), full_name(only));
                }
                answer
            }
            several => Lookup::Ambiguous(several.iter().map(|method| self.candidate(method)).collect()),
        }
    }

    fn finish(self: Box<Self>) -> Learned {
        let names: BTreeSet<&String> = self.found.values().collect();
        let methods: Vec<MethodDescriptor> =
            names.into_iter().filter_map(|name| self.schema.method(name)).collect();
        let descriptors = (!methods.is_empty()).then(|| STANDARD.encode(prune::pruned_bytes(&methods)));
        let operations = if self.asked { self.found } else { BTreeMap::new() };
        let facts = ServiceFacts { descriptors, operations, ..ServiceFacts::default() };
        let Types { table: types, spans: type_spans } = self.types;
        Learned { types, type_spans, facts, diagnostics: Vec::new() }
    }
}

impl GrpcService {
    fn candidate(&self, method: &MethodDescriptor) -> (String, conductor_source::Span) {
        let span = self.schema.name_span(&method.parent_file(), method.path());
        (format!("{}.{}", self.resource, full_name(method)), span)
    }

    fn not_found(&self, operation: &str) -> Lookup {
        let searched = self.schema.services().map(|service| service.full_name().to_owned()).collect();
        let wanted = snake_case(operation.rsplit(['.', '/']).next().unwrap_or(operation));
        let mut near: Vec<(usize, String)> = methods(&self.schema)
            .map(|method| {
                let distance = strsim::damerau_levenshtein(&wanted, &snake_case(method.name()));
                (distance, format!("{}.{}", self.resource, shortest(&self.schema, &method)))
            })
            .collect();
        near.sort();
        near.dedup();
        let similar = near.into_iter().take(MOST_SIMILAR).map(|(_, name)| name).collect();
        Lookup::NotFound { searched, similar }
    }
}

fn methods(schema: &Schema) -> impl Iterator<Item = MethodDescriptor> + '_ {
    schema.services().flat_map(|service| service.methods().collect::<Vec<_>>())
}

/// Every method that an operation may name. One of exactly that name hides those that are it in snake case only.
fn candidates(schema: &Schema, operation: &str) -> Vec<MethodDescriptor> {
    let (service, name) = match operation.rsplit_once('/').or_else(|| operation.rsplit_once('.')) {
        Some((service, name)) => (Some(service), name),
        None => (None, operation),
    };
    let of_service = |method: &MethodDescriptor| {
        let Some(service) = service else { return true };
        let full = method.parent_service().full_name().to_owned();
        full == service || full.strip_suffix(service).is_some_and(|before| before.ends_with('.'))
    };
    let all: Vec<MethodDescriptor> = methods(schema).filter(of_service).collect();
    let exact: Vec<MethodDescriptor> = all.iter().filter(|method| method.name() == name).cloned().collect();
    match exact.is_empty() {
        true => all.into_iter().filter(|method| snake_case(method.name()) == name).collect(),
        false => exact,
    }
}

/// The shortest operation that means this method and no other.
fn shortest(schema: &Schema, method: &MethodDescriptor) -> String {
    let only = |operation: &str| candidates(schema, operation).len() == 1;
    let name = method.name().to_owned();
    if only(&name) {
        return name;
    }
    let with_service = format!("{}.{name}", method.parent_service().name());
    if only(&with_service) { with_service } else { full_name(method) }
}

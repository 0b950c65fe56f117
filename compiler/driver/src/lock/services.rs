//! What `conductor.lock` keeps of the servers that were asked: for each method that is called, its messages.
//!
//! It asks nobody.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use conductor_introspect::grpc::{Method, Readable, Schema, files_of_set, readable};
use conductor_model::ServiceFacts;
use conductor_source::Sources;
use serde::{Deserialize, Serialize};

/// By the id of the resource.
pub(crate) type Services = BTreeMap<String, Service>;

/// One server. The descriptors are what counts; the rest says the same in words, for who reviews a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Service {
    /// By the operation as refs name it, the method that was meant.
    pub operations: BTreeMap<String, String>,
    methods: BTreeMap<String, Called>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    types: BTreeMap<String, BTreeMap<String, String>>,
    descriptors: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Called {
    request: Message,
    response: Message,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_level: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Message {
    message: String,
    fields: BTreeMap<String, String>,
}

impl Service {
    /// What is worth keeping of a server; `None` where none was asked.
    pub(crate) fn of(facts: &ServiceFacts) -> Option<Service> {
        let descriptors = facts.descriptors.clone().filter(|_| !facts.operations.is_empty())?;
        let operations = facts.operations.clone();
        let bare = Service { operations, descriptors, ..Service::default() };
        let schema = bare.schema("", &mut Sources::default()).ok()?;
        let Readable { methods, types } = readable(&schema);
        let methods = methods.into_iter().map(|(name, method)| (name, Called::of(method))).collect();
        Some(Service { methods, types, ..bare })
    }

    /// The schema that is pinned. Texts that findings point into are called after `label`.
    pub(crate) fn schema(&self, label: &str, sources: &mut Sources) -> Result<Schema, String> {
        let bytes = STANDARD.decode(&self.descriptors).map_err(|error| error.to_string())?;
        let files = files_of_set(&bytes).map_err(|problem| problem.text)?;
        Schema::of_descriptors(label, &files, None, sources).map_err(|problem| problem.text)
    }

    /// Whether the words say what the descriptors do.
    pub(crate) fn is_true(&self) -> bool {
        let facts = ServiceFacts {
            descriptors: Some(self.descriptors.clone()),
            operations: self.operations.clone(),
            ..ServiceFacts::default()
        };
        Service::of(&facts).as_ref() == Some(self)
    }

    /// Whether every operation is pinned.
    pub(crate) fn covers(&self, operations: &BTreeSet<&str>) -> bool {
        operations.iter().all(|operation| self.method(operation).is_some())
    }

    /// The method that an operation means, where that is pinned. A full name means itself.
    pub(crate) fn method(&self, operation: &str) -> Option<&str> {
        let named = self.operations.get(operation).map(String::as_str);
        named.or_else(|| self.methods.get_key_value(operation).map(|(name, _)| name.as_str()))
    }
}

impl Called {
    fn of(method: Method) -> Called {
        Called {
            request: Message { message: method.request, fields: method.request_fields },
            response: Message { message: method.response, fields: method.response_fields },
            idempotency_level: method.idempotency_level,
        }
    }
}

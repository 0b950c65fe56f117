//! Everything that the manifest names outside itself: functions and types of the code, operations of services.
//!
//! It knows no disk and no network: whoever compiles answers.

mod address;
pub(crate) mod code;
pub(crate) mod container;
pub(crate) mod grpc;
pub(crate) mod http;
mod merge;
mod objects;
mod services;

use std::collections::BTreeMap;

use conductor_introspect::{Answer, Need};
use conductor_model::{Findings, Lookup, Manifest, Reference};
use conductor_source::Sources;

use self::services::Services;
use crate::Schemas;
use crate::lock::Opened;
use crate::target::Folders;

/// What answers, and where texts are kept that spans point into.
pub(crate) struct Asking<'a> {
    pub folders: &'a Folders,
    pub sources: &'a mut Sources,
    pub fetch: &'a mut dyn FnMut(&Need) -> Answer,
    pub lock: Option<&'a Opened>,
    pub schemas: Schemas,
}

/// Looks everything up that the manifest names. Every place where a ref may lead is asked.
pub(crate) fn introspect(manifest: &Manifest, asking: &mut Asking<'_>) -> Findings {
    let written = references(manifest);
    let mut found = code::findings(manifest, &written, asking);
    let mut services = Services::open(manifest, &written, asking, &mut found);
    let mut objects = objects::methods(manifest, &written, &found, asking);
    for (text, reference) in &written {
        let mut others: Vec<Lookup> = services.lookup(manifest, reference).into_iter().collect();
        others.extend(objects.lookups.remove(*text));
        if others.is_empty() && found.lookups.contains_key(*text) {
            continue;
        }
        let in_code = found.lookups.remove(*text).into_iter();
        found.lookups.insert((*text).to_owned(), merge::one_of(in_code.chain(others).collect()));
    }
    merge::types(&mut found, objects);
    services.finish(&mut found);
    found
}

/// Every ref as it is written, with its parts.
fn references(manifest: &Manifest) -> BTreeMap<&str, Reference<'_>> {
    let of_resources = manifest.resources.iter().flat_map(|resource| [&resource.open, &resource.close]);
    let written = manifest.tasks.iter().map(|task| &task.reference).chain(of_resources.flatten());
    written.map(|written| (written.value.as_str(), Reference::parse(&written.value))).collect()
}

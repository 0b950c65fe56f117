//! The services behind the manifest's resources: each answers for the operations that refs name.
//!
//! It knows which resource is which kind of service, not how any of them says what it offers.

use std::collections::{BTreeMap, BTreeSet};

use conductor_introspect::Service;
use conductor_model::{Findings, Lookup, Manifest, Reference, Resource, Scheme};
use conductor_protocol::plan::ResourceKind;

use super::{Asking, container, grpc, http, merge};

/// By the id of the resource; `None` where it could not be opened, which is reported.
#[derive(Default)]
pub(super) struct Services {
    opened: BTreeMap<String, Option<Box<dyn Service>>>,
}

impl Services {
    /// Opens every service that a ref may name.
    pub(super) fn open(
        manifest: &Manifest,
        written: &BTreeMap<&str, Reference<'_>>,
        asking: &mut Asking<'_>,
        found: &mut Findings,
    ) -> Services {
        let mut services = Services::default();
        for resource in &manifest.resources {
            let operations = operations(resource, written);
            // Nobody is asked whom no ref names; where a container is, its compose file says.
            let is_wanted = !operations.is_empty() || resource.kind.value == ResourceKind::Container;
            if is_wanted && let Some(service) = opened(resource, &operations, manifest, asking, found) {
                services.opened.insert(resource.id.value.clone(), service);
            }
        }
        services
    }

    /// The answer of the resource that a ref names; `None` where it names none that is a service.
    pub(super) fn lookup(&mut self, manifest: &Manifest, reference: &Reference<'_>) -> Option<Lookup> {
        let (id, operation) = reference.operation()?;
        let resource = manifest.resources.iter().find(|resource| resource.id.value == id)?;
        if !may_be(reference.scheme, resource.kind.value) {
            return None;
        }
        match self.opened.get_mut(&*id)? {
            Some(service) => Some(service.lookup(operation)),
            None => Some(Lookup::Reported),
        }
    }

    /// Adds what the services have taught beside their answers.
    pub(super) fn finish(self, findings: &mut Findings) {
        for (id, service) in self.opened {
            let Some(service) = service else { continue };
            let learned = service.finish();
            merge::types(
                findings,
                Findings {
                    types: learned.types,
                    type_spans: learned.type_spans,
                    diagnostics: learned.diagnostics,
                    ..Findings::default()
                },
            );
            findings.services.insert(id, learned.facts);
        }
    }
}

/// What refs name of it.
fn operations<'a>(resource: &Resource, written: &BTreeMap<&str, Reference<'a>>) -> BTreeSet<&'a str> {
    let of_resource = written.values().filter(|reference| may_be(reference.scheme, resource.kind.value));
    let named = of_resource.filter_map(Reference::operation);
    named.filter(|(id, _)| *id == resource.id.value).map(|(_, operation)| operation).collect()
}

/// `None` where the resource is no service with operations.
fn opened(
    resource: &Resource,
    operations: &BTreeSet<&str>,
    manifest: &Manifest,
    asking: &mut Asking<'_>,
    found: &mut Findings,
) -> Option<Option<Box<dyn Service>>> {
    match resource.kind.value {
        ResourceKind::Grpc => {
            Some(grpc::open(resource, None, operations, manifest, asking, &mut found.diagnostics))
        }
        ResourceKind::Http => Some(http::open(resource, operations, manifest, asking, found)),
        ResourceKind::Container => Some(container::open(resource, operations, manifest, asking, found)),
        _ => None,
    }
}

fn may_be(scheme: Option<Scheme>, kind: ResourceKind) -> bool {
    match scheme {
        None => true,
        Some(Scheme::Grpc) => kind == ResourceKind::Grpc,
        Some(Scheme::Http) => kind == ResourceKind::Http,
        Some(Scheme::Container) => kind == ResourceKind::Container,
        Some(Scheme::Code(_)) => false,
    }
}

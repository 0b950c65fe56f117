//! The services behind the manifest's resources: each answers for the operations that refs name.
//!
//! It knows which resource is which kind of service, not how any of them says what it offers.

use std::collections::BTreeMap;

use conductor_introspect::Service;
use conductor_model::{Findings, Lookup, Manifest, Reference, Resource, Scheme};
use conductor_protocol::plan::ResourceKind;
use conductor_source::Diagnostic;

use super::{Asking, merge};

/// By the id of the resource; `None` where it could not be opened, which is reported.
#[derive(Default)]
pub(super) struct Services {
    opened: BTreeMap<String, Option<Box<dyn Service>>>,
}

impl Services {
    /// Opens every service that a ref may name.
    pub(super) fn open(
        manifest: &Manifest,
        asking: &mut Asking<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Services {
        let mut services = Services::default();
        for resource in &manifest.resources {
            if let Some(service) = opened(resource, asking, diagnostics) {
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
        match self.opened.get_mut(id)? {
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

/// `None` where the resource is no service with operations, or no ref asks for one.
fn opened(
    _resource: &Resource,
    _asking: &mut Asking<'_>,
    _diagnostics: &mut Vec<Diagnostic>,
) -> Option<Option<Box<dyn Service>>> {
    None
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

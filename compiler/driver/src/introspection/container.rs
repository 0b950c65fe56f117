//! Containers: services of a compose file that speak HTTP or gRPC.
//!
//! It knows neither protocol: it says where the service is, and hands on.

use std::collections::BTreeSet;

use conductor_introspect::compose::{Container, Mistake, Opening, Wanted};
use conductor_introspect::{Learned, Service};
use conductor_model::{Findings, Lookup, Manifest, Protocol, Resource};
use conductor_source::{Code, Diagnostic, Span};

use super::{Asking, grpc, http};

pub const BAD_CONTAINER: Code = Code("E182");

/// A service with what its compose file says of it.
struct Contained {
    /// `None` where no operation of it is called.
    inner: Option<Box<dyn Service>>,
    container: Container,
    speaks: Option<Protocol>,
}

/// The container behind a resource. `None` where it could not be read, which is reported.
pub(super) fn open(
    resource: &Resource,
    operations: &BTreeSet<&str>,
    manifest: &Manifest,
    asking: &mut Asking<'_>,
    found: &mut Findings,
) -> Option<Box<dyn Service>> {
    let container = read(resource, asking).map_err(|finding| found.diagnostics.push(*finding)).ok()?;
    let speaks = protocol(resource);
    let inner = match speaks {
        _ if operations.is_empty() => None,
        Some(Protocol::Http) if resource.api.openapi.is_some() || !resource.api.operations.is_empty() => {
            Some(http::open(resource, operations, manifest, asking, found)?)
        }
        Some(Protocol::Grpc) => {
            let address = container.address.as_deref();
            Some(grpc::open(resource, address, operations, manifest, asking, &mut found.diagnostics)?)
        }
        _ => {
            found.diagnostics.push(unspoken(resource));
            return None;
        }
    };
    Some(Box::new(Contained { inner, container, speaks }))
}

/// What it speaks, as far as the manifest says so.
fn protocol(resource: &Resource) -> Option<Protocol> {
    let api = &resource.api;
    if api.openapi.is_some() || !api.operations.is_empty() {
        return Some(Protocol::Http);
    }
    if !api.proto.is_empty() || api.descriptors.is_some() {
        return Some(Protocol::Grpc);
    }
    api.protocol.as_ref().map(|protocol| protocol.value)
}

fn unspoken(resource: &Resource) -> Diagnostic {
    let message = format!("nothing says which operations `{}` has", resource.id.value);
    Diagnostic::error(BAD_CONTAINER, message, resource.id.span, "this container").help(
        "name its document under `openapi`, write its `operations`, or say `protocol: grpc` to ask its server",
    )
}

fn read(resource: &Resource, asking: &mut Asking<'_>) -> Result<Container, Box<Diagnostic>> {
    let service = resource.service.as_ref().unwrap_or(&resource.id);
    let mut opening = Opening::new(Wanted {
        service: service.value.clone(),
        file: resource.compose.as_ref().map(|file| file.value.clone()),
        port: resource.port.as_ref().map(|port| port.value),
        has_address: resource.address.is_some(),
    });
    loop {
        let needs = opening.needs();
        if needs.is_empty() {
            break;
        }
        for need in needs {
            let answer = (asking.fetch)(&need);
            opening.supply(&need, answer);
        }
    }
    opening.finish(asking.sources).map_err(|mistake| Box::new(finding(resource, service.span, mistake)))
}

fn finding(resource: &Resource, service: Span, mistake: Mistake) -> Diagnostic {
    let message = format!("the container `{}` cannot be found: {}", resource.id.value, mistake.message);
    let finding = match mistake.span {
        Some(span) => Diagnostic::error(BAD_CONTAINER, message, span, "").label(service, "wanted here"),
        None => Diagnostic::error(BAD_CONTAINER, message, service, "wanted here"),
    };
    match mistake.help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

impl Service for Contained {
    fn lookup(&mut self, operation: &str) -> Lookup {
        self.inner.as_mut().map_or(Lookup::Reported, |inner| inner.lookup(operation))
    }

    fn finish(self: Box<Self>) -> Learned {
        let mut learned = self.inner.map(Service::finish).unwrap_or_default();
        let facts = &mut learned.facts;
        let path = facts.address.take().map(|address| path(&address)).unwrap_or_default();
        facts.address = self.container.address.map(|address| match self.speaks {
            Some(Protocol::Grpc) => address,
            // A client that no operation is called of is handed the address as it is.
            _ => format!("http://{address}{path}"),
        });
        facts.health = Some(self.container.health);
        facts.ready_ms = self.container.within_ms;
        learned
    }
}

/// The path of an address, which the document says even where the server is elsewhere: `/api/v1`.
fn path(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.find('/').map_or(String::new(), |at| rest[at..].trim_end_matches('/').to_owned())
}

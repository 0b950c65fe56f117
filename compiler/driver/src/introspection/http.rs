//! The operations of an HTTP resource: from its document, from the lock, or from the manifest itself.
//!
//! It knows no operations: it says where they are described, and reports where that cannot be read.

use std::collections::BTreeSet;

use conductor_introspect::openapi::{OpenApi, Opening, Unusable, changes};
use conductor_introspect::{Answer, Inline, Service};
use conductor_model::{Findings, Manifest, Reference, Resource, Spanned, Task};
use conductor_protocol::plan::ResourceKind;
use conductor_protocol::types::Type;
use conductor_source::{Code, Diagnostic, Severity};

use super::Asking;
use super::grpc::{UNREACHABLE, UNREADABLE};
use crate::{Schemas, refresh};

pub const DEPRECATED: Code = Code("W180");

/// The service behind a resource. `None` where it could not be read, which is reported.
pub(super) fn open(
    resource: &Resource,
    operations: &BTreeSet<&str>,
    manifest: &Manifest,
    asking: &mut Asking<'_>,
    found: &mut Findings,
) -> Option<Box<dyn Service>> {
    if let Some(place) = &resource.api.openapi {
        let service = document(resource, place, operations, manifest, asking, &mut found.diagnostics);
        let service = service.map_err(|finding| found.diagnostics.push(*finding)).ok()?;
        found.diagnostics.extend(deprecated(&service, resource, manifest));
        return Some(Box::new(service));
    }
    let mut wrong = Vec::new();
    let mut ty = |written: &conductor_model::TypeExpr| -> Type {
        conductor_resolve::type_of(written, found, &mut wrong)
    };
    let service = Inline::new(resource, &mut ty);
    found.diagnostics.extend(wrong);
    Some(Box::new(service))
}

/// What the lock pins of the document, or else its server tells.
fn document(
    resource: &Resource,
    place: &Spanned<String>,
    operations: &BTreeSet<&str>,
    manifest: &Manifest,
    asking: &mut Asking<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<OpenApi, Box<Diagnostic>> {
    let lock = asking.lock.filter(|_| asking.schemas != Schemas::Renewed);
    let pinned = lock.and_then(|lock| lock.document(&resource.id.value, &place.value));
    // One that cannot be read is as good as none: it is asked for anew.
    let pinned = pinned.and_then(|text| read(resource, place, Some(&text), asking).ok());
    match pinned {
        Some(pinned) if asking.schemas == Schemas::Pinned => {
            if operations.iter().all(|operation| pinned.has(operation)) {
                return Ok(pinned);
            }
            read(resource, place, None, asking)
        }
        Some(mut pinned) => {
            let mut told = read(resource, place, None, asking)?;
            let mut seen = BTreeSet::new();
            for operation in operations {
                for change in changes(&mut pinned, &mut told, operation) {
                    if seen.insert(change.text.clone()) {
                        diagnostics.push(refresh::of_change(manifest, resource, operation, &change));
                    }
                }
            }
            Ok(told)
        }
        None => read(resource, place, None, asking),
    }
}

/// The service that the document describes; `pinned` is its text where no server is asked.
fn read(
    resource: &Resource,
    place: &Spanned<String>,
    pinned: Option<&[u8]>,
    asking: &mut Asking<'_>,
) -> Result<OpenApi, Box<Diagnostic>> {
    let mut opening = Opening::new(&place.value);
    loop {
        let needs = opening.needs();
        if needs.is_empty() {
            break;
        }
        for need in needs {
            let answer = match pinned {
                Some(text) => Answer::File(text.to_vec()),
                None => (asking.fetch)(&need),
            };
            opening.supply(&need, answer);
        }
    }
    let sent = resource.headers.iter().map(|(name, _)| name.value.to_lowercase()).collect();
    let id = &resource.id.value;
    let service =
        opening.finish(id, sent, asking.sources).map_err(|why| Box::new(unusable(resource, place, &why)))?;
    let has_address = resource.address.is_some() || resource.kind.value == ResourceKind::Container;
    if !has_address && !service.address().is_some_and(|address| address.contains("://")) {
        let message = format!("nothing says where `{id}` is");
        let help = "say it under `url`: an address, or `${env.NAME}`, which is read when the process starts";
        let finding = Diagnostic::error(UNREADABLE, message, place.span, "this document names no server");
        return Err(Box::new(finding.help(help)));
    }
    Ok(service)
}

/// Advice for each task whose operation the document calls deprecated.
fn deprecated(service: &OpenApi, resource: &Resource, manifest: &Manifest) -> Vec<Diagnostic> {
    let advice = |task: &Task| {
        let (id, operation) = Reference::parse(&task.reference.value).operation()?;
        let said = service.deprecated(operation).filter(|_| id == resource.id.value)?;
        let message = format!("`{id}.{operation}` is deprecated");
        let place = task.reference.span;
        let finding = Diagnostic::new(Severity::Advice, DEPRECATED, message, place, "called here");
        let help = "call what has taken its place, as its description may say";
        Some(finding.label(said, "said here").help(help))
    };
    manifest.tasks.iter().filter_map(advice).collect()
}

fn unusable(resource: &Resource, place: &Spanned<String>, why: &Unusable) -> Diagnostic {
    let id = &resource.id.value;
    let Unusable { message: problem, span, unreachable } = why;
    if *unreachable {
        let message = format!("the operations of `{id}` are not known: {problem}");
        return Diagnostic::error(UNREACHABLE, message, place.span, "asked here").help(
            "start the server; or save its document in the project, and name the path under `openapi`",
        );
    }
    let message = format!("the document of `{id}` cannot be read: {problem}");
    match span {
        Some(span) => Diagnostic::error(UNREADABLE, message, *span, "").label(place.span, "named here"),
        None => Diagnostic::error(UNREADABLE, message, place.span, "named here"),
    }
}

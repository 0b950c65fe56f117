//! The operations of an HTTP resource: from its document, from the lock, or from the manifest itself.
//!
//! It knows no operations: it says where they are described, and reports where that cannot be read.

use conductor_introspect::openapi::{OpenApi, Opening, Unusable};
use conductor_introspect::{Inline, Service};
use conductor_model::{Findings, Resource, Spanned};
use conductor_protocol::plan::ResourceKind;
use conductor_protocol::types::Type;
use conductor_source::Diagnostic;

use super::Asking;
use super::grpc::{UNREACHABLE, UNREADABLE};

/// The service behind a resource. `None` where it could not be read, which is reported.
pub(super) fn open(
    resource: &Resource,
    asking: &mut Asking<'_>,
    found: &mut Findings,
) -> Option<Box<dyn Service>> {
    if let Some(place) = &resource.api.openapi {
        let service = document(resource, place, asking).map_err(|finding| found.diagnostics.push(finding));
        return service.ok().map(|service| Box::new(service) as Box<dyn Service>);
    }
    let mut wrong = Vec::new();
    let mut ty = |written: &conductor_model::TypeExpr| -> Type {
        conductor_resolve::type_of(written, found, &mut wrong)
    };
    let service = Inline::new(resource, &mut ty);
    found.diagnostics.extend(wrong);
    Some(Box::new(service))
}

fn document(
    resource: &Resource,
    place: &Spanned<String>,
    asking: &mut Asking<'_>,
) -> Result<OpenApi, Diagnostic> {
    let mut opening = Opening::new(&place.value);
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
    let sent = resource.headers.iter().map(|(name, _)| name.value.to_lowercase()).collect();
    let id = &resource.id.value;
    let service = opening.finish(id, sent, asking.sources).map_err(|why| unusable(resource, place, &why))?;
    let has_address = resource.address.is_some() || resource.kind.value == ResourceKind::Container;
    if !has_address && !service.address().is_some_and(|address| address.contains("://")) {
        let message = format!("nothing says where `{id}` is");
        let help = "say it under `url`: an address, or `${env.NAME}`, which is read when the process starts";
        return Err(
            Diagnostic::error(UNREADABLE, message, place.span, "this document names no server").help(help)
        );
    }
    Ok(service)
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

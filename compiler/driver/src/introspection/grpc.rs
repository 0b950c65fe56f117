//! The schema of a gRPC resource: from its `.proto` files, from descriptors, from the lock, or from its server.
//!
//! It knows no methods: it says where the schema is, and reports where it is not.

use std::collections::BTreeSet;

use conductor_introspect::grpc::{GrpcService, Problem, ProtoFiles, Schema, files_of_set};
use conductor_introspect::{Answer, Need, Reflection, Server, Service};
use conductor_model::{Manifest, Resource};
use conductor_source::{Code, Diagnostic, Span};

use super::Asking;
use super::address::{self, Unknown};
use crate::{Schemas, refresh};

pub const UNREACHABLE: Code = Code("E180");
pub const UNREADABLE: Code = Code("E181");

/// Where reflection stands in for files, this is what helps everywhere.
const NAME_THE_SCHEMA: &str = "name the schema: `proto: auth.proto`, or `descriptors: auth.binpb`";

/// The service behind a resource, at `known` where that is not what the manifest says. `None` where it could not be
/// read, which is reported.
pub(super) fn open(
    resource: &Resource,
    known: Option<&str>,
    operations: &BTreeSet<&str>,
    manifest: &Manifest,
    asking: &mut Asking<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Box<dyn Service>> {
    let id = &resource.id.value;
    let opened = if let Some(first) = resource.api.proto.first() {
        protos(resource, asking).map_err(|problem| unreadable(id, problem, first.span))
    } else if let Some(path) = &resource.api.descriptors {
        descriptors(&path.value, asking).map_err(|problem| unreadable(id, problem, path.span))
    } else {
        return server(resource, known, operations, manifest, asking, diagnostics);
    };
    match opened {
        Ok(schema) => Some(Box::new(GrpcService::new(id, schema))),
        Err(finding) => {
            diagnostics.push(finding);
            None
        }
    }
}

fn protos(resource: &Resource, asking: &mut Asking<'_>) -> Result<Schema, Problem> {
    let mut files = ProtoFiles::new(resource.api.proto.iter().map(|path| path.value.as_str()));
    while let Some(need) = files.need() {
        let answer = (asking.fetch)(&need);
        files.supply(&need, answer);
    }
    files.finish(asking.sources)
}

fn descriptors(path: &str, asking: &mut Asking<'_>) -> Result<Schema, Problem> {
    let files = match (asking.fetch)(&Need::File(path.to_owned())) {
        Answer::File(bytes) => files_of_set(&bytes)?,
        Answer::Refused(why) => return Err(Problem::new(format!("`{path}` cannot be read: {why}"))),
        _ => {
            return Err(Problem::new(format!("there is no file `{path}`"))
                .help("name it relative to the manifest's folder"));
        }
    };
    Schema::of_descriptors(path, &files, None, asking.sources)
}

/// What the lock pins, or else the server tells.
fn server(
    resource: &Resource,
    known: Option<&str>,
    operations: &BTreeSet<&str>,
    manifest: &Manifest,
    asking: &mut Asking<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Box<dyn Service>> {
    let id = &resource.id.value;
    // What is to be renewed may be damaged.
    let lock = asking.lock.filter(|_| asking.schemas != Schemas::Renewed);
    let pinned = lock.map_or(Ok(None), |lock| lock.service(id, asking.sources));
    let pinned = pinned.map_err(|finding| diagnostics.push(*finding)).ok()?;
    let pinned = match pinned {
        Some((pin, schema)) if asking.schemas == Schemas::Pinned && pin.covers(operations) => {
            return Some(Box::new(GrpcService::pinned(id, schema, &pin.operations)));
        }
        other => other,
    };
    let told = reflected(resource, known, asking)
        .map_err(|finding| diagnostics.extend(finding.map(|finding| *finding)))
        .ok()?;
    let label = format!("grpc:{id}");
    match Schema::of_descriptors(&label, &told.files, Some(&told.services), asking.sources) {
        Ok(schema) => {
            if let Some((pin, old)) = &pinned {
                let about = refresh::About { manifest, resource, pin, operations };
                diagnostics.extend(refresh::findings(&about, old, &schema, asking.schemas));
            }
            Some(Box::new(GrpcService::of_server(id, schema)))
        }
        Err(problem) => {
            let problem = Problem { help: problem.help.or(Some(NAME_THE_SCHEMA.to_owned())), ..problem };
            diagnostics.push(unreadable(id, problem, place(resource)));
            None
        }
    }
}

/// The answer of the server, or the finding that there is none, where nothing else says so.
fn reflected(
    resource: &Resource,
    known: Option<&str>,
    asking: &mut Asking<'_>,
) -> Result<Reflection, Option<Box<Diagnostic>>> {
    let id = &resource.id.value;
    let unreachable = |problem: &str, help: &str| {
        let message = format!("the methods of `{id}` are not known: {problem}");
        Some(Box::new(Diagnostic::error(UNREACHABLE, message, place(resource), "asked here").help(help)))
    };
    let written = match known {
        Some(known) => Ok(known.to_owned()),
        None => address::evaluated(resource, asking),
    };
    let address = written.map_err(|unknown| match unknown {
        Unknown::Unwritten => None,
        Unknown::Unset(names) => {
            let names = conductor_model::names::listed(&names);
            unreachable(
                &format!("its address is read from {names}, which the environment does not have"),
                &format!("set {names} to the address of a running server; or {NAME_THE_SCHEMA}"),
            )
        }
        Unknown::Wrong(problem) => {
            unreachable(&format!("its address has no value ({problem})"), NAME_THE_SCHEMA)
        }
    })?;
    let ca = resource.ca.as_ref().map(|path| path.value.clone());
    match (asking.fetch)(&Need::Reflection(Server { address, ca })) {
        Answer::Reflection(told) => Ok(told),
        Answer::Failed { problem, help } => Err(unreachable(&problem, &help)),
        _ => Err(unreachable("nobody asks servers here", NAME_THE_SCHEMA)),
    }
}

/// What names the server.
fn place(resource: &Resource) -> Span {
    resource.address.as_ref().map_or(resource.id.span, |address| address.span)
}

fn unreadable(id: &str, problem: Problem, place: Span) -> Diagnostic {
    let message = format!("the schema of `{id}` cannot be read: {}", problem.text);
    let finding = match problem.span {
        Some(span) => Diagnostic::error(UNREADABLE, message, span, "").label(place, "named here"),
        None => Diagnostic::error(UNREADABLE, message, place, "named here"),
    };
    match problem.help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

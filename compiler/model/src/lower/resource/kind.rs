//! Which keys a resource of each kind needs, and which say nothing there.
//!
//! It does not know what their values mean.

use conductor_protocol::plan::ResourceKind::{
    self, Container, Custom, Grpc, Http, Postgres, Redis, Semaphore,
};
use conductor_source::Diagnostic;

use super::super::fields::Fields;
use super::super::{Context, KEY_OF_ANOTHER_KIND, MISSING_KEY, words};
use crate::Spanned;

/// Keys that a resource of some kind needs, and those that say nothing there, each with the reason.
pub(crate) struct Demands {
    /// One of each group must be there.
    pub needed: &'static [&'static [&'static str]],
    pub refused: Vec<(&'static str, &'static str)>,
}

const ADDRESS: &[&str] = &["url", "address"];

/// Keys that only some kinds have, and why the others do not.
const OF_KINDS: &[(&str, &[ResourceKind], &str)] = &[
    ("url", CONNECTED, "a semaphore connects to nothing"),
    ("address", CONNECTED, "a semaphore connects to nothing"),
    ("pool", CONNECTED, "a semaphore has permits: say `max_concurrency`"),
    ("open", &[Custom], "only a `custom` resource is opened by a function"),
    ("close", &[Custom], "only a `custom` resource is closed by a function"),
    ("openapi", HTTP, "an OpenAPI document describes an `http` resource, or a container that speaks HTTP"),
    ("operations", HTTP, "operations are those of an `http` resource, or of a container that speaks HTTP"),
    ("headers", HTTP, "headers are sent to an `http` resource, or to a container that speaks HTTP"),
    ("proto", GRPC, "protocol buffers describe a `grpc` resource, or a container that speaks gRPC"),
    ("descriptors", GRPC, "descriptors describe a `grpc` resource, or a container that speaks gRPC"),
    ("ca", GRPC, "certificates are those of a `grpc` resource, or of a container that speaks gRPC"),
    ("service", &[Container], "only a `container` is a service of a compose file"),
    ("compose", &[Container], "only a `container` is a service of a compose file"),
    (
        "port",
        &[Container],
        "the port is part of the address; only a `container` takes it from a compose file",
    ),
    ("protocol", &[Container], "the kind says what it speaks; only a `container` needs to be told"),
    ("ready", &[Http, Grpc, Container], "only `http`, `grpc` and `container` resources are waited for"),
    ("ready_ms", &[Http, Grpc, Container], "only `http`, `grpc` and `container` resources are waited for"),
];
const CONNECTED: &[ResourceKind] = &[Postgres, Redis, Http, Grpc, Container, Custom];
const HTTP: &[ResourceKind] = &[Http, Container];
const GRPC: &[ResourceKind] = &[Grpc, Container];

pub(crate) fn demands(kind: ResourceKind) -> Demands {
    let needed: &[&[&str]] = match kind {
        Semaphore => &[&["max_concurrency"]],
        Custom => &[&["open"]],
        Container => &[],
        // The document says where the service is.
        Http => &[&["url", "address", "openapi"]],
        Postgres | Redis | Grpc => &[ADDRESS],
    };
    let elsewhere = OF_KINDS.iter().filter(|(_, kinds, _)| !kinds.contains(&kind));
    Demands { needed, refused: elsewhere.map(|(key, _, reason)| (*key, *reason)).collect() }
}

/// Keys that a resource of its kind needs, and those that say nothing there.
pub(super) fn check(context: &mut Context, fields: &Fields, kind: &Spanned<ResourceKind>) {
    let Demands { needed, refused } = demands(kind.value);
    for keys in needed {
        let Some(first) = keys.first().filter(|_| keys.iter().all(|key| fields.get(key).is_none())) else {
            continue;
        };
        let message = format!("a `{}` resource needs `{first}`", word(kind.value));
        context.report(
            Diagnostic::error(MISSING_KEY, message, kind.span, format!("`{first}` is missing"))
                .help(needed_help(kind.value)),
        );
    }
    for (key, reason) in refused {
        if let Some(entry) = fields.get(key) {
            let message = format!("a `{}` resource takes no `{key}`", word(kind.value));
            context.report(
                Diagnostic::error(KEY_OF_ANOTHER_KIND, message, entry.key.span, "")
                    .label(kind.span, "this kind of resource")
                    .help(reason),
            );
        }
    }
}

fn needed_help(kind: ResourceKind) -> &'static str {
    match kind {
        Semaphore => "say how many permits it has",
        Custom => "name the function that makes the client",
        _ => "say where it is, or read that when the process starts: `${env.NAME}`",
    }
}

fn word(kind: ResourceKind) -> &'static str {
    words::RESOURCE_KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word)
}

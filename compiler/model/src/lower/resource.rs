//! Resources.
//!
//! It does not know what they connect to.

pub(crate) mod api;
pub(crate) mod kind;

use conductor_protocol::plan::Pool;
use conductor_source::Diagnostic;
use conductor_syntax::{Entry, Node};

use super::fields::{Fields, Shape};
use super::{Context, GIVEN_TWICE, OUT_OF_RANGE, duration, number, rate, value, words};
use crate::Spanned;
use crate::resource::Resource;

pub(crate) const RESOURCE: Shape = Shape::of(
    "a resource",
    &[
        "id",
        "kind",
        "url",
        "address",
        "pool",
        "max_concurrency",
        "rate_limit",
        "scope",
        "open",
        "close",
        "openapi",
        "operations",
        "headers",
        "proto",
        "descriptors",
        "ca",
        "service",
        "compose",
        "port",
        "protocol",
        "ready",
        "ready_ms",
    ],
);

pub(crate) const POOL: Shape = Shape::of("a `pool`", &["min", "max"]);

const A_PATH: &str = "a path relative to the manifest's folder";

/// The most connections that a pool keeps open where it does not say.
const DEFAULT_MIN: u32 = 0;

pub(super) fn resource(context: &mut Context, node: &Node) -> Option<Resource> {
    let fields = Fields::read(context, node, &RESOURCE)?;
    let id = fields.require(context, "id").and_then(|entry| value::new_id(context, entry));
    let kind = fields
        .require(context, "kind")
        .and_then(|entry| words::choice(context, entry, words::RESOURCE_KINDS));
    let address = address(context, &fields);
    let pool = fields.get("pool").and_then(|entry| pool(context, entry));
    let max_concurrency =
        fields.get("max_concurrency").and_then(|entry| number::count(context, entry, "a number of permits"));
    let rate_limit = fields.get("rate_limit").and_then(|entry| rate::rate(context, entry));
    let scope = fields.get("scope").and_then(|entry| words::choice(context, entry, words::SCOPES));
    let open = function(context, &fields, "open");
    let close = function(context, &fields, "close");
    let api = api::api(context, &fields);
    let headers = value::arguments(context, fields.get("headers"));
    let ca = fields.get("ca").and_then(|entry| value::name(context, entry, A_PATH));
    let ready = duration::field(context, &fields, "ready", 1);
    let service =
        fields.get("service").and_then(|entry| value::name(context, entry, "the name of a service"));
    let compose = fields.get("compose").and_then(|entry| value::name(context, entry, A_PATH));
    let port = fields.get("port").and_then(|entry| number::port(context, entry));
    let kind = kind?;
    kind::check(context, &fields, &kind);
    Some(Resource {
        id: id?,
        kind,
        address,
        pool,
        max_concurrency,
        rate_limit,
        scope,
        open,
        close,
        api,
        headers,
        ca,
        ready,
        service,
        compose,
        port,
        span: node.span,
    })
}

fn address(context: &mut Context, fields: &Fields) -> Option<Node> {
    if let (Some(first), Some(second)) = (fields.get("url"), fields.get("address")) {
        context.report(
            Diagnostic::error(
                GIVEN_TWICE,
                "`url` and `address` say the same thing twice",
                second.key.span,
                "here again",
            )
            .label(first.key.span, "first here")
            .help("keep one of the two"),
        );
    }
    let entry = fields.get("url").or_else(|| fields.get("address"))?;
    value::string(context, entry).map(|_| entry.value.clone())
}

fn function(context: &mut Context, fields: &Fields, key: &str) -> Option<Spanned<String>> {
    let entry = fields.get(key)?;
    value::name(context, entry, "a function, such as \"module.function\"")
}

fn pool(context: &mut Context, entry: &Entry) -> Option<Spanned<Pool>> {
    let fields = Fields::read(context, &entry.value, &POOL)?;
    let min = fields
        .get("min")
        .and_then(|entry| number::count_from_zero(context, entry, "a number of connections"));
    let max = fields
        .require(context, "max")
        .and_then(|entry| number::count(context, entry, "a number of connections"))?;
    if let Some(min) = &min
        && min.value > max.value
    {
        context.report(
            Diagnostic::error(
                OUT_OF_RANGE,
                "the pool keeps more open than it may have",
                min.span,
                "more than `max`",
            )
            .label(max.span, "at most this many"),
        );
        return None;
    }
    let min = min.map_or(DEFAULT_MIN, |min| min.value);
    Some(Spanned::new(Pool { min, max: max.value }, entry.value.span))
}

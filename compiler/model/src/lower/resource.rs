//! Resources.
//!
//! It does not know what they connect to.

use conductor_protocol::plan::{Pool, ResourceKind};
use conductor_source::Diagnostic;
use conductor_syntax::{Entry, Node};

use super::fields::{Fields, Shape};
use super::{
    Context, GIVEN_TWICE, KEY_OF_ANOTHER_KIND, MISSING_KEY, OUT_OF_RANGE, number, rate, value, words,
};
use crate::Spanned;
use crate::resource::Resource;

pub(crate) const RESOURCE: Shape = Shape::of(
    "a resource",
    &["id", "kind", "url", "address", "pool", "max_concurrency", "rate_limit", "scope", "open", "close"],
);

pub(crate) const POOL: Shape = Shape::of("a `pool`", &["min", "max"]);

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
    let kind = kind?;
    of_kind(context, &fields, &kind);
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

/// Keys that a resource of some kind needs, and those that say nothing there, each with the reason.
pub(crate) struct Demands {
    /// `address` does for `url`.
    pub needed: &'static [&'static str],
    pub refused: &'static [(&'static str, &'static str)],
}

const OPENED: &[(&str, &str)] = &[
    ("open", "only a `custom` resource is opened by a function"),
    ("close", "only a `custom` resource is closed by a function"),
];

const PERMITS: &[(&str, &str)] = &[
    ("url", "a semaphore connects to nothing"),
    ("address", "a semaphore connects to nothing"),
    ("pool", "a semaphore has permits: say `max_concurrency`"),
    ("open", "only a `custom` resource is opened by a function"),
    ("close", "only a `custom` resource is closed by a function"),
];

pub(crate) fn demands(kind: ResourceKind) -> Demands {
    match kind {
        ResourceKind::Semaphore => Demands { needed: &["max_concurrency"], refused: PERMITS },
        ResourceKind::Custom => Demands { needed: &["open"], refused: &[] },
        ResourceKind::Container => Demands { needed: &[], refused: OPENED },
        _ => Demands { needed: &["url"], refused: OPENED },
    }
}

/// Keys that a resource of its kind needs, and those that say nothing there.
fn of_kind(context: &mut Context, fields: &Fields, kind: &Spanned<ResourceKind>) {
    let Demands { needed, refused } = demands(kind.value);
    for key in needed {
        let alias = *key == "url" && fields.get("address").is_some();
        if fields.get(key).is_none() && !alias {
            let word = word(kind.value);
            let message = format!("a `{word}` resource needs `{key}`");
            context.report(
                Diagnostic::error(MISSING_KEY, message, kind.span, format!("`{key}` is missing"))
                    .help(needed_help(key)),
            );
        }
    }
    for (key, reason) in refused {
        if let Some(entry) = fields.get(key) {
            let message = format!("a `{}` resource takes no `{key}`", word(kind.value));
            context.report(
                Diagnostic::error(KEY_OF_ANOTHER_KIND, message, entry.key.span, "")
                    .label(kind.span, "this kind of resource")
                    .help(*reason),
            );
        }
    }
}

fn needed_help(key: &str) -> &'static str {
    match key {
        "max_concurrency" => "say how many permits it has",
        "open" => "name the function that makes the client",
        _ => "say where it is, or read that when the process starts: `${env.NAME}`",
    }
}

fn word(kind: ResourceKind) -> &'static str {
    words::RESOURCE_KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word)
}

//! Tasks.
//!
//! It does not know what a `ref` leads to.

use conductor_syntax::{Entry, Kind, Node};

use super::fields::{Fields, Shape};
use super::{Context, MISSING_KEY, duration, policy, value, words};
use crate::manifest::{Cache, Compensate, Task};

pub(crate) const TASK: Shape = Shape::of(
    "a task",
    &[
        "id",
        "ref",
        "policy",
        "with",
        "uses",
        "effect",
        "idempotent",
        "in_doubt",
        "compensate",
        "cache",
        "critical",
        "description",
    ],
);

pub(crate) const COMPENSATE: Shape = Shape::of("a `compensate`", &["task", "with"]);

pub(crate) const CACHE: Shape = Shape::of("a `cache`", &["ttl", "ttl_ms", "key"]);

pub(super) fn task(context: &mut Context, node: &Node) -> Option<Task> {
    let fields = Fields::read(context, node, &TASK)?;
    let id = fields.require(context, "id").and_then(|entry| value::new_id(context, entry));
    let reference = fields
        .require(context, "ref")
        .and_then(|entry| value::name(context, entry, "a function, such as \"module.function\""));
    let policy = policy::used(context, fields.get("policy"));
    let with = value::arguments(context, fields.get("with"));
    let uses = match fields.get("uses") {
        Some(entry) => value::names(context, entry, "the id of a resource, or a list of them"),
        None => Vec::new(),
    };
    let effect = fields.get("effect").and_then(|entry| words::choice(context, entry, words::EFFECTS));
    let idempotent = fields.get("idempotent").and_then(|entry| value::boolean(context, entry));
    let in_doubt = fields.get("in_doubt").and_then(|entry| words::choice(context, entry, words::IN_DOUBT));
    let compensate = fields.get("compensate").and_then(|entry| compensate(context, entry));
    let cache = fields.get("cache").and_then(|entry| cache(context, entry));
    let critical = fields.get("critical").and_then(|entry| value::boolean(context, entry));
    let description = fields.get("description").and_then(|entry| value::string(context, entry));
    let (id, reference) = (id?, reference?);
    Some(Task {
        id,
        reference,
        policy,
        with,
        uses,
        effect,
        idempotent,
        in_doubt,
        compensate,
        cache,
        critical,
        description,
        span: node.span,
    })
}

/// `compensate: refund`, or `compensate: {task: refund, with: {...}}`.
fn compensate(context: &mut Context, entry: &Entry) -> Option<Compensate> {
    if !matches!(entry.value.kind, Kind::Map(_)) {
        let task = value::name(context, entry, "the id of a task, or a mapping with `task` and `with`")?;
        return Some(Compensate { task, with: Vec::new() });
    }
    let fields = Fields::read(context, &entry.value, &COMPENSATE)?;
    let task =
        fields.require(context, "task").and_then(|entry| value::name(context, entry, "the id of a task"));
    let with = value::arguments(context, fields.get("with"));
    Some(Compensate { task: task?, with })
}

fn cache(context: &mut Context, entry: &Entry) -> Option<Cache> {
    let fields = Fields::read(context, &entry.value, &CACHE)?;
    let ttl = duration::field(context, &fields, "ttl", 1);
    if fields.get("ttl").is_none() && fields.get("ttl_ms").is_none() {
        let finding = conductor_source::Diagnostic::error(
            MISSING_KEY,
            "a `cache` needs `ttl`",
            fields.head(),
            "how long is a result good?",
        );
        context.report(finding);
    }
    let key = fields.get("key").map(|entry| entry.value.clone());
    Some(Cache { ttl: ttl?, key, span: entry.value.span })
}

//! Tasks.
//!
//! It does not know what a `ref` leads to.

use conductor_syntax::Node;

use super::fields::{Fields, Shape};
use super::{Context, policy, value, words};
use crate::manifest::Task;

const TASK: Shape = Shape {
    noun: "a task",
    keys: &["id", "ref", "policy", "with", "effect", "idempotent", "in_doubt", "critical", "description"],
    later: &["uses", "compensate", "cache"],
};

pub(super) fn task(context: &mut Context, node: &Node) -> Option<Task> {
    let fields = Fields::read(context, node, &TASK)?;
    let id = fields.require(context, "id").and_then(|entry| value::new_id(context, entry));
    let reference = fields
        .require(context, "ref")
        .and_then(|entry| value::name(context, entry, "a function, such as \"module.function\""));
    let policy = policy::used(context, fields.get("policy"));
    let with = value::arguments(context, fields.get("with"));
    let effect = fields.get("effect").and_then(|entry| words::choice(context, entry, words::EFFECTS));
    let idempotent = fields.get("idempotent").and_then(|entry| value::boolean(context, entry));
    let in_doubt = fields.get("in_doubt").and_then(|entry| words::choice(context, entry, words::IN_DOUBT));
    let critical = fields.get("critical").and_then(|entry| value::boolean(context, entry));
    let description = fields.get("description").and_then(|entry| value::string(context, entry));
    let (id, reference) = (id?, reference?);
    Some(Task {
        id,
        reference,
        policy,
        with,
        effect,
        idempotent,
        in_doubt,
        critical,
        description,
        span: node.span,
    })
}

//! Policies, defined or written inline.
//!
//! It fills in no defaults.

use conductor_syntax::{Entry, Kind, Node};

use super::fields::{Fields, Shape};
use super::{Context, duration, number, value, words};
use crate::policy::{PolicyDef, PolicyFields, PolicyUse};

const LATER: &[&str] = &["circuit_breaker", "rate_limit", "bulkhead", "hedge", "fallback"];

/// The keys of a definition; one that is written in place has all but the id, which stands first.
const KEYS: &[&str] = &[
    "id",
    "retries",
    "strategy",
    "initial",
    "initial_ms",
    "max_delay",
    "max_delay_ms",
    "multiplier",
    "jitter",
    "retry_on",
    "abort_on",
    "timeout",
    "timeout_ms",
    "deadline",
    "deadline_ms",
    "critical",
];

const DEFINITION: Shape = Shape { noun: "a policy", keys: KEYS, later: LATER };

const INLINE: Shape = Shape { noun: "an inline policy", keys: KEYS.split_at(1).1, later: LATER };

pub(super) fn definition(context: &mut Context, node: &Node) -> Option<PolicyDef> {
    let fields = Fields::read(context, node, &DEFINITION)?;
    let content = content(context, &fields);
    let id = fields.require(context, "id").and_then(|entry| value::new_id(context, entry))?;
    Some(PolicyDef { id, fields: content, span: node.span })
}

/// The value of `policy:` on a task or a step.
pub(super) fn used(context: &mut Context, entry: Option<&Entry>) -> Option<PolicyUse> {
    let entry = entry?;
    match &entry.value.kind {
        Kind::Map(_) => {
            let fields = Fields::read(context, &entry.value, &INLINE)?;
            Some(PolicyUse::Inline(Box::new(content(context, &fields)), entry.value.span))
        }
        _ => value::name(context, entry, "the id of a policy, or a policy").map(PolicyUse::Named),
    }
}

fn content(context: &mut Context, fields: &Fields) -> PolicyFields {
    PolicyFields {
        retries: fields.get("retries").and_then(|entry| number::retries(context, entry)),
        strategy: fields.get("strategy").and_then(|entry| words::choice(context, entry, words::STRATEGIES)),
        initial: duration::field(context, fields, "initial", 0),
        max_delay: duration::field(context, fields, "max_delay", 0),
        multiplier: fields.get("multiplier").and_then(|entry| number::multiplier(context, entry)),
        jitter: fields.get("jitter").and_then(|entry| words::choice(context, entry, words::JITTERS)),
        retry_on: value::strings(context, fields.get("retry_on")),
        abort_on: value::strings(context, fields.get("abort_on")),
        timeout: duration::field(context, fields, "timeout", 1),
        deadline: duration::field(context, fields, "deadline", 1),
        critical: fields.get("critical").and_then(|entry| value::boolean(context, entry)),
    }
}

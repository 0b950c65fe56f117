//! Policies, defined or written inline.
//!
//! It fills in no defaults.

use conductor_source::Diagnostic;
use conductor_syntax::{Entry, Kind, Node};

use super::fields::{Fields, Shape};
use super::{Context, GIVEN_TWICE, MISSING_KEY, duration, number, rate, value, words};
use crate::policy::{Breaker, Fallback, Hedge, PolicyDef, PolicyFields, PolicyUse};

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
    "circuit_breaker",
    "rate_limit",
    "bulkhead",
    "hedge",
    "fallback",
    "critical",
];

pub(crate) const DEFINITION: Shape = Shape::of("a policy", KEYS);

pub(crate) const INLINE: Shape = Shape::of("an inline policy", KEYS.split_at(1).1);

pub(crate) const BREAKER: Shape = Shape::of(
    "a `circuit_breaker`",
    &[
        "failures",
        "failure_rate",
        "window",
        "window_ms",
        "min_calls",
        "open_for",
        "open_for_ms",
        "half_open_calls",
        "key",
    ],
);

pub(crate) const HEDGE: Shape = Shape::of("a `hedge`", &["after", "after_ms", "max"]);

pub(crate) const FALLBACK: Shape = Shape::of("a `fallback`", &["task", "value"]);

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
        circuit_breaker: fields.get("circuit_breaker").and_then(|entry| breaker(context, entry)),
        rate_limit: fields.get("rate_limit").and_then(|entry| rate::rate(context, entry)),
        bulkhead: fields
            .get("bulkhead")
            .and_then(|entry| number::count(context, entry, "a number of attempts at a time")),
        hedge: fields.get("hedge").and_then(|entry| hedge(context, entry)),
        fallback: fields.get("fallback").and_then(|entry| fallback(context, entry)),
        critical: fields.get("critical").and_then(|entry| value::boolean(context, entry)),
    }
}

fn breaker(context: &mut Context, entry: &Entry) -> Option<Breaker> {
    let fields = Fields::read(context, &entry.value, &BREAKER)?;
    if let (Some(first), Some(second)) = (fields.get("failures"), fields.get("failure_rate")) {
        let message = "a breaker opens by `failures` or by `failure_rate`, not by both";
        context.report(
            Diagnostic::error(GIVEN_TWICE, message, second.key.span, "the second")
                .label(first.key.span, "the first")
                .help("keep one of the two"),
        );
    }
    let mut count = |key, what| fields.get(key).and_then(|entry| number::count(context, entry, what));
    let failures = count("failures", "a number of failures");
    let min_calls = count("min_calls", "a number of calls");
    let half_open_calls = count("half_open_calls", "a number of calls");
    Some(Breaker {
        failures,
        failure_rate: fields.get("failure_rate").and_then(|entry| number::share(context, entry)),
        window: duration::field(context, &fields, "window", 1),
        min_calls,
        open_for: duration::field(context, &fields, "open_for", 1),
        half_open_calls,
        key: fields.get("key").map(|entry| entry.value.clone()),
        span: entry.value.span,
    })
}

fn hedge(context: &mut Context, entry: &Entry) -> Option<Hedge> {
    let fields = Fields::read(context, &entry.value, &HEDGE)?;
    let after = duration::field(context, &fields, "after", 0);
    if fields.get("after").is_none() && fields.get("after_ms").is_none() {
        fields.require(context, "after");
    }
    let max = fields.get("max").and_then(|entry| number::count(context, entry, "a number of further calls"));
    Some(Hedge { after: after?, max, span: entry.value.span })
}

fn fallback(context: &mut Context, entry: &Entry) -> Option<Fallback> {
    let fields = Fields::read(context, &entry.value, &FALLBACK)?;
    match (fields.get("task"), fields.get("value")) {
        (Some(task), None) => value::name(context, task, "the id of a task").map(Fallback::Task),
        (None, Some(value)) => Some(Fallback::Value(value.value.clone())),
        (Some(first), Some(second)) => {
            let message = "a fallback is a `task` or a `value`, not both";
            context.report(
                Diagnostic::error(GIVEN_TWICE, message, second.key.span, "the second")
                    .label(first.key.span, "the first")
                    .help("keep one of the two"),
            );
            None
        }
        (None, None) => {
            let message = "a fallback needs a `task` or a `value`";
            context.report(Diagnostic::error(MISSING_KEY, message, fields.head(), "it has neither"));
            None
        }
    }
}

//! One file a rule: its code, what it is worth, and one function that looks at the whole.
//!
//! No rule knows another: a finding never depends on whether a second one is made.

mod act_before_check;
mod billed_retries;
mod blocking_async;
mod busy_polling;
mod critical_beside_notice;
mod endless_wait;
mod forgotten_writes;
mod hedge_pays;
mod herd;
mod hole_in_saga;
mod idle_breaker;
mod idle_connection;
mod independent_neighbours;
mod large_pool;
mod lost_cause;
mod made_up_write;
mod message_fails_run;
mod milliseconds;
mod money_as_float;
mod needless_sequence;
mod one_at_a_time;
mod one_branch;
mod overlapping_runs;
mod payment_in_doubt;
mod plain_http;
mod plain_secret;
mod pool_queues;
mod read_as_write;
mod remote_without_timeout;
mod retries_for_ever;
mod retries_in_vain;
mod same_call_twice;
mod same_fallback;
mod same_for_every_item;
mod same_policies;
mod secret_in_message;
mod secret_in_output;
mod silent_failure;
mod stale_cache;
mod swallowed_error;
mod timeout_below_slowest;
mod timeout_far_above;
mod tolerated_payment;
mod unbounded_fan_out;
mod undo_gives_up;
mod untyped_signal;
mod unused_input;
mod unwatched;
mod vague_id;
mod worth_caching;
mod writes_said_to_read;
mod written_secret;

use conductor_source::{Code, Diagnostic, Severity};

use crate::subject::Subject;

/// What a piece of advice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Risk,
    Performance,
    Resilience,
    Data,
    Security,
    Observability,
    Cost,
    Clarity,
}

/// How likely it is that an expert would agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    Low,
    Medium,
    High,
}

pub struct Rule {
    /// `R001`: its page is `docs/rules/R001.md`.
    pub code: Code,
    pub family: Family,
    pub severity: Severity,
    pub confidence: Confidence,
    pub(crate) judge: fn(&Subject<'_>) -> Vec<Diagnostic>,
}

pub(crate) const fn rule(
    code: &'static str,
    family: Family,
    severity: Severity,
    confidence: Confidence,
    judge: fn(&Subject<'_>) -> Vec<Diagnostic>,
) -> Rule {
    Rule { code: Code(code), family, severity, confidence, judge }
}

/// A comment that leaves nothing out; what there is to leave out is known only after all others.
pub(crate) static UNUSED_IGNORE: Rule =
    rule("N001", Family::Clarity, Severity::Advice, Confidence::High, |_| Vec::new());

/// Every rule, by code.
pub static RULES: &[&Rule] = &[
    &busy_polling::RULE,
    &billed_retries::RULE,
    &large_pool::RULE,
    &idle_connection::RULE,
    &money_as_float::RULE,
    &untyped_signal::RULE,
    &stale_cache::RULE,
    &remote_without_timeout::RULE,
    &herd::RULE,
    &retries_for_ever::RULE,
    &endless_wait::RULE,
    &undo_gives_up::RULE,
    &same_fallback::RULE,
    &unbounded_fan_out::RULE,
    &overlapping_runs::RULE,
    &timeout_below_slowest::RULE,
    &retries_in_vain::RULE,
    &idle_breaker::RULE,
    &timeout_far_above::RULE,
    &UNUSED_IGNORE,
    &unused_input::RULE,
    &same_policies::RULE,
    &one_branch::RULE,
    &needless_sequence::RULE,
    &milliseconds::RULE,
    &vague_id::RULE,
    &lost_cause::RULE,
    &silent_failure::RULE,
    &unwatched::RULE,
    &independent_neighbours::RULE,
    &read_as_write::RULE,
    &same_for_every_item::RULE,
    &one_at_a_time::RULE,
    &same_call_twice::RULE,
    &blocking_async::RULE,
    &hedge_pays::RULE,
    &worth_caching::RULE,
    &pool_queues::RULE,
    &critical_beside_notice::RULE,
    &message_fails_run::RULE,
    &tolerated_payment::RULE,
    &act_before_check::RULE,
    &hole_in_saga::RULE,
    &swallowed_error::RULE,
    &payment_in_doubt::RULE,
    &forgotten_writes::RULE,
    &writes_said_to_read::RULE,
    &made_up_write::RULE,
    &plain_secret::RULE,
    &written_secret::RULE,
    &plain_http::RULE,
    &secret_in_message::RULE,
    &secret_in_output::RULE,
];

impl Family {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Family::Risk => "risk",
            Family::Performance => "performance",
            Family::Resilience => "resilience",
            Family::Data => "data",
            Family::Security => "security",
            Family::Observability => "observability",
            Family::Cost => "cost",
            Family::Clarity => "clarity",
        }
    }
}

impl Confidence {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

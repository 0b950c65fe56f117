//! The visible parts of a policy: the test for another attempt, the wait before it, and what stands around a call.
//!
//! It knows numbers and the functions of the runtime.

use conductor_protocol::plan::{Effect, InDoubt, Jitter, Policy, Step, Strategy, TaskCall};

use super::expr::Result;
use super::literal;
use super::tree::{Go, Stmt};
use super::workflow::Workflow;

/// `runtime.IsRetryable(err, runtime.On{...})`.
pub fn is_retryable(workflow: &mut Workflow, policy: &Policy) -> Go {
    let mut fields = Vec::new();
    for (name, patterns) in [("Retry", &policy.retry_on), ("Abort", &policy.abort_on)] {
        if !patterns.is_empty() {
            fields.push((name.to_owned(), Go::atom(literal::strings(patterns))));
        }
    }
    let on = Go::Struct { ty: workflow.file.runtime("On"), fields, spread: false };
    workflow.file.call_runtime("IsRetryable", vec![Go::atom("err"), on])
}

/// The policy of the process whose numbers people may change, where it has a name.
pub fn live(workflow: &Workflow, policy: &Policy) -> Option<Go> {
    super::shared::live(workflow.file.package, policy).map(Go::atom)
}

/// A time of the policy as it is now, else what was built.
pub fn time(workflow: &mut Workflow, policy: &Policy, name: &str, milliseconds: u64) -> Go {
    match live(workflow, policy) {
        Some(policy) => policy.method(name, Vec::new()),
        None => workflow.duration(milliseconds),
    }
}

/// How many retries there may be; `None` where that is not to be asked.
pub fn retries(workflow: &Workflow, policy: &Policy) -> Option<Go> {
    let live = live(workflow, policy).map(|policy| policy.method("Retries", Vec::new()));
    live.or(policy.retries.map(|retries| Go::atom(retries.to_string())))
}

/// Looks for who tells the numbers, once, before a step reads them. A breaker does so by itself.
pub fn hear(workflow: &mut Workflow, policy: &Policy) -> Option<Stmt> {
    let needed = policy.id.is_some() && policy.circuit_breaker.is_none();
    needed.then(|| Stmt::checked(workflow.file.call_runtime("Hear", vec![Go::atom("ctx")])))
}

/// The pause before retry number `retry`.
pub fn delay(workflow: &mut Workflow, policy: &Policy, retry: Go) -> Go {
    let initial = time(workflow, policy, "Initial", policy.initial_ms);
    let max = time(workflow, policy, "MaxDelay", policy.max_delay_ms);
    let jitter = Go::atom(workflow.file.runtime(match policy.jitter {
        Jitter::None => "NoJitter",
        Jitter::Full => "FullJitter",
        Jitter::Equal => "EqualJitter",
    }));
    match policy.strategy {
        Strategy::Constant => workflow.file.call_runtime("Constant", vec![initial, max, jitter]),
        Strategy::Linear => workflow.file.call_runtime("Linear", vec![retry, initial, max, jitter]),
        Strategy::ExponentialBackoff => {
            let live = live(workflow, policy).map(|policy| policy.method("Multiplier", Vec::new()));
            let multiplier = live.unwrap_or_else(|| Go::atom(number(policy.multiplier)));
            workflow.file.call_runtime("Exponential", vec![retry, initial, multiplier, max, jitter])
        }
    }
}

pub fn number(value: f64) -> String {
    let text = literal::float(value).unwrap_or_else(|| "1".to_owned());
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// What stands around each call: limits, breaker, permits, and what an unknown outcome leads to.
pub fn around(
    workflow: &mut Workflow,
    step: &Step,
    call: &TaskCall,
    before: &mut Vec<Stmt>,
) -> Result<Vec<(String, Go)>> {
    let mut fields = Vec::new();
    let mut put = |name: &str, value: Go| fields.push((name.to_owned(), value));
    let effect = match call.effect {
        Effect::None => "None",
        Effect::Read => "Read",
        Effect::Write => "Write",
    };
    put("Effect", Go::atom(workflow.file.runtime(effect)));
    if call.idempotent || (call.effect == Effect::Write && call.may_happen_twice()) {
        put("Idempotent", Go::atom("true"));
    }
    if !call.callable.listens() {
        put("Blocking", Go::atom("true"));
    }
    if call.effect == Effect::Write && call.in_doubt != InDoubt::Retry {
        let name = if call.in_doubt == InDoubt::Fail { "FailInDoubt" } else { "PauseInDoubt" };
        put("InDoubt", Go::atom(workflow.file.runtime(name)));
    }
    let policy = &call.policy;
    if let Some(milliseconds) = policy.timeout_ms {
        match live(workflow, policy).filter(|_| workflow.is_durable()) {
            // Each attempt reads it anew.
            Some(policy) => put("Policy", policy),
            None => put("Timeout", time(workflow, policy, "Timeout", milliseconds)),
        }
    }
    if let Some(breaker) = &policy.circuit_breaker {
        put("Breaker", Go::atom(super::shared::breaker(workflow.file.package, &call.task, breaker, policy)));
        if let Some(key) = &breaker.key {
            let value =
                workflow.evaluated(key, &conductor_protocol::types::Type::Any, step, before, "breakerKey")?;
            put("BreakerKey", value);
        }
    }
    if let Some(rate) = policy.rate_limit {
        put(
            "RateLimit",
            Go::atom(super::shared::rate_limit(workflow.file.package, &call.task, rate, policy)),
        );
    }
    if let Some(limit) = policy.bulkhead {
        put("Bulkhead", Go::atom(super::shared::bulkhead(workflow.file.package, &call.task, limit, policy)));
    }
    if let Some(hedge) = policy.hedge {
        let after = workflow.duration(hedge.after_ms);
        let max = ("Max".to_owned(), Go::atom(hedge.max.to_string()));
        let ty = workflow.file.runtime("Hedge");
        put("Hedge", Go::Struct { ty, fields: vec![("After".to_owned(), after), max], spread: false });
    }
    let pools = super::resources::pools(workflow, call);
    if !pools.is_empty() {
        let ty = format!("[]*{}", workflow.file.runtime("Pool"));
        put("Uses", Go::List { ty, items: pools });
    }
    Ok(fields)
}

/// Whether a call that can be interrupted has at most a breaker and a time limit around it.
pub fn is_quick(call: &TaskCall) -> bool {
    let policy = &call.policy;
    call.callable.listens()
        && policy.rate_limit.is_none()
        && policy.bulkhead.is_none()
        && policy.hedge.is_none()
        && call.uses.is_empty()
}

/// Whether a call is nothing but a call.
pub fn is_bare(call: &TaskCall) -> bool {
    let policy = &call.policy;
    policy.timeout_ms.is_none()
        && policy.circuit_breaker.is_none()
        && policy.rate_limit.is_none()
        && policy.bulkhead.is_none()
        && policy.hedge.is_none()
        && call.uses.is_empty()
}

//! What a comment in generated code says of a step.
//!
//! It knows calls and policies; how a language writes a comment is its emitter's.

use conductor_protocol::plan::{Effect, Fallback, TaskCall};

/// What a step calls, its effect, its policy: `` step `pay`: `shop.charge`, a write, 3 retries ``.
pub fn described(id: &str, call: &TaskCall) -> String {
    let effect = match call.effect {
        Effect::None => "no effect",
        Effect::Read => "a read",
        Effect::Write if call.idempotent => "an idempotent write",
        Effect::Write => "a write",
    };
    let retries = match call.policy.retries {
        None => ", retried for ever".to_owned(),
        Some(0) => String::new(),
        Some(1) => ", 1 retry".to_owned(),
        Some(count) => format!(", {count} retries"),
    };
    let fallback = match &call.fallback {
        Some(Fallback::Task(other)) => format!(", else `{}`", other.callable),
        Some(Fallback::Value(_)) => ", else a value".to_owned(),
        None => String::new(),
    };
    format!("step `{id}`: `{}`, {effect}{retries}{fallback}", call.callable)
}

/// The same as a sentence.
pub fn sentence(id: &str, call: &TaskCall) -> String {
    format!("S{}.", &described(id, call)[1..])
}

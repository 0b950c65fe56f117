//! What is asked of a request or a record before it meets the run.
//!
//! It knows no run but the one that is named.

use conductor_protocol::digest::canonical_json;
use conductor_protocol::entry::Entry;
use conductor_protocol::message::Limits;

use crate::journal::StartRequest;
use crate::life::Event;
use crate::readable::unreadable;
use crate::refusal::Refusal;

pub(crate) fn check_id(run: &str) -> Result<(), Refusal> {
    if run.is_empty() || run.len() > 255 || run.chars().any(char::is_control) {
        let shown = run.chars().take(40).collect::<String>();
        return Err(Refusal::Invalid(format!(
            "run id {shown:?}: it needs 1 to 255 bytes without control characters"
        )));
    }
    Ok(())
}

/// Of what is shown to people and looked up by.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
        return Err(Refusal::Invalid(format!("{what} needs 1 to 255 bytes without control characters")));
    }
    Ok(())
}

/// Equal bytes, or equal as canonical JSON: a client may write its keys in another order after a reconnect.
pub(crate) fn same_json(one: &str, other: &str) -> bool {
    let canonical = |text: &str| {
        serde_json::from_str::<serde_json::Value>(text).ok().and_then(|value| canonical_json(&value).ok())
    };
    one == other || canonical(one).is_some_and(|text| canonical(other) == Some(text))
}

pub(crate) fn same(
    request: &StartRequest,
    input: &str,
    workflow: &str,
    input_digest: &str,
) -> Result<(), Refusal> {
    let run = request.run.clone();
    if request.workflow != workflow {
        return Err(Refusal::Mismatch { run, what: "workflow" });
    }
    if input != input_digest {
        return Err(Refusal::Mismatch { run, what: "input" });
    }
    Ok(())
}

/// Counts encoded bytes, and asks that every reader can parse them; `what` is made only for the refusal.
pub(crate) fn check_value(limits: Limits, json: &str, what: impl Fn() -> String) -> Result<(), Refusal> {
    check_size(limits, json.len(), &what)?;
    match unreadable(json) {
        Some(why) => Err(Refusal::Invalid(format!("{} is JSON that not every parser reads: {why}", what()))),
        None => Ok(()),
    }
}

fn check_size(limits: Limits, size: usize, what: impl Fn() -> String) -> Result<(), Refusal> {
    let (size, limit) = (size as u64, limits.value_bytes);
    if size > limit {
        return Err(Refusal::TooLarge { what: what(), size, limit });
    }
    Ok(())
}

/// Whether a client may write these entries at all.
pub(crate) fn check_entries(limits: Limits, entries: &[Entry]) -> Result<(), Refusal> {
    if entries.is_empty() {
        return Err(Refusal::Invalid("a record needs at least one entry".to_owned()));
    }
    for entry in entries {
        if Event::of(entry).is_sidecars_own() {
            return Err(Refusal::Invalid(
                "only the sidecar writes how a run starts, is taken and is reopened".to_owned(),
            ));
        }
        if let Some((key, undo)) = entry.undo() {
            check_value(limits, undo.get(), || format!("what {key} is undone with"))?;
        }
        match entry {
            Entry::StepSucceeded { key, output, .. } => {
                check_value(limits, output.get(), || format!("the result of {key}"))?;
            }
            Entry::Chosen { key, value, .. } => {
                check_value(limits, value.get(), || format!("the choice of {key}"))?;
            }
            Entry::RunSucceeded { output, .. } => {
                check_value(limits, output.get(), || "the run's output".to_owned())?;
            }
            Entry::AttemptFailed { error, .. }
            | Entry::StepFailed { error, .. }
            | Entry::StepInDoubt { error, .. }
            | Entry::RunFailed { error, .. } => {
                let stack = error.stack.as_ref().map_or(0, String::len);
                let fields = serde_json::to_string(&error.fields).unwrap_or_default();
                check_size(limits, error.message.len() + stack + fields.len(), || "an error".to_owned())?;
                check_value(limits, &fields, || "an error".to_owned())?;
            }
            _ => {}
        }
    }
    Ok(())
}

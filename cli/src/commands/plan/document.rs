//! The comparison for programs: one JSON document.
//!
//! It knows the document that `docs/cli.md` describes, and adds to the findings of the check.

use conductor_budget::{Timing, Worst};
use conductor_driver::{Binding, BindingSource, Compiled};
use conductor_plan::{Action, WorkflowChange, counts};
use serde_json::{Map, Value, json};

use super::runs::{Touched, TouchedRun, Verdict};
use super::{Comparison, Side, bindings, sides};

/// The comparison, by key.
pub(super) fn keys(comparison: &Comparison, compiled: &Compiled, runs: &Touched) -> Map<String, Value> {
    let [add, change, remove] = counts(&comparison.changes);
    let keep = comparison.changes.len() - add - change - remove;
    let (before, after) = (sides(&comparison.before), sides(&comparison.after));
    let workflows: Vec<Value> = comparison
        .changes
        .iter()
        .map(|change| {
            let id = change.workflow.as_str();
            workflow(change, before.get(id), after.get(id))
        })
        .collect();
    let (sidecar, runs) = match runs {
        Touched::Unknown(_) => (Value::Null, Value::Null),
        Touched::Known { socket, runs, .. } => {
            (json!(socket.display().to_string()), runs.iter().map(run).collect())
        }
    };
    let bindings: Vec<Value> = bindings(compiled).iter().map(binding).collect();
    [
        ("against", json!(comparison.against)),
        ("summary", json!({"add": add, "change": change, "remove": remove, "keep": keep})),
        ("workflows", json!(workflows)),
        ("bindings", json!(bindings)),
        ("runs", runs),
        ("sidecar", sidecar),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into_iter()
    .collect()
}

fn workflow(change: &WorkflowChange, before: Option<&Side<'_>>, after: Option<&Side<'_>>) -> Value {
    let both = |of: &dyn Fn(&Side<'_>) -> Value| json!({"before": before.map(of), "after": after.map(of)});
    let mut value = serde_json::to_value(change).unwrap_or_default();
    value["plan"] = both(&|side| json!(side.plan.digest().ok()));
    value["worst_case"] = both(&|side| timing(&side.timing.whole));
    value["waits"] = both(&|side| {
        let items = side.waits.per_item.iter().map(|(step, waits)| json!({"step": step, "waits": waits}));
        json!({"most": side.waits.most, "per_item": items.collect::<Vec<_>>()})
    });
    if change.action == Action::Keep {
        value["fields"] = json!([]);
    }
    value
}

fn timing(timing: &Timing<'_>) -> Value {
    json!({
        "duration": worst(timing.worst()),
        "without_deadline": worst(timing.work),
        "deadline_ms": timing.deadline_ms,
        "compensation": worst(timing.compensation),
    })
}

fn worst(worst: Worst<'_>) -> Value {
    match worst {
        Worst::Within(milliseconds) => json!({"milliseconds": milliseconds}),
        Worst::Unbounded(cause) => json!({"milliseconds": null, "unbounded": {
            "workflow": cause.workflow,
            "step": cause.step,
            "reason": cause.why.as_str(),
            "message": cause.to_string(),
        }}),
    }
}

fn binding(binding: &Binding) -> Value {
    let (by, from) = match &binding.source {
        BindingSource::Name(value) => ("name", value.to_string()),
        BindingSource::Type(value) => ("type", value.to_string()),
        BindingSource::Resource(id) => ("resource", id.clone()),
        BindingSource::Inferred(input) => ("inferred_input", format!("input.{input}")),
    };
    json!({
        "workflow": binding.workflow,
        "step": binding.step,
        "parameter": binding.parameter,
        "type": binding.ty.to_string(),
        "from": from,
        "by": by,
    })
}

fn run(run: &TouchedRun) -> Value {
    let (verdict, sessions) = match &run.verdict {
        Verdict::Continues => ("continues", None),
        Verdict::Unpinned => ("unpinned", None),
        Verdict::Pinned { sessions } => ("pinned", Some(sessions)),
    };
    let fits = run.fit.as_ref().map(|fit| {
        json!({
            "fits": fit.obstacles.is_empty(),
            "compared": if fit.whole { "keys, inputs, arguments, types" } else { "keys, inputs" },
            "obstacles": fit.obstacles.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    });
    json!({
        "id": run.id,
        "workflow": run.workflow,
        "state": run.state,
        "plan": run.plan,
        "verdict": verdict,
        "sessions": sessions,
        "new_plan": fits,
    })
}

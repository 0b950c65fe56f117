//! What lies between two sets of Plans: workflows, their steps, and single fields.
//!
//! It knows neither how a change is shown nor what it means for a run.

mod fields;
mod matching;

use std::collections::BTreeMap;

use conductor_protocol::plan::{Plan, Step};
use serde::Serialize;

use fields::Fields;

/// A workflow of either set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkflowChange {
    pub workflow: String,
    pub action: Action,
    /// Of the workflow itself, its inputs, resources and types. For one that was added, everything.
    pub fields: Vec<FieldChange>,
    /// Those that changed, in the order of the new Plan; then those that were removed. Each step of a workflow that
    /// was added or removed is one.
    pub steps: Vec<StepChange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Add,
    Change,
    Remove,
    Keep,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepChange {
    /// A generated id where it is anonymous.
    pub id: String,
    pub anonymous: bool,
    /// `task`, `parallel`.
    pub kind: &'static str,
    /// What is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<String>,
    pub action: Action,
    pub fields: Vec<FieldChange>,
    /// Where it stood and stands, if that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    pub from: Place,
    pub to: Place,
}

/// A place between steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The block around it, as people would call it; `None` at the top of the workflow.
    pub inside: Option<String>,
    /// The step before it in the same list.
    pub after: Option<String>,
}

/// A field that has another text now. `None` where it is not set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What is said of a workflow or step that was added or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// All of its fields.
    Spelt,
    /// That it is there: `fields` is empty.
    Named,
}

/// The workflows of `after` in their order, then those that only `before` has.
#[must_use]
pub fn diff(before: &[Plan], after: &[Plan], of_whole: Whole) -> Vec<WorkflowChange> {
    let old: BTreeMap<&str, &Plan> = before.iter().map(|plan| (plan.workflow.as_str(), plan)).collect();
    let new: BTreeMap<&str, &Plan> = after.iter().map(|plan| (plan.workflow.as_str(), plan)).collect();
    let kept = conductor_parallel::map(after.len(), after, |plan| match old.get(plan.workflow.as_str()) {
        Some(before) => changed(before, plan, of_whole),
        None => whole(plan, Action::Add, of_whole),
    });
    let gone = before.iter().filter(|plan| !new.contains_key(plan.workflow.as_str()));
    kept.into_iter().chain(gone.map(|plan| whole(plan, Action::Remove, of_whole))).collect()
}

/// How many workflows are added, changed and removed.
#[must_use]
pub fn counts(changes: &[WorkflowChange]) -> [usize; 3] {
    [Action::Add, Action::Change, Action::Remove]
        .map(|action| changes.iter().filter(|change| change.action == action).count())
}

/// What is said otherwise of the workflow itself.
pub(crate) fn compared_plans(before: &Plan, after: &Plan) -> Vec<FieldChange> {
    compared(&fields::of_plan(before), fields::of_plan(after))
}

/// What is said otherwise of a step, without those inside it.
pub(crate) fn compared_steps(before: &Step, after: &Step) -> Vec<FieldChange> {
    compared(&fields::of_step(before), fields::of_step(after))
}

fn whole(plan: &Plan, action: Action, of_whole: Whole) -> WorkflowChange {
    let fields = all(action, of_whole, || fields::of_plan(plan));
    WorkflowChange {
        workflow: plan.workflow.clone(),
        action,
        fields,
        steps: matching::whole(plan, action, of_whole),
    }
}

/// Every field of what was added or removed.
fn all(action: Action, of_whole: Whole, own: impl FnOnce() -> Fields) -> Vec<FieldChange> {
    let nothing = Fields::new();
    match (of_whole, action) {
        (Whole::Spelt, Action::Add) => compared(&nothing, own()),
        (Whole::Spelt, Action::Remove) => compared(&own(), nothing),
        (Whole::Named, _) | (Whole::Spelt, Action::Change | Action::Keep) => Vec::new(),
    }
}

fn changed(before: &Plan, after: &Plan, of_whole: Whole) -> WorkflowChange {
    let workflow = after.workflow.clone();
    if before == after {
        return WorkflowChange { workflow, action: Action::Keep, fields: Vec::new(), steps: Vec::new() };
    }
    let mut fields = compared_plans(before, after);
    if before.format != after.format {
        let text = |plan: &Plan| Some(plan.format.to_string());
        fields.push(FieldChange { field: "format".to_owned(), before: text(before), after: text(after) });
    }
    let steps = matching::steps(before, after, of_whole);
    if fields.is_empty() && steps.is_empty() {
        // The type of a part of an expression, which its text does not show.
        let text = |plan: &Plan| plan.digest().ok();
        fields.push(FieldChange { field: "digest".to_owned(), before: text(before), after: text(after) });
    }
    WorkflowChange { workflow, action: Action::Change, fields, steps }
}

/// Fields that differ, in the order of `after`; then those that are not there any more.
fn compared(before: &Fields, after: Fields) -> Vec<FieldChange> {
    let mut old: BTreeMap<&str, &str> =
        before.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut found = Vec::new();
    for (field, text) in after {
        let earlier = old.remove(field.as_str());
        if earlier != Some(text.as_str()) {
            found.push(FieldChange { field, before: earlier.map(str::to_owned), after: Some(text) });
        }
    }
    let gone = before.iter().filter(|(name, _)| old.contains_key(name.as_str()));
    found.extend(gone.map(|(field, text)| FieldChange {
        field: field.clone(),
        before: Some(text.clone()),
        after: None,
    }));
    found
}

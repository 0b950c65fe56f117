//! Whether a run that one Plan began could be carried on by another (design section 3, rule 13), from what its
//! journal says.
//!
//! It compares the programs that compute arguments, not their values: equal expressions over equal recorded values
//! give equal arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use conductor_protocol::plan::{Plan, Step, StepKind};

use crate::diff::{FieldChange, compared_plans, compared_steps};

/// What is on record of a run.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Names of the inputs that it was given.
    pub inputs: BTreeSet<String>,
    /// Keys of the steps of which something was recorded.
    pub keys: Vec<String>,
}

/// Why another Plan cannot carry the run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The Plan never reaches a recorded key.
    Gone { key: String },
    /// A recorded step is another kind of step now.
    Kind { key: String, before: &'static str, after: &'static str },
    /// A recorded step would be called with other arguments, or gives another type.
    Changed { key: String, change: FieldChange },
    /// A step without a record stands before a recorded one.
    Unrecorded { step: String, key: String },
    /// The Plan wants an input that the run was not given.
    Input { name: String },
    /// An input or a type that the run's values have changed.
    Type { change: FieldChange },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = |f: &mut fmt::Formatter<'_>, change: &FieldChange| {
            let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
            write!(f, "{} was {} and would be {}", change.field, text(&change.before), text(&change.after))
        };
        match self {
            Obstacle::Gone { key } => write!(f, "the recorded step `{key}` is not in it"),
            Obstacle::Kind { key, before, after } => {
                write!(f, "the recorded step `{key}` was a {before} and would be a {after}")
            }
            Obstacle::Changed { key, change } => {
                write!(f, "of the recorded step `{key}` ")?;
                texts(f, change)
            }
            Obstacle::Unrecorded { step, key } => {
                write!(f, "`{step}`, of which nothing is recorded, stands before the recorded step `{key}`")
            }
            Obstacle::Input { name } => write!(f, "it wants the input `{name}`, which the run was not given"),
            Obstacle::Type { change } => texts(f, change),
        }
    }
}

/// What stands against `new` carrying on a run that `old` began; without `old` only keys and inputs are compared.
#[must_use]
pub fn obstacles(old: Option<&Plan>, new: &Plan, recorded: &Recorded) -> Vec<Obstacle> {
    let wanted = new.inputs.iter().filter(|input| input.default.is_none());
    let missing = wanted.filter(|input| !recorded.inputs.contains(&input.name));
    let mut found: Vec<Obstacle> =
        missing.map(|input| Obstacle::Input { name: input.name.clone() }).collect();
    if let Some(old) = old {
        let changed = compared_plans(old, new).into_iter().filter(|change| {
            let typed = change.field.starts_with("type.") || change.field.starts_with("input.");
            typed && change.before.is_some() && change.after.is_some()
        });
        found.extend(changed.map(|change| Obstacle::Type { change }));
    }
    let (before, after) = (old.map(by_id), by_id(new));
    for key in &recorded.keys {
        found.extend(of_key(key, before.as_ref(), &after));
    }
    found.extend(unrecorded(&new.steps, &Keys::new(&recorded.keys)));
    found
}

type ById<'a> = BTreeMap<&'a str, Vec<&'a Step>>;

/// Equal ids stand in exclusive branches.
fn by_id(plan: &Plan) -> ById<'_> {
    let mut found = ById::new();
    for step in plan.all_steps().filter(|step| !step.anonymous) {
        found.entry(&step.id).or_default().push(step);
    }
    found
}

/// `each[3].resize.fallback` belongs to `resize`.
fn id_of(key: &str) -> &str {
    let key = key.strip_suffix(".fallback").or_else(|| key.strip_suffix(".compensate")).unwrap_or(key);
    let last = key.rsplit('.').next().unwrap_or(key);
    last.split('[').next().unwrap_or(last)
}

fn of_key(key: &str, before: Option<&ById<'_>>, after: &ById<'_>) -> Option<Obstacle> {
    let key_text = key.to_owned();
    let Some(now) = after.get(id_of(key)) else { return Some(Obstacle::Gone { key: key_text }) };
    let then = before?.get(id_of(key))?;
    let same_kind = |one: &Step, other: &Step| one.kind.keyword() == other.kind.keyword();
    let mut first = None;
    for (one, other) in then.iter().flat_map(|one| now.iter().map(move |other| (one, other))) {
        if !same_kind(one, other) {
            continue;
        }
        // One that is the same is enough.
        let change = compared_steps(one, other).into_iter().find(is_of_value)?;
        first.get_or_insert(Obstacle::Changed { key: key_text.clone(), change });
    }
    first.or_else(|| {
        let (before, after) = (then.first()?.kind.keyword(), now.first()?.kind.keyword());
        Some(Obstacle::Kind { key: key_text, before, after })
    })
}

/// Whether the field is an argument or a type; how often it is tried and how long is free to change.
fn is_of_value(change: &FieldChange) -> bool {
    let field = change.field.as_str();
    let own = field.strip_prefix("fallback.").or_else(|| field.strip_prefix("compensate.")).unwrap_or(field);
    own.starts_with("with.")
        || matches!(own, "function.returns" | "result" | "workflow" | "over" | "item" | "signal" | "type")
}

/// Ids of which something is recorded, with a key for each.
struct Keys<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Keys<'a> {
    fn new(keys: &'a [String]) -> Keys<'a> {
        Keys(keys.iter().map(|key| (id_of(key), key.as_str())).collect())
    }

    /// A key on record of the step or of one inside it.
    fn touching(&self, step: &Step) -> Option<&'a str> {
        let mut pending = vec![step];
        while let Some(step) = pending.pop() {
            if let Some(key) = self.0.get(step.id.as_str()).filter(|_| !step.anonymous) {
                return Some(key);
            }
            pending.extend(step.children());
        }
        None
    }
}

/// The first step of the list that has no record though one after it has.
fn unrecorded(steps: &[Step], keys: &Keys<'_>) -> Option<Obstacle> {
    let reached =
        steps.iter().enumerate().rev().find_map(|(index, step)| Some((index, keys.touching(step)?)));
    let (last, key) = reached?;
    let skipped_over = steps[..last].iter().find_map(|step| missing(step, keys));
    let here = skipped_over.map(|step| Obstacle::Unrecorded { step: step.to_owned(), key: key.to_owned() });
    here.or_else(|| inside(&steps[last], keys))
}

/// The same for what stands in a block that was begun.
fn inside(step: &Step, keys: &Keys<'_>) -> Option<Obstacle> {
    match &step.kind {
        StepKind::Parallel { branches, .. } | StepKind::Race { branches } => {
            branches.iter().find_map(|branch| inside(branch, keys))
        }
        StepKind::Graph { steps } => steps.iter().find_map(|step| {
            let key = keys.touching(step)?;
            let needed = steps.iter().filter(|other| step.needs.contains(&other.id));
            let missing = needed.into_iter().find_map(|other| missing(other, keys));
            let here =
                missing.map(|other| Obstacle::Unrecorded { step: other.to_owned(), key: key.to_owned() });
            here.or_else(|| inside(step, keys))
        }),
        _ => step.kind.bodies().into_iter().find_map(|body| unrecorded(body, keys)),
    }
}

/// A step that must have a record once the step is behind, and has none.
fn missing<'a>(step: &'a Step, keys: &Keys<'_>) -> Option<&'a str> {
    match &step.kind {
        // Whether a block was skipped, which case was taken, and how often it went round is not seen here.
        _ if step.when.is_some() && !step.kind.bodies().is_empty() => None,
        StepKind::Switch { .. } | StepKind::Loop(_) | StepKind::Map(_) | StepKind::Try(_) => None,
        StepKind::Race { branches } => {
            let first = branches.first()?;
            branches.iter().all(|branch| keys.touching(branch).is_none()).then_some(first)?;
            missing(first, keys)
        }
        StepKind::Sequence { .. }
        | StepKind::Parallel { .. }
        | StepKind::Graph { .. }
        | StepKind::Hold(_) => step.children().find_map(|inner| missing(inner, keys)),
        StepKind::Set { .. } | StepKind::Return { .. } | StepKind::Fail { .. } => None,
        StepKind::Task(_)
        | StepKind::Workflow(_)
        | StepKind::Sleep(_)
        | StepKind::WaitFor(_)
        | StepKind::Emit(_) => keys.touching(step).is_none().then_some(step.id.as_str()),
    }
}

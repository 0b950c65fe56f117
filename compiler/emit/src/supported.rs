//! What of a Plan has no form yet in the language that has to write it.
//!
//! It knows which language that is; what each can write its own emitter knows.

use conductor_protocol::plan::{Fallback, Hold, Language, Plan, Step, StepKind, TaskCall};

use crate::served::clients;
use crate::{go, python};

/// A construct of a Plan that a generator does not write yet. The Plan is right; only this target lacks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    pub workflow: String,
    /// The step that uses it; `None` where the workflow itself does.
    pub step: Option<String>,
    /// The language that would have to write it.
    pub language: Language,
    /// As in "`race`".
    pub what: String,
}

/// Everything in the Plan that generated code cannot do yet. Where there is something, [`crate::emit`] must not be asked.
#[must_use]
pub fn unsupported(plan: &Plan) -> Vec<Unsupported> {
    let found = |step: Option<&str>, (language, what): (Language, String)| Unsupported {
        workflow: plan.workflow.clone(),
        step: step.map(str::to_owned),
        language,
        what,
    };
    if plan.language == Language::Rust {
        return vec![found(None, (Language::Rust, "workflows".to_owned()))];
    }
    let mut all = Vec::new();
    for step in plan.all_steps() {
        let of_step = match &step.kind {
            StepKind::Task(call) => of_call(plan, call),
            StepKind::Hold(hold) => of_hold(plan, hold),
            _ => Vec::new(),
        };
        all.extend(of_step.into_iter().map(|one| found(Some(&step.id), one)));
    }
    all
}

/// Clients that the call takes and functions of another language open.
fn opened_elsewhere(plan: &Plan, call: &TaskCall, language: Language) -> Vec<String> {
    let elsewhere = |id: &&str| {
        let resource = plan.resources.iter().find(|resource| resource.id == *id);
        let open = resource.and_then(|resource| resource.open.as_ref());
        open.is_some_and(|open| open.language != language)
    };
    let found = clients(call).filter(elsewhere);
    found.map(|id| format!("the client of `{id}`, which another language opens")).collect()
}

/// Steps of other languages inside that take the client of what is held: their process would wait for the permit.
fn of_hold(plan: &Plan, hold: &Hold) -> Vec<(Language, String)> {
    let mut pending: Vec<&Step> = hold.steps.iter().collect();
    let mut found = Vec::new();
    while let Some(step) = pending.pop() {
        pending.extend(step.children());
        let StepKind::Task(call) = &step.kind else { continue };
        let fallback = match &call.fallback {
            Some(Fallback::Task(other)) => Some(&**other),
            _ => None,
        };
        for call in std::iter::once(&**call).chain(fallback) {
            let language = call.callable.function().map_or(plan.language, |function| function.language);
            if language != plan.language && clients(call).any(|id| id == hold.resource) {
                let what = format!(
                    "`{}`, which takes the client of `{}`, inside of its `hold`",
                    step.id, hold.resource
                );
                found.push((language, what));
            }
        }
    }
    found
}

fn of_call(plan: &Plan, call: &TaskCall) -> Vec<(Language, String)> {
    // Its clients are those of the process that has the function.
    let language = call.callable.function().map_or(plan.language, |function| function.language);
    let own = match language {
        Language::Python => python::unsupported(plan, call),
        Language::Go => go::unsupported(plan, call),
        Language::Typescript | Language::Rust => Vec::new(),
    };
    let own = own.into_iter().chain(opened_elsewhere(plan, call, language));
    let mut found: Vec<(Language, String)> = own.map(|what| (language, what)).collect();
    let mut inner = |other: &TaskCall, place: &str| {
        let others = of_call(plan, other).into_iter();
        found.extend(others.map(|(language, what)| (language, format!("{what} {place}"))));
    };
    if let Some(Fallback::Task(other)) = &call.fallback {
        inner(other, "in a fallback");
    }
    if let Some(undo) = &call.compensate {
        inner(undo, "in a compensation");
    }
    found
}

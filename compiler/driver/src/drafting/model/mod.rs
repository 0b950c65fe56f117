//! What a language model is told of a manifest, and how its answer is read.
//!
//! It knows no model, no wire and no code: a task is its id, its signature and its docstring.

mod answer;
mod schema;

use conductor_assist::{Data, Draft, Field, Task};
use serde::Serialize;
use serde_json::Value;

use super::Ground;

const GUIDE: &str = include_str!("guide.md");
/// Of a docstring, in characters.
const MOST_ABOUT: usize = 600;

/// A question to a model, and the form that its answer must have.
#[derive(Debug)]
pub struct Prompt {
    pub system: &'static str,
    pub user: String,
    pub schema: Value,
}

#[derive(Serialize)]
struct Told<'a> {
    tasks: Vec<ToldTask<'a>>,
    policies: Vec<&'a str>,
    workflows: Vec<&'a str>,
    workflow: Option<ToldWorkflow<'a>>,
    instruction: &'a str,
}

#[derive(Serialize)]
struct ToldTask<'a> {
    id: &'a str,
    signature: String,
    about: String,
}

#[derive(Serialize)]
struct ToldWorkflow<'a> {
    id: &'a str,
    input: Vec<String>,
    steps: &'a [Data],
}

impl Ground {
    /// Which workflow an instruction is about: the one that is named, the one that `offline` found, or the only one. The
    /// error is the ids of those that it may be.
    ///
    /// # Errors
    /// There are several, and nothing says which.
    pub fn subject(&self, wanted: Option<&str>, offline: &Draft) -> Result<Option<String>, Vec<String>> {
        let all = &self.vocabulary.workflows;
        match (wanted, all.as_slice()) {
            (Some(wanted), _) => Ok(Some(wanted.to_owned())),
            (None, _) if offline.steps.is_some() => Ok(Some(offline.workflow.clone())),
            (None, []) => Ok(None),
            (None, [only]) => Ok(Some(only.id.clone())),
            (None, several) => Err(several.iter().map(|workflow| workflow.id.clone()).collect()),
        }
    }

    /// What a model is asked: everything that is sent of the project.
    #[must_use]
    pub fn prompt(&self, instruction: &str, subject: Option<&str>) -> Prompt {
        let known = &self.vocabulary;
        let shown = known.workflows.iter().find(|workflow| Some(workflow.id.as_str()) == subject);
        let told = Told {
            tasks: known.tasks.iter().map(told).collect(),
            policies: known.policies.iter().map(|(id, _)| id.as_str()).collect(),
            workflows: known.workflows.iter().map(|workflow| workflow.id.as_str()).collect(),
            workflow: shown.map(|workflow| ToldWorkflow {
                id: &workflow.id,
                input: workflow.inputs.iter().map(typed).collect(),
                steps: &workflow.steps,
            }),
            instruction,
        };
        let user = serde_json::to_string(&told).unwrap_or_default();
        Prompt { system: GUIDE, user, schema: schema::of(known) }
    }

    /// The draft that an answer of a model is.
    ///
    /// # Errors
    /// What is wrong with its form, in words for the model.
    pub fn answered(&self, answer: &str, subject: Option<&str>) -> Result<Draft, String> {
        answer::read(answer, &self.vocabulary, subject)
    }
}

fn told(task: &Task) -> ToldTask<'_> {
    let parameters: Vec<String> = task.parameters.iter().map(typed).collect();
    let results: Vec<String> = task.result.iter().map(typed).collect();
    let result = match results.as_slice() {
        [] => "nothing".to_owned(),
        [only] if task.result[0].name.is_empty() => only.clone(),
        fields => format!("{{{}}}", fields.join(", ")),
    };
    let signature = format!("{}({}) -> {result}", task.function, parameters.join(", "));
    ToldTask { id: &task.id, signature, about: task.about.chars().take(MOST_ABOUT).collect() }
}

fn typed(field: &Field) -> String {
    let kind = if field.kind.is_empty() { "any" } else { &field.kind };
    if field.name.is_empty() { kind.to_owned() } else { format!("{}: {kind}", field.name) }
}

/// Whether two drafts come to the same: steps, new policies and options, in whichever order keys are written.
#[must_use]
pub fn same(one: &Draft, other: &Draft) -> bool {
    let steps = |draft: &Draft| draft.steps.clone().map(|steps| answer::sorted(&Data::List(steps)));
    let policies = |draft: &Draft| answer::sorted(&Data::List(draft.policies.clone()));
    let options = |draft: &Draft| answer::sorted(&Data::Map(draft.options.clone()));
    one.workflow == other.workflow
        && steps(one).is_some()
        && steps(one) == steps(other)
        && policies(one) == policies(other)
        && options(one) == options(other)
        && one.workflows == other.workflows
        && one.tasks == other.tasks
}

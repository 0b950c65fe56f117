//! What a sentence can be about: the tasks of a manifest, what they take and give, and the workflows there are.
//!
//! It knows names, types as text and docstrings, not how the manifest is written.

use crate::data::Data;

/// A value that a condition or an iteration can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// As the manifest writes types: `int`, `list<string>`, `string?`; empty where nothing is known.
    pub kind: String,
}

/// A task as a sentence may mean it.
#[derive(Debug, Clone, Default)]
pub struct Task {
    pub id: String,
    /// The function, method or operation, without its module.
    pub function: String,
    /// The docstring of the function, or the description of the task.
    pub about: String,
    pub parameters: Vec<Field>,
    /// The fields of its result; one without a name is the result itself.
    pub result: Vec<Field>,
    /// The id of its policy.
    pub policy: Option<String>,
}

/// A workflow that is there already.
#[derive(Debug, Clone)]
pub struct Workflow {
    pub id: String,
    pub inputs: Vec<Field>,
    /// As the manifest has them.
    pub steps: Vec<Data>,
}

/// Everything that may be named.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    pub tasks: Vec<Task>,
    pub workflows: Vec<Workflow>,
    /// Ids and settings.
    pub policies: Vec<(String, Data)>,
}

impl Vocabulary {
    pub(crate) fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    pub(crate) fn policy(&self, id: &str) -> Option<&Data> {
        self.policies.iter().find(|(policy, _)| policy == id).map(|(_, settings)| settings)
    }
}

//! Prompts: what a coding agent is told of the work that the tools are for.

use serde_json::{Map, Value};

pub(crate) struct Prompt {
    pub name: &'static str,
    pub about: &'static str,
    pub argument: Option<(&'static str, &'static str)>,
    /// `{}` is the argument.
    pub text: &'static str,
}

pub(crate) const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "write_workflow",
        about: "Write a workflow from plain words, checked and simulated",
        argument: Some(("instruction", "what should run")),
        text: "Write this workflow into the Conductor manifest: {}\n\
               1. Call `draft` with the instruction. Where it has a question, answer it from the code, or ask the user; do not guess.\n\
               2. Call `draft` again with write: true, then `check`; apply the fixes that its diagnostics bring.\n\
               3. Call `lint`, and say which advice you follow and why.\n\
               4. Call `simulate`, and say what its durations and success mean for the user.",
    },
    Prompt {
        name: "explain_failure",
        about: "Find out why a run has failed or waits",
        argument: Some(("run", "the run's id")),
        text: "Find out why the run {} has failed or waits: call `show` with it, read the errors and attempts of its steps, look at the \
               functions that its tasks name, and say what happened, whether it may be resumed, and what should change in the manifest or the code.",
    },
    Prompt {
        name: "review_manifest",
        about: "Review a manifest as a principal engineer would",
        argument: None,
        text: "Review the Conductor manifest: call `check`, then `lint`, then `plan`; for the riskiest workflow call `simulate` with a failure rate of \
               its most important task. Link each claim to a code or a figure, and propose edits.",
    },
];

impl Prompt {
    pub fn filled(&self, arguments: Option<&Map<String, Value>>) -> Result<String, String> {
        let Some((name, _)) = self.argument else { return Ok(self.text.to_owned()) };
        let given = arguments.and_then(|arguments| arguments.get(name)).and_then(Value::as_str);
        given.map(|given| self.text.replacen("{}", given, 1)).ok_or_else(|| format!("`{name}` is missing"))
    }
}

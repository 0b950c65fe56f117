//! Plans to source files: the text of the orchestrator in the target's language, with the runtime beside it.
//!
//! It knows Plans and target languages; it knows neither manifests nor disks.

#[expect(dead_code, reason = "the emitters move to it one by one")]
mod flow;
mod inline;
mod python;

use std::collections::BTreeMap;

use conductor_protocol::plan::Plan;

/// What the first line of each file says.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    /// The manifest as a path relative to its own folder.
    pub manifest: &'a str,
    /// Of the compiler.
    pub version: &'a str,
}

/// Why a Plan cannot be written in the target's language. The checker finds most of these first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    #[error("values of class `{class}` cannot be journaled: its fields are not known; make it a dataclass")]
    Opaque { class: String },
    #[error(
        "a value of `{one} | {other}` cannot be told apart in JSON; return one of them, or wrap both in a dataclass"
    )]
    Union { one: String, other: String },
    #[error("the function `{name}` is not available in expressions of this target")]
    Function { name: String },
    #[error("{what} cannot be written for this target yet")]
    Unsupported { what: String },
    #[error("the workflow `{workflow}` is called but not among the Plans")]
    MissingWorkflow { workflow: String },
    #[error("the Plan has no digest: {0}")]
    Digest(String),
}

/// A construct of a Plan that a generator does not write yet. The Plan is right; only this target lacks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    pub workflow: String,
    /// The step that uses it; `None` where the workflow itself does.
    pub step: Option<String>,
    /// As in "`race`".
    pub what: String,
}

/// Everything in the Plan that generated code cannot do yet. Where there is something, [`emit`] must not be asked.
#[must_use]
pub fn unsupported(plan: &Plan) -> Vec<Unsupported> {
    python::unsupported(plan)
}

/// Every file of the Python package by its path below the output directory, with `/` between its parts.
///
/// # Errors
/// When a type or an expression has no form in Python.
pub fn emit(plans: &[Plan], header: &Header<'_>) -> Result<BTreeMap<String, String>, EmitError> {
    python::files(plans, header)
}

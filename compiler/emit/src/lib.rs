//! Plans to source files: the text of the orchestrator in the target's language, with the runtime beside it.
//!
//! It knows Plans and target languages; it knows neither manifests nor disks.

mod callees;
mod definition;
mod flow;
mod go;
mod inline;
mod python;
mod schemas;
pub mod served;
mod supported;
mod typescript;

use std::collections::BTreeMap;

use conductor_protocol::plan::{Language, Plan};

pub use supported::{Unsupported, unsupported};

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
    #[error("{what}")]
    Import { what: String },
    #[error("the Plan has no digest: {0}")]
    Digest(String),
}

/// Where the code of one language goes, as far as it decides what the code says.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub language: Language,
    /// The folder of the output, relative to the manifest's, with `/`.
    pub out: &'a str,
    /// The folder of the user's sources, from which their modules are named, likewise.
    pub root: &'a str,
    /// Go: the import path of `out`.
    pub go_package: Option<&'a str>,
    /// Go: the errors that policies and catches name: packages and names of their variables.
    pub go_errors: &'a [(String, String)],
    /// TypeScript: whether `.js` with `.d.ts` beside it is written instead of `.ts`.
    pub javascript: bool,
}

impl<'a> Target<'a> {
    /// The target of a language whose sources and output stand where they do by default.
    #[must_use]
    pub fn new(language: Language, out: &'a str) -> Target<'a> {
        Target { language, out, root: ".", go_package: None, go_errors: &[], javascript: false }
    }
}

/// Every file for the target's language by its path below the output directory, with `/` between its parts: the workflows of
/// that language, and what serves its functions to workflows of others. `plans` are all of the manifest.
///
/// # Errors
/// When a type or an expression has no form in the language.
pub fn emit(
    plans: &[Plan],
    target: &Target<'_>,
    header: &Header<'_>,
) -> Result<BTreeMap<String, String>, EmitError> {
    match target.language {
        Language::Python => python::files(plans, header),
        Language::Typescript => typescript::files(plans, target, header),
        Language::Go => go::files(plans, target, header),
        Language::Rust => Err(EmitError::Unsupported { what: "workflows in Rust".to_owned() }),
    }
}

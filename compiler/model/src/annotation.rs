//! What a comment beside a function says of it as a task.
//!
//! It knows no language and no comment: who reads one hands over its words.

use conductor_protocol::plan::{Effect, InDoubt};
use conductor_source::Span;

use crate::Spanned;
use crate::manifest::Id;
use crate::policy::PolicyUse;

/// `conductor: task fetch_user effect=read`. It says what the manifest's task leaves open.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// The task's id; without it the function's name in snake case is meant.
    pub name: Option<Id>,
    pub effect: Option<Spanned<Effect>>,
    pub idempotent: Option<Spanned<bool>>,
    pub in_doubt: Option<Spanned<InDoubt>>,
    /// Named by `policy`, or made of `retries` and `timeout`.
    pub policy: Option<PolicyUse>,
    pub compensate: Option<Id>,
    pub uses: Vec<Id>,
    pub critical: Option<Spanned<bool>>,
    pub description: Option<Spanned<String>>,
    /// From the word `task` to the last value.
    pub span: Span,
}

/// A word of an annotation after its name: `effect=read`, or `idempotent` alone.
#[derive(Debug, Clone, PartialEq)]
pub struct AnnotationWord {
    pub key: Spanned<String>,
    /// `None` where the key stands alone.
    pub value: Option<Spanned<String>>,
    /// Whether the value stands in quotation marks and so is a string, whatever it looks like.
    pub quoted: bool,
}

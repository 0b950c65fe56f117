//! The nouns: Manifest, Task, Workflow, Step, Policy, and the Signature of a function in the code.
//!
//! It knows what the manifest says, not whether it is right: names stay unresolved and expressions unparsed.

pub mod manifest;
pub mod policy;
pub mod signature;
pub mod types;

pub use manifest::{Id, Input, Manifest, Step, StepKind, Target, Task, Workflow};
pub use policy::{PolicyDef, PolicyFields, PolicyUse, Retries};
pub use signature::{Findings, Lookup, Parameter, ParameterKind, Signature};
pub use types::{TypeExpr, TypeExprKind};

use conductor_source::Span;

/// A value and where the manifest writes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

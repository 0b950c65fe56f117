//! The nouns: Manifest, Task, Workflow, Step, Policy, and the Signature of a function in the code.
//!
//! It knows what the manifest says, not whether it is right: names stay unresolved and expressions unparsed.

pub mod annotation;
pub mod lower;
pub mod manifest;
pub mod names;
pub mod policy;
pub mod reference;
pub mod resource;
pub mod schema;
pub mod signature;
pub mod step;
pub mod types;

pub use annotation::{Annotation, AnnotationWord};
pub use lower::ids::is_id;
pub use lower::lower;
pub use manifest::{
    Cache, Compensate, Concurrency, Id, Input, Lost, LostNames, Manifest, Schedule, Target, Task, Workflow,
};
pub use policy::{Breaker, Fallback, Hedge, PolicyDef, PolicyFields, PolicyUse, Retries};
pub use reference::{Reference, SCHEMES, Scheme};
pub use resource::{Api, Operation, OperationBody, Protocol, Request, Resource};
pub use schema::schema;
pub use signature::{
    Callee, Constructor, Findings, Function, Lookup, Parameter, ParameterKind, Receiver, ServiceFacts,
    Signature,
};
pub use step::{Case, Catch, Emit, Fail, Hold, Loop, Map, Sleep, Step, StepKind, Try, WaitFor};
pub use types::{TypeExpr, TypeExprKind};

use conductor_source::{Code, Span};

/// Every code that this crate reports.
pub const CODES: &[Code] = &[
    lower::UNKNOWN_KEY,
    lower::WRONG_KIND,
    lower::MISSING_KEY,
    lower::BAD_ID,
    lower::RESERVED_ID,
    lower::UNKNOWN_WORD,
    lower::BAD_DURATION,
    lower::GIVEN_TWICE,
    lower::OUT_OF_RANGE,
    lower::STEP_KIND,
    lower::EMPTY_BLOCK,
    lower::NOT_AN_EXPRESSION,
    lower::BAD_TYPE,
    lower::BAD_VERSION,
    lower::KEY_OF_ANOTHER_STEP,
    lower::BAD_RATE,
    lower::BAD_SCHEDULE,
    lower::KEY_OF_ANOTHER_KIND,
    lower::ANNOTATION,
    lower::BAD_REQUEST,
];

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

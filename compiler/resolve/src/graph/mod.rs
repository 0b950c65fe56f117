//! The manifest with every name, type and argument bound: what the rules judge and the Plan is made of.
//!
//! It knows places, for diagnostics, but no syntax; a graph with errors lacks the steps that could not be bound.

mod reads;
mod step;

pub use step::{
    Case, Catch, Fallback, Hold, Loop, Map, Step, StepKind, TaskStep, Try, WorkflowStep, never_complete,
};

use std::collections::BTreeMap;
use std::fmt;

use conductor_model::{Findings, Id, Signature, Spanned};
use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{self, Effect, InDoubt, Input, Language, Schedule};
use conductor_protocol::types::{Type, TypeName, TypeTable};
use conductor_source::Span;

#[derive(Debug)]
pub struct Graph {
    /// In the manifest's order.
    pub tasks: Vec<Task>,
    /// In the manifest's order.
    pub resources: Vec<Resource>,
    /// In the manifest's order.
    pub workflows: Vec<Workflow>,
    pub types: TypeTable,
    pub type_spans: BTreeMap<TypeName, Span>,
    /// What was bound without being written, workflow by workflow.
    pub bindings: Vec<Binding>,
    /// Ids of the policies that something refers to.
    pub used_policies: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Resource {
    pub id: Id,
    pub plan: plan::Resource,
    /// The client that a function is handed; `Any` where nobody can tell.
    pub client: Type,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Task {
    pub id: Id,
    pub span: Span,
    /// `None` where the ref led nowhere; that is reported.
    pub signature: Option<Signature>,
    pub effect: Effect,
    pub idempotent: bool,
    pub in_doubt: Option<InDoubt>,
    /// Indices into [`Graph::resources`] with the places where they are named.
    pub uses: Vec<(usize, Span)>,
    /// The task that undoes it, where it is named.
    pub compensate: Option<Id>,
    /// Where its results are cached.
    pub cache: Option<Span>,
}

#[derive(Debug, Clone)]
pub struct Workflow {
    pub id: Id,
    /// Of the generated code.
    pub language: Language,
    pub entrypoint: bool,
    pub durable: bool,
    pub deadline: Option<Spanned<u64>>,
    pub concurrency: Option<Concurrency>,
    pub schedule: Option<Schedule>,
    /// Declared inputs in their order, then inferred ones by name.
    pub inputs: Vec<Input>,
    /// Where each input is declared, or the parameter that asks for it.
    pub input_spans: BTreeMap<String, Span>,
    /// For each inferred input: who asks for it first.
    pub inferred: BTreeMap<String, Asker>,
    pub steps: Vec<Step>,
    pub output: Expr,
    /// What a caller gets: of `output` and of every `return`.
    pub result: Type,
    /// `output` where it is written, else the id.
    pub output_span: Span,
    /// Whether something in it could not be bound; that is reported.
    pub broken: bool,
    /// Whether a step of it could not be read or leads nowhere, so that it may want further inputs.
    pub open: bool,
}

#[derive(Debug, Clone)]
pub struct Concurrency {
    pub limit: u32,
    pub key: Option<Expr>,
    pub span: Span,
}

/// The step and parameter that made an input necessary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    pub step: String,
    pub parameter: String,
    /// The parameter in the code, or the input of the sub-workflow.
    pub span: Span,
}

/// A value that a parameter got without being written: for `plan`, the lock and the docs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub workflow: String,
    pub step: String,
    pub parameter: String,
    pub ty: Type,
    pub source: BindingSource,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindingSource {
    /// A step's result or an input of the parameter's name.
    Name(ValueName),
    /// The only visible value of the parameter's type.
    Type(ValueName),
    /// The resource of the parameter's name.
    Resource(String),
    /// An input that the workflow gets because of this parameter.
    Inferred(String),
}

/// A value of a workflow by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueName {
    Input(String),
    Step(String),
    /// An item of a map, a caught error, or an argument of what is compensated.
    Variable(String),
}

impl Workflow {
    /// Every step, outer ones before those inside them.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        let mut pending: Vec<&Step> = self.steps.iter().rev().collect();
        std::iter::from_fn(move || {
            let step = pending.pop()?;
            let inside: Vec<&Step> = step.children().collect();
            pending.extend(inside.into_iter().rev());
            Some(step)
        })
    }
}

impl Graph {
    /// A graph of nothing that knows the types of the code.
    pub(crate) fn new(findings: &Findings) -> Graph {
        Graph {
            tasks: Vec::new(),
            resources: Vec::new(),
            workflows: Vec::new(),
            types: findings.types.clone(),
            type_spans: findings.type_spans.clone(),
            bindings: Vec::new(),
            used_policies: Vec::new(),
        }
    }
}

/// `input.amount` or `fetch_user`, as an expression spells it.
impl fmt::Display for ValueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueName::Input(name) => write!(f, "input.{name}"),
            ValueName::Step(name) | ValueName::Variable(name) => f.write_str(name),
        }
    }
}

/// `process_order: fetch_user(user_id) <- input.user_id: string (inferred input)`.
impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}({}) <- ", self.workflow, self.step, self.parameter)?;
        match &self.source {
            BindingSource::Name(value) => write!(f, "{value}: {} (by name)", self.ty),
            BindingSource::Type(value) => write!(f, "{value}: {} (by type)", self.ty),
            BindingSource::Resource(id) => write!(f, "the resource {id} (by name)"),
            BindingSource::Inferred(input) => write!(f, "input.{input}: {} (inferred input)", self.ty),
        }
    }
}

//! The manifest as it is written, section by section.

use conductor_protocol::plan::{Effect, InDoubt, Language, Missed};
use conductor_source::{FileId, Span};
use conductor_syntax::{Node, Syntax};

use crate::Spanned;
use crate::policy::{PolicyDef, PolicyUse};
use crate::resource::Resource;
use crate::step::Step;
use crate::types::TypeExpr;

/// An identifier where it is written.
pub type Id = Spanned<String>;

#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    pub file: FileId,
    /// For fixes, which write as the manifest is written.
    pub syntax: Syntax,
    pub targets: Vec<Target>,
    pub tasks: Vec<Task>,
    pub policies: Vec<PolicyDef>,
    pub resources: Vec<Resource>,
    pub workflows: Vec<Workflow>,
    /// Where the value of `policies:` stands, for fixes that add one; `None` where the section is missing.
    pub policies_span: Option<Span>,
    pub lost: Lost,
}

/// The names that parts define which could not be understood, which was reported.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lost {
    pub tasks: LostNames,
    pub policies: LostNames,
    pub resources: LostNames,
    pub workflows: LostNames,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct LostNames {
    /// Nobody can tell which: any name that seems to be missing may be one of them.
    pub any: bool,
    pub ids: Vec<String>,
}

impl LostNames {
    pub(crate) fn add(&mut self, more: LostNames) {
        self.any |= more.any;
        self.ids.extend(more.ids);
    }

    #[must_use]
    pub fn may_hold(&self, id: &str) -> bool {
        self.any || self.ids.iter().any(|lost| lost == id)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub language: Spanned<Language>,
    /// Relative to the manifest's folder; `.` by default.
    pub root: Option<Spanned<String>>,
    pub out: Option<Spanned<String>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub id: Id,
    pub reference: Spanned<String>,
    pub policy: Option<PolicyUse>,
    /// Arguments by parameter; values hold literals and `${}` expressions.
    pub with: Vec<(Id, Node)>,
    pub effect: Option<Spanned<Effect>>,
    pub idempotent: Option<Spanned<bool>>,
    pub in_doubt: Option<Spanned<InDoubt>>,
    /// Resources of which each attempt holds a permit.
    pub uses: Vec<Id>,
    pub compensate: Option<Compensate>,
    pub cache: Option<Cache>,
    pub critical: Option<Spanned<bool>>,
    pub description: Option<Spanned<String>>,
    /// The whole entry.
    pub span: Span,
}

/// The task that undoes this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Compensate {
    pub task: Id,
    /// Arguments by parameter; they see this task's arguments and `result`.
    pub with: Vec<(Id, Node)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Cache {
    /// Milliseconds.
    pub ttl: Spanned<u64>,
    pub key: Option<Node>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    pub id: Id,
    pub entrypoint: Option<Spanned<bool>>,
    pub inputs: Vec<Input>,
    /// Whether the inputs could not be read, which is reported: any name may be one.
    pub inputs_lost: bool,
    pub steps: Vec<Step>,
    pub output: Option<Node>,
    pub durable: Option<Spanned<bool>>,
    /// Milliseconds.
    pub deadline: Option<Spanned<u64>>,
    pub concurrency: Option<Concurrency>,
    pub schedule: Option<Schedule>,
    pub target: Option<Spanned<Language>>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    pub name: Id,
    pub ty: TypeExpr,
    pub default: Option<Node>,
    pub secret: Option<Spanned<bool>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Concurrency {
    pub limit: Spanned<u32>,
    pub key: Option<Node>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    pub cron: Spanned<String>,
    pub time_zone: Option<Spanned<String>>,
    pub missed: Option<Spanned<Missed>>,
}

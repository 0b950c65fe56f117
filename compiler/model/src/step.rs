//! Steps as they are written.

use conductor_protocol::plan::{LoopTest, OnExhausted, OnFailure, OnTimeout};
use conductor_source::Span;
use conductor_syntax::Node;

use crate::Spanned;
use crate::manifest::Id;
use crate::policy::PolicyUse;
use crate::types::TypeExpr;

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub id: Option<Id>,
    pub when: Option<Node>,
    pub with: Vec<(Id, Node)>,
    pub policy: Option<PolicyUse>,
    pub critical: Option<Spanned<bool>>,
    /// Milliseconds; blocks only.
    pub deadline: Option<Spanned<u64>>,
    /// Siblings in a graph.
    pub needs: Vec<Id>,
    pub kind: StepKind,
    /// The step's key word (`task`, `parallel`), to point at.
    pub keyword: Span,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StepKind {
    Task(Id),
    Workflow {
        callee: Id,
        detach: Option<Spanned<bool>>,
    },
    Sequence(Vec<Step>),
    Parallel {
        branches: Vec<Step>,
        max_concurrency: Option<Spanned<u32>>,
        on_failure: Option<Spanned<OnFailure>>,
    },
    Graph(Vec<Step>),
    Race(Vec<Step>),
    Map(Box<Map>),
    Switch(Vec<Case>),
    Loop(Box<Loop>),
    Try(Box<Try>),
    Sleep(Sleep),
    WaitFor(Box<WaitFor>),
    Emit(Box<Emit>),
    Hold(Box<Hold>),
    Set(Vec<(Id, Node)>),
    Return(Node),
    Fail(Box<Fail>),
    /// Reported already; whoever meets it stays silent.
    Broken,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    pub over: Node,
    pub variable: Id,
    pub max_concurrency: Option<Spanned<u32>>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// `None` for the default.
    pub when: Option<Node>,
    pub steps: Vec<Step>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Loop {
    pub test: LoopTest,
    pub condition: Node,
    pub max_iterations: Spanned<u32>,
    /// Milliseconds.
    pub every: Option<Spanned<u64>>,
    pub on_exhausted: Option<Spanned<OnExhausted>>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    pub steps: Vec<Step>,
    pub catches: Vec<Catch>,
    pub finally: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Catch {
    /// Empty: any.
    pub errors: Vec<Spanned<String>>,
    /// `error` where it is missing.
    pub variable: Option<Id>,
    pub steps: Vec<Step>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Sleep {
    /// Milliseconds.
    Fixed(Spanned<u64>),
    Computed(Node),
}

#[derive(Debug, Clone, PartialEq)]
pub struct WaitFor {
    pub signal: Id,
    pub data: Option<TypeExpr>,
    /// Milliseconds.
    pub timeout: Option<Spanned<u64>>,
    pub on_timeout: Option<Spanned<OnTimeout>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Emit {
    pub signal: Id,
    pub data: Option<Node>,
    pub run: Option<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    pub resource: Id,
    pub atomic: Option<Spanned<bool>>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Fail {
    pub error: Spanned<String>,
    pub message: Option<Node>,
}

impl StepKind {
    /// The lists of steps directly inside, in source order.
    #[must_use]
    pub fn bodies(&self) -> Vec<&[Step]> {
        match self {
            StepKind::Sequence(steps)
            | StepKind::Parallel { branches: steps, .. }
            | StepKind::Graph(steps)
            | StepKind::Race(steps) => vec![steps],
            StepKind::Map(map) => vec![&map.steps],
            StepKind::Switch(cases) => cases.iter().map(|case| case.steps.as_slice()).collect(),
            StepKind::Loop(repeat) => vec![&repeat.steps],
            StepKind::Try(block) => std::iter::once(block.steps.as_slice())
                .chain(block.catches.iter().map(|catch| catch.steps.as_slice()))
                .chain(std::iter::once(block.finally.as_slice()))
                .collect(),
            StepKind::Hold(hold) => vec![&hold.steps],
            StepKind::Task(_)
            | StepKind::Workflow { .. }
            | StepKind::Sleep(_)
            | StepKind::WaitFor(_)
            | StepKind::Emit(_)
            | StepKind::Set(_)
            | StepKind::Return(_)
            | StepKind::Fail(_)
            | StepKind::Broken => Vec::new(),
        }
    }
}

impl Step {
    /// The steps directly inside.
    pub fn children(&self) -> impl Iterator<Item = &Step> {
        self.kind.bodies().into_iter().flatten()
    }
}

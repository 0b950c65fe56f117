//! Bound steps, with their places.

use conductor_model::Spanned;
use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{
    Argument, Cache, Delay, Emit, LoopTest, OnExhausted, OnFailure, Policy, WaitFor,
};
use conductor_protocol::types::Type;
use conductor_source::Span;

#[derive(Debug, Clone)]
pub struct Step {
    pub id: String,
    pub anonymous: bool,
    pub when: Option<Expr>,
    pub critical: bool,
    /// Milliseconds; of blocks.
    pub deadline: Option<Spanned<u64>>,
    /// In a graph: the siblings that must have ended before, written or found from the data, sorted.
    pub needs: Vec<String>,
    /// The result as later steps see it.
    pub ty: Type,
    pub kind: StepKind,
    pub span: Span,
    pub keyword: Span,
}

#[derive(Debug, Clone)]
pub enum StepKind {
    Task(Box<TaskStep>),
    Workflow(WorkflowStep),
    Sequence(Vec<Step>),
    Parallel {
        branches: Vec<Step>,
        max_concurrency: Option<u32>,
        on_failure: OnFailure,
    },
    Graph(Vec<Step>),
    Race(Vec<Step>),
    Map(Box<Map>),
    Switch(Vec<Case>),
    Loop(Box<Loop>),
    Try(Box<Try>),
    Sleep(Delay),
    WaitFor(WaitFor),
    /// Its barrier is placed in the Plan.
    Emit(Box<Emit>),
    Hold(Hold),
    Set(Vec<(String, Expr)>),
    Return(Expr),
    Fail {
        error: String,
        message: Expr,
    },
}

#[derive(Debug, Clone)]
pub struct TaskStep {
    /// Index into [`super::Graph::tasks`].
    pub task: usize,
    /// What makes the object of an instance method.
    pub object: Vec<Argument>,
    pub args: Vec<Argument>,
    pub policy: Policy,
    /// Where the policy stands, if there is one.
    pub policy_span: Option<Span>,
    /// Indices into [`super::Graph::resources`], in the order in which permits are taken.
    pub uses: Vec<usize>,
    pub cache: Option<Cache>,
    pub fallback: Option<Fallback>,
    pub compensate: Option<Box<TaskStep>>,
}

#[derive(Debug, Clone)]
pub enum Fallback {
    Task(Box<TaskStep>),
    Value(Expr),
}

#[derive(Debug, Clone)]
pub struct WorkflowStep {
    /// Index into [`super::Graph::workflows`].
    pub workflow: usize,
    pub args: Vec<(String, Expr)>,
    pub detach: bool,
}

#[derive(Debug, Clone)]
pub struct Map {
    pub over: Expr,
    pub variable: String,
    pub item: Type,
    pub max_concurrency: Option<u32>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub struct Case {
    pub when: Option<Expr>,
    pub steps: Vec<Step>,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Loop {
    pub test: LoopTest,
    pub condition: Expr,
    pub max_iterations: u32,
    pub every_ms: Option<u64>,
    pub on_exhausted: OnExhausted,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub struct Try {
    pub steps: Vec<Step>,
    pub catches: Vec<Catch>,
    pub finally: Vec<Step>,
}

#[derive(Debug, Clone)]
pub struct Catch {
    pub errors: Vec<String>,
    pub variable: String,
    pub steps: Vec<Step>,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Hold {
    /// Index into [`super::Graph::resources`].
    pub resource: usize,
    pub resource_span: Span,
    pub atomic: bool,
    pub steps: Vec<Step>,
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
            | StepKind::Workflow(_)
            | StepKind::Sleep(_)
            | StepKind::WaitFor(_)
            | StepKind::Emit(_)
            | StepKind::Set(_)
            | StepKind::Return(_)
            | StepKind::Fail { .. } => Vec::new(),
        }
    }
}

impl TaskStep {
    /// The call itself, then what stands by it: its fallbacks and what undoes it.
    pub fn with_others(&self) -> impl Iterator<Item = &TaskStep> {
        // Most calls have none, and a list that stays empty takes no memory.
        let mut others: Vec<&TaskStep> = Vec::new();
        if let Some(Fallback::Task(other)) = &self.fallback {
            others.extend(other.with_others());
        }
        if let Some(undo) = &self.compensate {
            others.extend(undo.with_others());
        }
        std::iter::once(self).chain(others)
    }
}

impl Step {
    /// The steps directly inside.
    pub fn children(&self) -> impl Iterator<Item = &Step> {
        self.kind.bodies().into_iter().flatten()
    }

    /// Whether nothing after the step can run, because it always ends the run or fails.
    #[must_use]
    pub fn never_completes(&self) -> bool {
        if self.when.is_some() || !self.critical {
            return false;
        }
        match &self.kind {
            StepKind::Return(_) | StepKind::Fail { .. } => true,
            StepKind::Sequence(steps) => never_complete(steps),
            StepKind::Hold(hold) => never_complete(&hold.steps),
            StepKind::Parallel { branches, .. } => branches.iter().any(Step::never_completes),
            StepKind::Graph(steps) => steps.iter().any(Step::never_completes),
            StepKind::Race(branches) => branches.iter().all(Step::never_completes),
            StepKind::Switch(cases) => {
                cases.last().is_some_and(|last| last.when.is_none())
                    && cases.iter().all(|case| never_complete(&case.steps))
            }
            StepKind::Try(block) => {
                let handlers = block.catches.iter().all(|catch| never_complete(&catch.steps));
                never_complete(&block.finally) || (never_complete(&block.steps) && handlers)
            }
            _ => false,
        }
    }
}

/// Whether the steps, one after another, always end the run or fail.
#[must_use]
pub fn never_complete(steps: &[Step]) -> bool {
    steps.iter().any(Step::never_completes)
}

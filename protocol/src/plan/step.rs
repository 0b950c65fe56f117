//! Steps: the nodes of a workflow, and the blocks that hold further steps.
//!
//! It knows the structure, not what a call leads to.

use serde::{Deserialize, Serialize};

use super::call::{TaskCall, WorkflowCall};
use crate::expr::Expr;
use crate::types::Type;

/// A step of the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in its workflow, except across exclusive branches. Anonymous blocks have a generated id (`parallel_2`),
    /// which is never part of a key.
    pub id: String,
    /// Whether the id was made by the compiler.
    pub anonymous: bool,
    pub when: Option<Expr>,
    /// False: a failure is recorded and tolerated, the result is null.
    pub critical: bool,
    /// Of a block: milliseconds from its start. A task's deadline is in its policy.
    pub deadline_ms: Option<u64>,
    /// In a graph: the siblings that must have ended before, written or found from the data, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// The type of the result as later steps see it: nullable where it may be skipped or tolerated.
    pub ty: Type,
    pub kind: StepKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    Task(Box<TaskCall>),
    Workflow(WorkflowCall),
    /// The result is the last step's.
    Sequence {
        steps: Vec<Step>,
    },
    /// All branches at once; the result is a record by id.
    Parallel {
        branches: Vec<Step>,
        max_concurrency: Option<u32>,
        on_failure: OnFailure,
    },
    /// Each step as soon as those it needs have ended; the result is a record by id.
    Graph {
        steps: Vec<Step>,
    },
    /// The first success wins, the others are cancelled; it fails when all have failed.
    Race {
        branches: Vec<Step>,
    },
    Map(Box<Map>),
    /// The first case that holds; the result is null where none does.
    Switch {
        cases: Vec<Case>,
    },
    Loop(Box<Loop>),
    Try(Box<Try>),
    Sleep(Delay),
    WaitFor(WaitFor),
    Emit(Box<Emit>),
    Hold(Hold),
    /// Values that later steps see by name, in source order; each sees those before it. The result is a record of them.
    Set {
        values: Vec<(String, Expr)>,
    },
    /// Ends the run with this output. Running siblings are cancelled.
    Return {
        value: Expr,
    },
    /// Fails with an error of this type.
    Fail {
        error: String,
        message: Expr,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    Cancel,
    Wait,
}

/// The steps once for each item of a list; the results stand in the order of the items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Map {
    pub over: Expr,
    /// The name of the item in the steps.
    pub variable: String,
    pub item: Type,
    pub max_concurrency: Option<u32>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// `None` for the default, which is the last.
    pub when: Option<Expr>,
    pub steps: Vec<Step>,
}

/// The steps again and again. Inside, and in `condition`, the loop's own id is the result of the last iteration that
/// ended, null before the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loop {
    pub test: LoopTest,
    pub condition: Expr,
    pub max_iterations: u32,
    /// A pause after each iteration but the last.
    pub every_ms: Option<u64>,
    pub on_exhausted: OnExhausted,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoopTest {
    /// Before each iteration: goes on while the condition holds.
    While,
    /// After each iteration: ends when the condition, which sees its steps, holds.
    Until,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExhausted {
    Fail,
    Continue,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Try {
    pub steps: Vec<Step>,
    /// The first that matches the error.
    pub catches: Vec<Catch>,
    /// Whatever happened before.
    pub finally: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catch {
    /// Error types or codes; empty: any.
    pub errors: Vec<String>,
    /// The name of `{type, message, step, attempts, status?}` in the steps.
    pub variable: String,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    Fixed {
        ms: u64,
    },
    /// A value of type duration.
    Computed(Expr),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitFor {
    pub signal: String,
    /// Of the data that comes with the signal.
    pub data: Type,
    pub timeout_ms: Option<u64>,
    pub on_timeout: OnTimeout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    Fail,
    Null,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Emit {
    pub signal: String,
    pub data: Option<Expr>,
    /// The run that gets the signal; this one where it is missing.
    pub run: Option<Expr>,
    pub barrier: bool,
}

/// Keeps a permit, or a connection, over several steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    pub resource: String,
    /// One step to the journal.
    pub atomic: bool,
    pub steps: Vec<Step>,
}

impl StepKind {
    /// The lists of steps directly inside, in source order.
    #[must_use]
    pub fn bodies(&self) -> Vec<&[Step]> {
        match self {
            StepKind::Sequence { steps } | StepKind::Graph { steps } => vec![steps],
            StepKind::Parallel { branches, .. } | StepKind::Race { branches } => vec![branches],
            StepKind::Map(map) => vec![&map.steps],
            StepKind::Switch { cases } => cases.iter().map(|case| case.steps.as_slice()).collect(),
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
            | StepKind::Set { .. }
            | StepKind::Return { .. }
            | StepKind::Fail { .. } => Vec::new(),
        }
    }

    /// The step's key word in a manifest.
    #[must_use]
    pub fn keyword(&self) -> &'static str {
        match self {
            StepKind::Task(_) => "task",
            StepKind::Workflow(_) => "workflow",
            StepKind::Sequence { .. } => "sequence",
            StepKind::Parallel { .. } => "parallel",
            StepKind::Graph { .. } => "graph",
            StepKind::Race { .. } => "race",
            StepKind::Map(_) => "map",
            StepKind::Switch { .. } => "switch",
            StepKind::Loop(_) => "loop",
            StepKind::Try(_) => "try",
            StepKind::Sleep(_) => "sleep",
            StepKind::WaitFor(_) => "wait_for",
            StepKind::Emit(_) => "emit",
            StepKind::Hold(_) => "hold",
            StepKind::Set { .. } => "set",
            StepKind::Return { .. } => "return",
            StepKind::Fail { .. } => "fail",
        }
    }
}

impl Step {
    /// The steps directly inside.
    pub fn children(&self) -> impl Iterator<Item = &Step> {
        self.kind.bodies().into_iter().flatten()
    }
}

//! The tree that bounds are computed over: what takes time or makes calls, and nothing else of a workflow.
//!
//! It knows neither where its parts come from, a bound graph or a Plan, nor what they say.

use conductor_protocol::plan::Policy;

/// One workflow.
#[derive(Debug, Clone)]
pub struct Flow<'a> {
    pub id: &'a str,
    /// Milliseconds, like every time here.
    pub deadline_ms: Option<u64>,
    pub steps: Vec<Work<'a>>,
}

/// One step.
#[derive(Debug, Clone)]
pub struct Work<'a> {
    pub id: &'a str,
    /// Whether it may be skipped.
    pub conditional: bool,
    pub critical: bool,
    /// Of a block. A call's stands in its policy.
    pub deadline_ms: Option<u64>,
    /// In a graph: the siblings that must have ended before.
    pub needs: &'a [String],
    pub kind: Kind<'a>,
}

#[derive(Debug, Clone)]
pub enum Kind<'a> {
    Call(Box<Call<'a>>),
    /// A run of another flow by its index, `None` where it is not known; not awaited where it is detached.
    Flow {
        flow: Option<usize>,
        detach: bool,
    },
    /// In order: a sequence, or what holds a permit over its steps.
    Sequence(Vec<Work<'a>>),
    Parallel {
        branches: Vec<Work<'a>>,
        width: Option<u32>,
    },
    Graph(Vec<Work<'a>>),
    Race(Vec<Work<'a>>),
    Map {
        /// Where the list is written out.
        length: Option<u64>,
        width: Option<u32>,
        steps: Vec<Work<'a>>,
    },
    Switch {
        cases: Vec<Vec<Work<'a>>>,
        /// Whether one of the cases always holds.
        exhaustive: bool,
    },
    Loop {
        iterations: u32,
        every_ms: u64,
        /// Whether the body runs before the first test.
        at_least_once: bool,
        steps: Vec<Work<'a>>,
    },
    Try {
        steps: Vec<Work<'a>>,
        catches: Vec<Vec<Work<'a>>>,
        finally: Vec<Work<'a>>,
    },
    /// `None` where an expression says how long.
    Sleep(Option<u64>),
    Wait {
        timeout_ms: Option<u64>,
        /// Whether the time-out is a failure.
        fails: bool,
    },
    /// Takes no time: values and signals.
    Instant,
    Return,
    Fail,
}

/// A call of a task.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    pub task: &'a str,
    pub policy: &'a Policy,
    /// A value or a task stands in for the result of a call that failed.
    pub has_fallback: bool,
    pub fallback: Option<Box<Call<'a>>>,
    pub compensate: Option<Box<Call<'a>>>,
}

impl<'a> Work<'a> {
    /// The lists of steps directly inside, in source order.
    pub(crate) fn bodies(&self) -> Vec<&[Work<'a>]> {
        match &self.kind {
            Kind::Sequence(steps)
            | Kind::Parallel { branches: steps, .. }
            | Kind::Graph(steps)
            | Kind::Race(steps)
            | Kind::Map { steps, .. }
            | Kind::Loop { steps, .. } => vec![steps],
            Kind::Switch { cases, .. } => cases.iter().map(Vec::as_slice).collect(),
            Kind::Try { steps, catches, finally } => std::iter::once(steps.as_slice())
                .chain(catches.iter().map(Vec::as_slice))
                .chain(std::iter::once(finally.as_slice()))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it can end in a failure.
    pub(crate) fn may_fail(&self) -> bool {
        match &self.kind {
            Kind::Sleep(_) | Kind::Instant | Kind::Return => false,
            Kind::Wait { timeout_ms, fails } => timeout_ms.is_some() && *fails,
            Kind::Flow { detach, .. } => !detach,
            // A loop fails when its iterations are used up.
            Kind::Call(_) | Kind::Fail | Kind::Loop { .. } => true,
            _ => {
                self.deadline_ms.is_some()
                    || self.bodies().into_iter().flatten().any(|inner| inner.critical && inner.may_fail())
            }
        }
    }
}

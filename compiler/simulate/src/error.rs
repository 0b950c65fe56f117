//! Failures of steps, and the errors that the interpreter itself raises.
//!
//! It does not know which failures are retried or caught.

use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use serde_json::Value as Json;

use crate::cancel::Why;

/// Type names of the errors that Conductor raises. Generated code raises its language's own, whose names end alike.
pub mod names {
    /// An attempt took longer than its `timeout`.
    pub const TIMEOUT: &str = "conductor.TimeoutError";
    /// A step, a block or a run took longer than its `deadline`. It is a [`TIMEOUT`], too.
    pub const DEADLINE: &str = "conductor.DeadlineExceeded";
    /// A breaker let no call through.
    pub const CIRCUIT_OPEN: &str = "conductor.CircuitOpen";
    /// A write was started, nobody can tell whether it happened, and its `in_doubt` is `fail`.
    pub const OUTCOME_UNKNOWN: &str = "conductor.OutcomeUnknown";
    /// An expression has no value.
    pub const EXPRESSION: &str = "conductor.ExpressionError";
    /// A loop came to its bound, and its `on_exhausted` is `fail`.
    pub const LOOP_EXHAUSTED: &str = "conductor.LoopExhausted";
    /// A signal did not come in time. It is a [`TIMEOUT`], too.
    pub const SIGNAL_TIMEOUT: &str = "conductor.SignalTimeout";
    /// A signal was sent to a run that is not there or has ended.
    pub const SIGNAL_REFUSED: &str = "conductor.SignalRefused";
    /// A sub-workflow was cancelled by itself, not by its parent.
    pub const RUN_CANCELLED: &str = "conductor.RunCancelled";
    /// Workflows call each other too deep.
    pub const TOO_DEEP: &str = "conductor.TooDeep";
}

/// What failed a step: the last error, the step whose call it was, and how often it was tried.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub error: ErrorForm,
    pub step: Arc<str>,
    pub attempts: u32,
}

/// Why a step has no result.
#[derive(Debug, Clone)]
pub(crate) enum Exit {
    Failed(Arc<Failure>),
    Cancelled(Why),
    /// A `return` was reached: the run ends with this output.
    Returned(Arc<Json>),
    /// The run must wait for a person.
    Paused {
        step: Arc<str>,
        reason: Arc<str>,
    },
}

pub(crate) type Flow<T = Arc<Json>> = Result<T, Exit>;

impl Exit {
    pub fn failed(error: ErrorForm, step: &Arc<str>, attempts: u32) -> Exit {
        Exit::Failed(Arc::new(Failure { error, step: step.clone(), attempts }))
    }
}

/// An error of Conductor's own.
pub(crate) fn own(name: &str, message: impl Into<String>) -> ErrorForm {
    let mut types = vec![name.to_owned()];
    if matches!(name, names::DEADLINE | names::SIGNAL_TIMEOUT) {
        types.push(names::TIMEOUT.to_owned());
    }
    ErrorForm { types, message: message.into(), ..ErrorForm::default() }
}

/// Whether the error has that name of [`names`].
pub(crate) fn is(error: &ErrorForm, name: &str) -> bool {
    error.types.first().is_some_and(|first| first == name)
}

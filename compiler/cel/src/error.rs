//! What is wrong with an expression, and the nearest name to one that is not known.
//!
//! It knows no files: a range is in bytes of the text that was given, the caller maps it.

use std::ops::Range;

use conductor_protocol::expr::{Expr, Node};

/// A mistake in an expression. `message` is one sentence, lower case, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CelError {
    /// Bytes of the text that was parsed.
    pub range: Range<usize>,
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// The step of which it is the result that may be null here.
    pub null_step: Option<String>,
}

impl CelError {
    #[must_use]
    pub fn new(range: Range<usize>, message: impl Into<String>) -> CelError {
        CelError { range, message: message.into(), help: None, null_step: None }
    }

    /// Names the step whose result it is, where it is one.
    pub(crate) fn null_of(mut self, expr: &Expr) -> CelError {
        if let Node::Step(id) = &expr.node {
            self.null_step = Some(id.clone());
        }
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> CelError {
        self.help = Some(help.into());
        self
    }
}

/// The known name that is most like `name`, if one is like it at all.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

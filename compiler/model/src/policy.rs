//! Policies as they are written; defaults are filled in when they are resolved.

use conductor_protocol::plan::{Jitter, Rate, Strategy};
use conductor_source::Span;
use conductor_syntax::Node;

use crate::Spanned;
use crate::manifest::Id;

#[derive(Debug, Clone, PartialEq)]
pub struct PolicyDef {
    pub id: Id,
    pub fields: PolicyFields,
    pub span: Span,
}

/// `policy: name` or `policy: {retries: 3}`.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyUse {
    Named(Id),
    Inline(Box<PolicyFields>, Span),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct PolicyFields {
    pub retries: Option<Spanned<Retries>>,
    pub strategy: Option<Spanned<Strategy>>,
    /// Milliseconds, like every duration here.
    pub initial: Option<Spanned<u64>>,
    pub max_delay: Option<Spanned<u64>>,
    pub multiplier: Option<Spanned<f64>>,
    pub jitter: Option<Spanned<Jitter>>,
    pub retry_on: Vec<Spanned<String>>,
    pub abort_on: Vec<Spanned<String>>,
    pub timeout: Option<Spanned<u64>>,
    pub deadline: Option<Spanned<u64>>,
    pub circuit_breaker: Option<Breaker>,
    pub rate_limit: Option<Spanned<Rate>>,
    pub bulkhead: Option<Spanned<u32>>,
    pub hedge: Option<Hedge>,
    pub fallback: Option<Fallback>,
    pub critical: Option<Spanned<bool>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Breaker {
    pub failures: Option<Spanned<u32>>,
    pub failure_rate: Option<Spanned<f64>>,
    /// Milliseconds.
    pub window: Option<Spanned<u64>>,
    pub min_calls: Option<Spanned<u32>>,
    /// Milliseconds.
    pub open_for: Option<Spanned<u64>>,
    pub half_open_calls: Option<Spanned<u32>>,
    pub key: Option<Node>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hedge {
    /// Milliseconds.
    pub after: Spanned<u64>,
    pub max: Option<Spanned<u32>>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fallback {
    Task(Id),
    Value(Node),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retries {
    Times(u32),
    Forever,
}

impl Fallback {
    /// What it names.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Fallback::Task(id) => id.span,
            Fallback::Value(node) => node.span,
        }
    }
}

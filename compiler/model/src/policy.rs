//! Policies as they are written; defaults are filled in when they are resolved.

use conductor_protocol::plan::{Jitter, Strategy};
use conductor_source::Span;

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
    pub critical: Option<Spanned<bool>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retries {
    Times(u32),
    Forever,
}

//! Resources as they are written; defaults are filled in when they are resolved.

use conductor_protocol::plan::{Pool, Rate, ResourceKind, Scope};
use conductor_source::Span;
use conductor_syntax::Node;

use crate::Spanned;
use crate::manifest::Id;

#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    pub id: Id,
    pub kind: Spanned<ResourceKind>,
    /// `url` or `address`.
    pub address: Option<Node>,
    pub pool: Option<Spanned<Pool>>,
    pub max_concurrency: Option<Spanned<u32>>,
    pub rate_limit: Option<Spanned<Rate>>,
    pub scope: Option<Spanned<Scope>>,
    pub open: Option<Spanned<String>>,
    pub close: Option<Spanned<String>>,
    /// The whole entry.
    pub span: Span,
}

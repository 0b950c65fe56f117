//! Resources as they are written; defaults are filled in when they are resolved.

use conductor_protocol::plan::{Pool, Rate, ResourceKind, Scope};
use conductor_source::Span;
use conductor_syntax::Node;

use crate::Spanned;
use crate::manifest::Id;
use crate::types::TypeExpr;

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
    pub api: Api,
    /// Of HTTP: sent with each request.
    pub headers: Vec<(Id, Node)>,
    /// Of gRPC over TLS: the file of the certificates that are trusted.
    pub ca: Option<Spanned<String>>,
    /// How long it is waited for before the first call, in milliseconds.
    pub ready: Option<Spanned<u64>>,
    /// Of a container: the service of the compose file.
    pub service: Option<Spanned<String>>,
    /// Of a container: the compose file.
    pub compose: Option<Spanned<String>>,
    /// Of a container: the port that the service listens on, inside.
    pub port: Option<Spanned<u32>>,
    /// The whole entry.
    pub span: Span,
}

impl Resource {
    /// One of which only kind and address are known.
    #[must_use]
    pub fn new(id: Id, kind: Spanned<ResourceKind>, address: Option<Node>, span: Span) -> Resource {
        Resource {
            id,
            kind,
            address,
            pool: None,
            max_concurrency: None,
            rate_limit: None,
            scope: None,
            open: None,
            close: None,
            api: Api::default(),
            headers: Vec::new(),
            ca: None,
            ready: None,
            service: None,
            compose: None,
            port: None,
            span,
        }
    }
}

/// What says which operations a service has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Api {
    /// An OpenAPI document: a path relative to the manifest's folder, or a URL.
    pub openapi: Option<Spanned<String>>,
    pub operations: Vec<Operation>,
    /// Protocol buffers: paths relative to the manifest's folder.
    pub proto: Vec<Spanned<String>>,
    /// A file with a serialized `FileDescriptorSet`.
    pub descriptors: Option<Spanned<String>>,
    /// What a container speaks, where nothing else says so.
    pub protocol: Option<Spanned<Protocol>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Http,
    Grpc,
}

/// An operation of an HTTP API that has no document.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    pub id: Id,
    pub request: Spanned<Request>,
    /// Types of parameters in the path; the others there are strings.
    pub path: Vec<(Id, TypeExpr)>,
    pub query: Vec<(Id, TypeExpr)>,
    pub headers: Vec<(Id, TypeExpr)>,
    pub body: Option<OperationBody>,
    /// Nothing where it is not said.
    pub response: Option<TypeExpr>,
    /// Statuses (`404`, `4xx`) by the name of the error.
    pub errors: Vec<(Id, Spanned<String>)>,
    pub description: Option<Spanned<String>>,
}

impl Operation {
    /// Every type that it names.
    pub fn types(&self) -> impl Iterator<Item = &TypeExpr> {
        let (fields, whole) = match &self.body {
            Some(OperationBody::Fields(fields)) => (fields.as_slice(), None),
            Some(OperationBody::Whole(whole)) => (&[][..], Some(whole)),
            None => (&[][..], None),
        };
        let named = [&self.path, &self.query, &self.headers].into_iter().flatten().chain(fields);
        named.map(|(_, ty)| ty).chain(whole).chain(&self.response)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// In capitals: `GET`.
    pub method: String,
    /// With the names of its parameters in braces: `/users/{user_id}`.
    pub path: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum OperationBody {
    /// Each field is a parameter.
    Fields(Vec<(Id, TypeExpr)>),
    /// The parameter `body`.
    Whole(TypeExpr),
}

//! Resources: what tasks hold a permit of while they run, and the clients they are handed.
//!
//! It knows limits and addresses, not how a client is opened.

use serde::{Deserialize, Serialize};

use super::callable::Function;
use super::policy::Rate;
use crate::expr::Expr;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub id: String,
    pub kind: ResourceKind,
    /// Of kinds with a client; read when the process starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Expr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<Rate>,
    pub scope: Scope,
    /// Of kind `custom`: makes the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Function>,
    /// Of kind `custom`: takes the client at shutdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<Function>,
    /// Of gRPC: a serialized `FileDescriptorSet` in base64, with what the called methods need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptors: Option<String>,
    /// Of HTTP: sent with each request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, Expr)>,
    /// Of gRPC over TLS: the file of the certificates that are trusted, relative to the manifest's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// How long it is waited for, in milliseconds, before the first call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_ms: Option<u64>,
    /// Of a container: what says that it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    Semaphore,
    Postgres,
    Redis,
    Http,
    Grpc,
    Container,
    Custom,
}

/// How a service says that it is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// A connection is accepted.
    Tcp,
    /// A request for this path is answered with 2xx.
    Http(String),
    /// `grpc.health.v1.Health/Check` answers `SERVING`.
    Grpc,
}

/// Connections kept open and allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    pub min: u32,
    pub max: u32,
}

/// Who shares the permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Process,
    Host,
}

impl Resource {
    /// A resource of which only the kind is known.
    #[must_use]
    pub fn new(id: &str, kind: ResourceKind, scope: Scope) -> Resource {
        Resource {
            id: id.to_owned(),
            kind,
            address: None,
            pool: None,
            max_concurrency: None,
            rate_limit: None,
            scope,
            open: None,
            close: None,
            descriptors: None,
            headers: Vec::new(),
            ca: None,
            ready_ms: None,
            health: None,
        }
    }

    /// The kind whose protocol it speaks: a container has one of its own.
    #[must_use]
    pub fn spoken(&self) -> ResourceKind {
        match self.kind {
            ResourceKind::Container if self.descriptors.is_some() => ResourceKind::Grpc,
            ResourceKind::Container => ResourceKind::Http,
            kind => kind,
        }
    }

    /// How many permits there are; `None` where their number is not limited.
    #[must_use]
    pub fn permits(&self) -> Option<u32> {
        match (self.max_concurrency, self.pool) {
            (Some(limit), Some(pool)) => Some(limit.min(pool.max)),
            (Some(limit), None) => Some(limit),
            (None, Some(pool)) => Some(pool.max),
            (None, None) => None,
        }
    }
}

impl ResourceKind {
    /// Whether a function can be handed something of it.
    #[must_use]
    pub fn has_client(self) -> bool {
        self != ResourceKind::Semaphore
    }
}

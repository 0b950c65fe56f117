//! Resources: what tasks hold a permit of while they run, and the clients they are handed.
//!
//! It knows limits and addresses, not how a client is opened.

use serde::{Deserialize, Serialize};

use super::call::Callable;
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
    pub open: Option<Callable>,
    /// Of kind `custom`: takes the client at shutdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<Callable>,
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

//! Messages about what is limited for a whole host: permits, starts, and how full pools are.
//!
//! It knows no queue: whose turn it is, the sidecar says.

use serde::{Deserialize, Serialize};

use crate::plan::{Rate, Scope};

/// A permit that a session holds or waits for over a lost connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitClaim {
    pub permit: u64,
    pub resource: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// False while it waits.
    pub held: bool,
}

/// Asks for a permit of a resource that all processes of the host share. Answered when it is granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitAcquire {
    /// A number that the session has not used before; the same when it is asked again after a reconnect.
    pub permit: u64,
    pub resource: String,
    /// How many permits there are, as the asking build knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Starts that were leased to the session and that it has not made in their time, since it asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spare: Option<u32>,
}

/// Starts that the session may make without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeasedStarts {
    pub count: u32,
    /// From when it asked.
    pub within_ms: u64,
}

/// The permit is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitGranted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<LeasedStarts>,
    /// Nobody waits: the session may use the permit again and again without asking, until one with this number is recalled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u64>,
}

/// Somebody waits: permits of the resource that were granted with this number or one before it are given back when no
/// attempt has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRecall {
    pub resource: String,
    pub keep: u64,
}

/// Gives a permit back, or leaves the queue for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRelease {
    pub permit: u64,
}

/// How full a process's pools are: those that have changed since the last report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceReport {
    pub resources: Vec<ResourceUse>,
}

/// One pool of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceUse {
    /// Of the resource; `task:ID` for the limits of a task's own policy.
    pub id: String,
    pub scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Permits that are held now.
    pub in_use: u32,
    /// Attempts that wait for one now.
    pub waiting: u32,
    /// Clients opened since the last report, and openings that failed.
    pub opened: u32,
    pub failed: u32,
    /// Times that permits were waited for since the last report: milliseconds, and how many times so long.
    pub waited_ms: Vec<(u64, u32)>,
}

//! The messages about numbers of named policies that people change while processes run.
//!
//! Which numbers there are stands in `numbers`.

use serde::{Deserialize, Serialize};

use crate::numbers::Numbers;

/// A notification: the named policies that the client's process has, with the numbers that were built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyReport {
    pub policies: Vec<PolicyNumbers>,
}

/// A policy with its numbers. From the sidecar, in the answer to `hello` and by itself: those that somebody has set, which
/// take the place of the ones that were built; without any, those hold again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyNumbers {
    /// Its id in the manifest.
    pub policy: String,
    pub numbers: Numbers,
}

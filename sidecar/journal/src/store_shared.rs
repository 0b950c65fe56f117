//! What a store of many sidecars can do beyond [`crate::store`]: hand runs from one to the other.
//!
//! It knows no host, only sidecars whose leases run.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::breakers::SharedBreakers;
use crate::store::{RunRow, StoreError};

/// Runs that a sidecar can hand out: of that workflow, pinned to that Plan or to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub workflow: String,
    pub plan: String,
}

/// What another sidecar asks of the one that has the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedAsk {
    pub id: i64,
    pub run: String,
    pub body: String,
}

/// A store that several sidecars share. Each has a lease; [`Store::commit`] writes to no run that another has.
pub trait Shared: SharedBreakers {
    /// Prolongs this sidecar's lease. Whether it was over before, so that others may have taken what it had: nothing remains
    /// of it then until [`Shared::recounted`].
    ///
    /// # Errors
    /// When the store cannot be written.
    fn renew(&self) -> Result<bool, StoreError>;
    /// What others have taken is known, and its owners are told.
    fn recounted(&self);
    /// For how long nobody else may take what this sidecar has; at most so long, by this process's monotonic clock.
    fn remaining(&self) -> Duration;
    /// Takes a run whose home is [`Home::Free`]; `None` where somebody has it, or it has ended.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn adopt(&self, run: &str) -> Result<Option<RunRow>, StoreError>;
    /// Takes runs that wait for somebody who executes them, the oldest first and without their inputs.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn claim(&self, wanted: &[Wanted], limit: u32) -> Result<Vec<RunRow>, StoreError>;
    /// Leaves runs to whoever can hand them out.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn let_go(&self, keys: &[i64]) -> Result<(), StoreError>;
    /// Keys of the open runs that this sidecar has.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn here(&self) -> Result<BTreeSet<i64>, StoreError>;
    /// Asks something of the sidecar that has the run. It is on disk when this returns.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn ask(&self, run: &RunRow, body: &str) -> Result<(), StoreError>;
    /// What is asked of this sidecar, or of one that is gone, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn asks(&self) -> Result<Vec<SharedAsk>, StoreError>;
    /// Forgets what was asked.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn answered(&self, asks: &[i64]) -> Result<(), StoreError>;
    /// Woken when it may be worth while to claim and to look at what is asked. It may miss any.
    fn news(&self) -> Arc<Notify>;
}

//! Circuit breakers as all sidecars of a store see them: rows that one changes where no other has changed them before.
//!
//! It knows no breaker: what a row says is its writer's.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::sealing::Sealing;
use crate::store::StoreError;

/// A breaker as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerRow {
    pub id: String,
    pub version: i64,
    /// JSON.
    pub body: String,
    /// How long it is still open, where it is.
    pub left: Option<Duration>,
}

/// What takes the place of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerChange {
    pub id: String,
    /// The version that the store must still have; 0 where there is no row yet.
    pub expect: i64,
    /// JSON.
    pub body: String,
    /// How long it is open from now on, where it is.
    pub left: Option<Duration>,
    /// It is closed, and nobody has the blame: nothing is lost when it is forgotten after a while.
    pub is_quiet: bool,
}

/// What sidecars of one store have in common of circuit breakers. Times are the store's.
pub trait SharedBreakers: Send + Sync {
    /// This sidecar among those of the store.
    fn name(&self) -> &str;
    /// One breaker, and the sidecars that are alive.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn breaker(&self, id: &str) -> Result<(Option<BreakerRow>, BTreeSet<String>), StoreError>;
    /// Those that are not quiet, or have not been for long, and the sidecars that are alive.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn breakers(&self) -> Result<(Vec<BreakerRow>, BTreeSet<String>), StoreError>;
    /// Writes a row and tells the other sidecars. False where another was faster. Of one whose end was not heard of it may be
    /// said that another was faster, too.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn change_breaker(&self, change: &BreakerChange) -> Result<bool, StoreError>;
}

/// Nothing of it is a value of a run.
impl SharedBreakers for Sealing {
    fn name(&self) -> &str {
        self.inner.shared().map_or("", |shared| shared.name())
    }

    fn breaker(&self, id: &str) -> Result<(Option<BreakerRow>, BTreeSet<String>), StoreError> {
        self.behind()?.breaker(id)
    }

    fn breakers(&self) -> Result<(Vec<BreakerRow>, BTreeSet<String>), StoreError> {
        self.behind()?.breakers()
    }

    fn change_breaker(&self, change: &BreakerChange) -> Result<bool, StoreError> {
        self.behind()?.change_breaker(change)
    }
}

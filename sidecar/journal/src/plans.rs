//! Plans as their builds made them, kept beside the runs so that these can be drawn.
//!
//! It knows a digest and a text, and nothing of what a Plan says.

use conductor_protocol::entry::UnixMillis;

use crate::store::StoreError;

/// What their names in `meta` begin with. A value is the time of the last use in milliseconds, a space, and the text.
pub(crate) const PREFIX: &str = "plan ";

/// A Plan that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPlan {
    pub digest: String,
    pub bytes: u64,
    /// Roughly: no run that began later refers to it, but for those of the time that its writer leaves between two notes.
    pub used_at: UnixMillis,
}

/// Where Plans are kept. Nothing depends on them but drawings.
pub trait KeptPlans {
    /// # Errors
    /// When the store cannot be written.
    fn keep_plan(&self, digest: &str, text: &str, at: UnixMillis) -> Result<(), StoreError>;
    /// Its text.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn kept_plan(&self, digest: &str) -> Result<Option<String>, StoreError>;
    /// All of them, by digest.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn kept_plans(&self) -> Result<Vec<KeptPlan>, StoreError>;
    /// They are in use at that time.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn use_plans(&self, digests: &[&str], at: UnixMillis) -> Result<(), StoreError>;
    /// # Errors
    /// When the store cannot be written.
    fn forget_plans(&self, digests: &[&str]) -> Result<(), StoreError>;
    /// When the run began that began first of all that are there.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn first_start(&self) -> Result<Option<UnixMillis>, StoreError>;
}

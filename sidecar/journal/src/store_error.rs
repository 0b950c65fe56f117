//! Why a store cannot be opened, read or written.
//!
//! It knows what whoever runs a sidecar can do about it.

use crate::keys::VARIABLE;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("{path} has journal format {found}; this build reads up to {supported}: use a newer conductor")]
    Newer { path: String, found: u32, supported: u32 },
    #[error("{path} is a database, but not a Conductor journal: give another --store or --data")]
    Foreign { path: String },
    #[error("{path} is read-only: make the file and its folder writable, or give another --data")]
    ReadOnly { path: String },
    #[error("cannot open {path}: {cause}")]
    Open { path: String, cause: String },
    #[error(
        "{path} was open when its sidecar ended, and {missing} since: what was committed last may be gone with it; put the file back, or go on without with --accept-loss"
    )]
    Incomplete { path: String, missing: String },
    /// Nothing more is committed to it.
    #[error("{path}: {what}")]
    Lost { path: String, what: String },
    #[error(
        "all values are to be encrypted, and there is no key: set {VARIABLE} to 32 bytes in base64, as `openssl rand -base64 32` prints"
    )]
    NoKey,
    #[error("{0}")]
    Failed(String),
}

//! How a client over TCP says who it is, before anything else.
//!
//! It knows no token's secret form on disk, and no role.

use serde::{Deserialize, Serialize};

/// First message of a connection over TCP. It is shown nowhere: there is no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Authenticate {
    pub token: String,
}

/// Who the client is from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticated {
    /// As the audit trail names it.
    pub name: String,
}

//! What went wrong with PostgreSQL, and what to do about it.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::store::StoreError;

pub(super) const UNREACHABLE: &str = "see that the server runs and that its address is right";
pub(super) const STANDBY: &str = "the server is a standby: give the primary's address";

/// What went wrong with an exchange.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No connection could be made: nothing was sent.
    Unreachable(StoreError),
    /// The connection ended or went silent: what was sent may have been done or not.
    Lost(String),
    /// The server said no.
    Refused(Error),
}

impl Trouble {
    /// Whether the same may go well a little later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Trouble::Unreachable(_) | Trouble::Lost(_) => true,
            Trouble::Refused(error) => matches!(
                error.code(),
                Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
            ),
        }
    }
}

/// Whether the connection is of no more use. A server that shuts down, or that has become a standby, is another's turn.
pub(super) fn is_lost(error: &Error) -> bool {
    match error.code() {
        None => true,
        Some(code) => {
            code.code().starts_with("08")
                || [
                    SqlState::ADMIN_SHUTDOWN,
                    SqlState::CRASH_SHUTDOWN,
                    SqlState::CANNOT_CONNECT_NOW,
                    SqlState::READ_ONLY_SQL_TRANSACTION,
                ]
                .contains(code)
        }
    }
}

/// The error with its cause, and what to do about it.
pub(super) fn explained(error: &Error) -> String {
    let hint = match error.code() {
        Some(&SqlState::DISK_FULL) => "the server's disk is full: free some space",
        Some(&SqlState::TOO_MANY_CONNECTIONS) => {
            "the server has no connection left: raise its max_connections (a sidecar takes five)"
        }
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            "give the user and password that the server knows"
        }
        Some(&SqlState::INVALID_CATALOG_NAME) => "make the database first, with `createdb`",
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            "grant the user CREATE on the database, or make the schema and grant it to the user"
        }
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => STANDBY,
        Some(&SqlState::QUERY_CANCELED) => "it took too long: see what holds the server up",
        Some(_) => "see the message of PostgreSQL",
        None => UNREACHABLE,
    };
    format!("{hint} ({})", told(error))
}

pub(super) fn told(error: &Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

//! The journal: the life of every run as records in a store, appended in order and committed in groups.
//!
//! It deliberately knows no socket, no session's connection and no clock but the one that stamps its own entries.

mod ahead;
mod breakers;
mod check;
mod commit;
mod journal;
mod keys;
pub mod life;
mod ownership;
mod postgres;
mod purging;
mod readable;
mod refusal;
mod reopening;
mod restarting;
mod run;
mod sealing;
mod search;
mod sharing;
mod shelf;
mod signal;
mod sqlite;
mod store;
mod store_error;
mod store_shared;
mod view;

pub use ahead::{Ahead, Mark, Writer};
pub use breakers::{BreakerChange, BreakerRow, SharedBreakers};
pub use commit::{Committed, Note};
pub use journal::{
    Cancelled, Encryption, Fact, Journal, Recorded, RunInfo, Settled, StartRequest, Started, Subject, Taken,
};
pub use keys::{KeyError, Keys, VARIABLE};
pub use postgres::{Member, PostgresStore, PostgresUrl, PostgresUrlError};
pub use readable::unreadable;
pub use refusal::Refusal;
pub use reopening::{Decision, Reopened, Reopening};
pub use restarting::{From, Restarted, Restarting};
pub use sealing::open_record;
pub use search::{Scan, Scanned, Search, Searching, Sought, Stretch, Wanted as WantedInput};
pub use sharing::{Ask, Whereabouts};
pub use shelf::{Kept, Shelf, Shelved};
pub use signal::Signals;
pub use sqlite::SqliteStore;
pub use store::{
    AuditRow, Change, EndPlace, Fed, Feed, Head, Home, Known, NewInput, NewRun, Owner, PURGE_SLICE, Page,
    PlanRow, PurgeFilter, Purged, RunFilter, RunPage, RunRow, ScheduleRow, Shared, SharedAsk, Span, Store,
    StoreError, StoredRecord, StoredSignal, Times, Tombstone, Verdict, Wanted,
};
pub use view::{AttemptView, OwnerView, ReopenedView, RestartedView, RunView, StepView, fold, summary};

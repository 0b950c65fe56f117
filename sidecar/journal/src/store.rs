//! What the journal asks of a store: one atomic batch at a time, and reads of committed state.
//!
//! It knows no SQL and no file: SQLite is one implementation.

use std::sync::Arc;
use std::time::Duration;

use conductor_protocol::entry::{Parent, UnixMillis};
use conductor_protocol::plan::Schedule;
use conductor_protocol::state::RunState;

use crate::keys::is_keyed;
use crate::search::Searching;
use crate::shelf::Shelf;
pub use crate::store_error::StoreError;
pub use crate::store_shared::{Shared, SharedAsk, Wanted};

/// The process that executes a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub session: Arc<str>,
    pub pid: u32,
    /// Field 22 of `/proc/PID/stat`, so that a reused pid is seen.
    pub process_start: u64,
}

/// The part of a run that changes; cheap to copy, because every batch keeps the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub state: RunState,
    pub epoch: u64,
    pub next_seq: u64,
    pub owner: Option<Owner>,
    pub plan: Option<Arc<str>>,
    pub language: Option<Arc<str>>,
    /// Why the run is to be cancelled, once somebody asked.
    pub cancel: Option<Arc<str>>,
    pub finished_at: Option<UnixMillis>,
    /// JSON of the result.
    pub output: Option<Arc<str>>,
    /// JSON of a [`conductor_protocol::message::RunError`], or of its like for a cancelled or paused run.
    pub error: Option<Arc<str>>,
}

/// Which sidecar has an open run: it alone writes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// This one; a store that is not shared knows no other.
    Here,
    /// Nobody, or one that is dead, or one in which no session owns the run: this one may adopt it.
    Free,
    /// Another that lives, for a session of its own.
    Away,
}

/// A run as the store has it, without its records.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// The store's short name of the run, in order of insertion.
    pub key: i64,
    pub id: String,
    pub workflow: String,
    pub input: Option<String>,
    pub input_digest: String,
    pub parent: Option<Parent>,
    pub started_at: UnixMillis,
    pub home: Home,
    pub head: Head,
}

impl RunRow {
    /// Whether its values are encrypted.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        is_keyed(&self.input_digest)
    }
}

/// What never changes about a run, for its insertion.
#[derive(Debug)]
pub struct NewRun {
    pub workflow: Arc<str>,
    pub input: Box<str>,
    pub input_digest: Arc<str>,
    pub parent: Option<Parent>,
    pub started_at: UnixMillis,
}

/// The inputs of a run, where a person has changed them.
#[derive(Debug, Clone)]
pub struct NewInput {
    /// JSON.
    pub input: Box<str>,
    pub digest: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    pub seq: u64,
    pub epoch: u64,
    /// The JSON array of the record's entries, as its writer sent it.
    pub body: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSignal {
    /// Dense from 0 over the signals of the run.
    pub ordinal: u64,
    pub signal: Box<str>,
    /// The sender's own; unique in the run.
    pub id: Box<str>,
    /// JSON.
    pub data: Box<str>,
}

/// Records of one session in one [`Change`], so that each writer is answered for its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub session: Arc<str>,
    pub epoch: u64,
    pub first: u64,
    pub last: u64,
}

/// All that one batch does to one run.
#[derive(Debug)]
pub struct Change {
    pub id: Arc<str>,
    /// The store's key; absent for a new run.
    pub key: Option<i64>,
    pub new: Option<NewRun>,
    /// Epoch and next sequence number that the store must still have: the fence against another writer.
    pub expect: (u64, u64),
    pub head: Head,
    /// Whether the head is the stored one but for its sequence number, as after most steps.
    pub advances: bool,
    pub records: Vec<StoredRecord>,
    pub spans: Vec<Span>,
    pub signals: Vec<StoredSignal>,
    /// The inputs that take the place of the run's.
    pub input: Option<NewInput>,
    /// Whether the run's values are encrypted.
    pub sealed: bool,
    /// Whether its writer has it on the disk, in a log that is not given up before [`Store::sync`].
    pub is_logged: bool,
}

/// Whether a batch may be lost with the power, since all of it would be found again.
#[must_use]
pub fn is_logged(batch: &[Arc<Change>]) -> bool {
    batch.iter().all(|change| change.is_logged)
}

/// What became of one [`Change`] of a committed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Done {
        key: i64,
    },
    /// The store's head, or its records, were not what the change expected: nothing of it was written.
    Fenced,
}

/// A page of records and whether there are more.
#[derive(Debug, Default)]
pub struct Page {
    pub records: Vec<StoredRecord>,
    pub more: bool,
}

#[derive(Debug, Default, Clone)]
pub struct RunFilter {
    pub workflow: Option<String>,
    pub state: Option<RunState>,
    pub limit: u32,
    /// Runs older than this key; with `times`, of those that started at its end.
    pub before: Option<i64>,
    /// In the order of their starts, and not of their insertion.
    pub times: Option<Times>,
}

/// A span of starts, without its end, but for runs older than [`RunFilter::before`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    pub since: UnixMillis,
    pub until: UnixMillis,
}

#[derive(Debug)]
pub struct RunPage {
    pub runs: Vec<RunRow>,
    pub next: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRow {
    pub workflow: String,
    pub digest: String,
    pub language: String,
    /// Names of the inputs that are secret.
    pub secret: Vec<String>,
}

/// When runs of a workflow begin by themselves, and how far that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRow {
    pub workflow: String,
    /// `None` where a later build has taken it away.
    pub schedule: Option<Schedule>,
    /// All times up to this one are dealt with.
    pub done: UnixMillis,
    /// The boot of the machine, and in it the start, of the process that said so: the one that started last decides.
    pub boot: String,
    pub process_start: u64,
}

/// What is known of a run that was purged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    pub id: String,
    pub workflow: String,
    pub input_digest: String,
    pub state: RunState,
    pub started_at: UnixMillis,
    pub finished_at: UnixMillis,
    pub purged_at: UnixMillis,
}

/// What a store has under an id.
#[derive(Debug)]
pub enum Known {
    Run(Box<RunRow>),
    Purged(Box<Tombstone>),
    Nothing,
}

/// Which of the runs that have ended are purged.
#[derive(Debug, Default, Clone)]
pub struct PurgeFilter {
    pub workflow: Option<String>,
    pub state: Option<RunState>,
    pub ended_before: UnixMillis,
}

/// A place in the order in which runs have ended: the time, and the store's key.
pub type EndPlace = (UnixMillis, i64);

/// What one slice of a purge has done.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Purged {
    pub runs: u64,
    /// Where the next slice goes on; `None` when all were looked at.
    pub next: Option<EndPlace>,
}

/// How long a slice of a purge may keep commits from the store.
pub const PURGE_SLICE: Duration = Duration::from_millis(5);

/// What a person decided on a breaker or a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// `breaker` or `policy`.
    pub kind: String,
    pub id: String,
    /// JSON.
    pub decision: String,
    pub reason: String,
    pub by: String,
    pub at: UnixMillis,
}

/// A record that nobody has read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fed {
    /// Its place among those that are fed. A gap is what was purged.
    pub place: i64,
    /// The store's key of the run.
    pub run: i64,
    pub seq: u64,
    /// `None` where its key is not there, or it was purged with what came after it.
    pub body: Option<Arc<str>>,
}

/// Records that nobody has read before, and the place after which they stand.
#[derive(Debug, Default)]
pub struct Feed {
    pub from: i64,
    pub records: Vec<Fed>,
    /// Whether there was more already.
    pub more: bool,
}

/// A durable store. Reads see committed state only and may go on beside a commit.
pub trait Store: Shelf + Searching + Send + Sync {
    /// Writes a batch in one transaction and returns when it is on disk, in whichever log: one verdict a change.
    ///
    /// # Errors
    /// When nothing of the batch was written.
    fn commit(&self, batch: &[Arc<Change>]) -> Result<Vec<Verdict>, StoreError>;
    /// # Errors
    /// When the store cannot be read.
    fn find(&self, run: &str) -> Result<Option<RunRow>, StoreError>;
    /// The run, or what is left of it.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn known(&self, run: &str) -> Result<Known, StoreError> {
        match self.find(run)? {
            Some(row) => Ok(Known::Run(Box::new(row))),
            None => Ok(self.tombstone(run)?.map_or(Known::Nothing, |stone| Known::Purged(Box::new(stone)))),
        }
    }
    /// Every run that has not ended, without its input.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn open_runs(&self) -> Result<Vec<RunRow>, StoreError>;
    /// Records from `from` on, until `max_bytes` are passed.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn records(&self, key: i64, from: u64, max_bytes: usize) -> Result<Page, StoreError>;
    /// Signals from that ordinal on, until `max_bytes` are passed, and whether there are more.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn signals(&self, key: i64, from: u64, max_bytes: usize)
    -> Result<(Vec<StoredSignal>, bool), StoreError>;
    /// Whether the run has a signal of that id, and the ordinal that its next one gets.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn signal_place(&self, key: i64, id: &str) -> Result<(bool, u64), StoreError>;
    /// The newest runs first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn list(&self, filter: &RunFilter) -> Result<RunPage, StoreError>;
    /// Remembers plans that sessions serve.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn register(&self, plans: &[PlanRow]) -> Result<(), StoreError>;
    /// # Errors
    /// When the store cannot be read.
    fn plans(&self) -> Result<Vec<PlanRow>, StoreError>;
    /// Writes schedules over those of the same workflows.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn keep_schedules(&self, rows: &[ScheduleRow]) -> Result<(), StoreError>;
    /// # Errors
    /// When the store cannot be read.
    fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError>;
    /// # Errors
    /// When the store cannot be read.
    fn tombstone(&self, run: &str) -> Result<Option<Tombstone>, StoreError>;
    /// Puts a tombstone in the place of a run that has ended; false where there is no such run. What it leaves behind is for
    /// [`Store::sweep`].
    ///
    /// # Errors
    /// When the store cannot be written.
    fn purge_run(&self, run: &str, at: UnixMillis) -> Result<bool, StoreError>;
    /// Runs with this parent whose ids come after `after`, at most `limit`, in the order of their ids.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn children(&self, run: &str, after: &str, limit: u32) -> Result<Vec<String>, StoreError>;
    /// One slice of a purge, those that ended first: a run is left while one above it, by parent or by name, has not ended
    /// before that time. Commits wait no longer than [`PURGE_SLICE`] for it.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn purge(
        &self,
        filter: &PurgeFilter,
        after: Option<EndPlace>,
        at: UnixMillis,
    ) -> Result<Purged, StoreError>;
    /// One slice of taking away what purged runs left behind and tombstones from before that time, and of giving the space
    /// back. Returns whether there is more.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn sweep(&self, tombstones_before: UnixMillis) -> Result<bool, StoreError>;
    /// Appends a person's decision, and returns when it is on disk.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn append_audit(&self, row: &AuditRow) -> Result<(), StoreError>;
    /// Decisions of a kind, of all ids or of one, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn audit(&self, kind: &str, id: Option<&str>, limit: u32) -> Result<Vec<AuditRow>, StoreError>;
    /// The last decision of each id of a kind.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn standing(&self, kind: &str) -> Result<Vec<AuditRow>, StoreError>;
    /// A run by the store's key.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn run_of(&self, key: i64) -> Result<Option<RunRow>, StoreError>;
    /// Whether records are to be fed to somebody, from where he was, or else from now on.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn feeds(&self, wanted: bool) -> Result<(), StoreError>;
    /// What was committed since, until `max_bytes` are passed. Records of a run are in order. Where sidecars share the store each
    /// record is fed to one of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn feed(&self, max_bytes: usize) -> Result<Feed, StoreError>;
    /// What was fed last, from that place up to this one, is dealt with. It may be forgotten if the machine dies, and is fed
    /// again then.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn fed(&self, from: i64, to: i64) -> Result<(), StoreError>;
    /// How much room it takes on its disk, where it can tell without asking long.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn bytes(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
    /// What there is to do where other sidecars share the store.
    fn shared(&self) -> Option<&dyn Shared> {
        None
    }
    /// Housekeeping beside the commits.
    ///
    /// # Errors
    /// When it could not be done; nothing depends on it.
    fn tidy(&self) -> Result<(), StoreError>;
    /// Returns when all that was committed is on disk without any other log.
    ///
    /// # Errors
    /// When that is not certain.
    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

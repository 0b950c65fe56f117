//! The embedded store: one SQLite file in WAL mode, every commit synced.
//!
//! It knows rows and transactions, not what a run's states mean.

mod audit;
mod blocks;
mod feed;
mod log;
mod purge;
mod read;
mod rescue;
mod schedules;
mod schema;
mod shelf;
mod watch;
mod write;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conductor_protocol::entry::UnixMillis;
use rusqlite::Connection;

use self::watch::Watch;

use crate::search::{Probes, Scan, Scanned, Search, Searching, Stretch, first_of};
use crate::store::{
    AuditRow, Change, EndPlace, Feed, Page, PlanRow, PurgeFilter, Purged, RunFilter, RunPage, RunRow,
    ScheduleRow, Store, StoreError, StoredSignal, Times, Tombstone, Verdict, is_logged,
};

/// How long a commit waits for somebody else's lock before the store counts as locked.
const BUSY: Duration = Duration::from_secs(1);

/// Several connections, so that nobody waits for the writer and the journal's lookups not for somebody's long list.
pub struct SqliteStore {
    writer: Mutex<Connection>,
    finder: Mutex<Connection>,
    reader: Mutex<Connection>,
    keeper: Mutex<Connection>,
    /// The first key of which it is not noted what its run holds, nor about to be; it changes while nobody commits.
    noted: AtomicI64,
    /// Whether pages were given back, which the file shows when the log is copied.
    shrunk: AtomicBool,
    /// Nothing where the disk has no room for its mark.
    watch: Mutex<Option<Watch>>,
    /// Why nothing more is committed.
    lost: Mutex<Option<StoreError>>,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens the file, makes it if need be, and brings an older format up to this one.
    ///
    /// # Errors
    /// When it cannot be opened or written, has a newer format, is another program's database, or something of it is missing.
    pub fn open(path: &Path) -> Result<SqliteStore, StoreError> {
        watch::check(path)?;
        let mut writer = connect(path)?;
        schema::prepare(&mut writer, path)?;
        let [finder, reader, keeper] = beside(path)?;
        let noted = blocks::next(&reader).map_err(|error| open_error(path, &error))?;
        let _no_space = log::extend(path);
        Ok(SqliteStore {
            writer: Mutex::new(writer),
            finder: Mutex::new(finder),
            reader: Mutex::new(reader),
            keeper: Mutex::new(keeper),
            noted: AtomicI64::new(first_of(noted)),
            shrunk: AtomicBool::new(false),
            watch: Mutex::new(Watch::begin(path).ok()),
            lost: Mutex::default(),
            path: path.to_owned(),
        })
    }

    /// As [`Self::open`], also where something is missing that had been there when its sidecar ended.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_without_what_is_lost(path: &Path) -> Result<SqliteStore, StoreError> {
        watch::accept_loss(path).map_err(|error| StoreError::Open {
            path: path.display().to_string(),
            cause: error.to_string(),
        })?;
        SqliteStore::open(path)
    }

    /// The connection that commits, for as long as there is a file to commit to.
    fn writer(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        let writer = hold(&self.writer);
        hold(&self.lost).clone().map_or(Ok(writer), Err)
    }

    fn fault(&self, error: &rusqlite::Error) -> StoreError {
        use rusqlite::ErrorCode;
        let path = self.path.display();
        let hint = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => "the disk is full: free some space",
            Some(ErrorCode::ReadOnly) => "the file is read-only: make it writable",
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another program holds a lock on it: let it finish"
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                "the file is damaged: put back a copy"
            }
            _ => "see the message of SQLite",
        };
        StoreError::Failed(format!("{path}: {hint} ({error})"))
    }

    /// Writes beside the commits: who commits waits for the lock here, in turn, and not in SQLite, which would make it sleep.
    fn keeping<T>(
        &self,
        write: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        // A checkpoint may hold this one for long, and must not keep commits waiting.
        let mut keeper = hold(&self.keeper);
        let _writer = self.writer()?;
        write(&mut keeper).map_err(|error| self.fault(&error))
    }

    fn reading<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        read(&hold(&self.reader)).map_err(|error| self.fault(&error))
    }
}

impl Store for SqliteStore {
    fn commit(&self, batch: &[Arc<Change>]) -> Result<Vec<Verdict>, StoreError> {
        let mut writer = self.writer()?;
        let noted = self.noted.load(Ordering::Relaxed);
        let fail = |error: rusqlite::Error| self.fault(&error);
        if !is_logged(batch) {
            return write::commit(&mut writer, batch, noted).map_err(fail);
        }
        writer.pragma_update(None, "synchronous", "NORMAL").map_err(fail)?;
        let done = write::commit(&mut writer, batch, noted);
        writer.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
        done.map_err(fail)
    }

    fn sync(&self) -> Result<(), StoreError> {
        let log = log::path(&self.path);
        let synced = std::fs::File::open(&log).and_then(|file| file.sync_data());
        synced.map_err(|error| StoreError::Failed(format!("{}: {error}", log.display())))
    }

    fn find(&self, run: &str) -> Result<Option<RunRow>, StoreError> {
        read::find(&hold(&self.finder), run).map_err(|error| self.fault(&error))
    }

    fn open_runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.reading(read::open_runs)
    }

    fn records(&self, key: i64, from: u64, max_bytes: usize) -> Result<Page, StoreError> {
        self.reading(|connection| read::records(connection, key, from, max_bytes))
    }

    fn signals(
        &self,
        key: i64,
        from: u64,
        max_bytes: usize,
    ) -> Result<(Vec<StoredSignal>, bool), StoreError> {
        self.reading(|connection| read::signals(connection, key, from, max_bytes))
    }

    fn signal_place(&self, key: i64, id: &str) -> Result<(bool, u64), StoreError> {
        read::signal_place(&hold(&self.finder), key, id).map_err(|error| self.fault(&error))
    }

    fn list(&self, filter: &RunFilter) -> Result<RunPage, StoreError> {
        self.reading(|connection| read::list(connection, filter))
    }

    fn register(&self, plans: &[PlanRow]) -> Result<(), StoreError> {
        write::register(&mut *self.writer()?, plans).map_err(|error| self.fault(&error))
    }

    fn plans(&self) -> Result<Vec<PlanRow>, StoreError> {
        self.reading(read::plans)
    }

    fn keep_schedules(&self, rows: &[ScheduleRow]) -> Result<(), StoreError> {
        schedules::keep(&mut *self.writer()?, rows).map_err(|error| self.fault(&error))
    }

    fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError> {
        self.reading(schedules::all)
    }

    fn tombstone(&self, run: &str) -> Result<Option<Tombstone>, StoreError> {
        purge::tombstone(&hold(&self.finder), run).map_err(|error| self.fault(&error))
    }

    fn purge_run(&self, run: &str, at: UnixMillis) -> Result<bool, StoreError> {
        self.keeping(|connection| purge::one(connection, run, at))
    }

    fn children(&self, run: &str, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        self.reading(|connection| purge::children(connection, run, after, limit))
    }

    fn purge(
        &self,
        filter: &PurgeFilter,
        after: Option<EndPlace>,
        at: UnixMillis,
    ) -> Result<Purged, StoreError> {
        let found = purge::candidates(&hold(&self.keeper), filter, after);
        let found = found.map_err(|error| self.fault(&error))?;
        if found.runs.is_empty() {
            return Ok(Purged { runs: 0, next: found.next });
        }
        self.keeping(|connection| purge::bury(connection, &found, at))
    }

    fn sweep(&self, tombstones_before: UnixMillis) -> Result<bool, StoreError> {
        let swept = self.keeping(|connection| purge::sweep(connection, tombstones_before))?;
        if swept.shrunk {
            self.shrunk.store(true, Ordering::Relaxed);
        }
        Ok(swept.more)
    }

    fn append_audit(&self, row: &AuditRow) -> Result<(), StoreError> {
        audit::append(&*self.writer()?, row).map_err(|error| self.fault(&error))
    }

    fn audit(&self, kind: &str, id: Option<&str>, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.reading(|connection| audit::of(connection, kind, id, limit))
    }

    fn standing(&self, kind: &str) -> Result<Vec<AuditRow>, StoreError> {
        self.reading(|connection| audit::standing(connection, kind))
    }

    fn run_of(&self, key: i64) -> Result<Option<RunRow>, StoreError> {
        self.reading(|connection| read::run_of(connection, key))
    }

    fn feeds(&self, wanted: bool) -> Result<(), StoreError> {
        let set = if wanted { feed::begin } else { feed::forget };
        self.keeping(|connection| set(connection))
    }

    fn feed(&self, max_bytes: usize) -> Result<Feed, StoreError> {
        self.reading(|connection| feed::page(connection, max_bytes))
    }

    fn fed(&self, from: i64, to: i64) -> Result<(), StoreError> {
        self.keeping(|connection| feed::done(connection, from, to))
    }

    fn bytes(&self) -> Result<Option<u64>, StoreError> {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        Ok(Some(length(&self.path) + length(&log::path(&self.path))))
    }

    fn tidy(&self) -> Result<(), StoreError> {
        self.look_after_files()?;
        let keeper = hold(&self.keeper);
        let must = self.shrunk.swap(false, Ordering::Relaxed);
        let copied = log::copy(&keeper, must, || hold(&self.writer));
        let is_log_empty = copied.map_err(|error| self.fault(&error))?;
        if let Some(watch) = &mut *hold(&self.watch) {
            // Without room for it the mark stays as it was, and says nothing of what was copied since.
            let _no_space = watch.mark(is_log_empty);
        }
        Ok(())
    }
}

impl Searching for SqliteStore {
    fn stretches(&self, search: &Search) -> Result<Option<Vec<Stretch>>, StoreError> {
        let Some(probes) = Probes::of(search) else { return Ok(None) };
        self.reading(|connection| blocks::stretches(connection, &probes)).map(Some)
    }

    fn keys_of(&self, times: Times) -> Result<(i64, i64), StoreError> {
        self.reading(|connection| blocks::keys_of(connection, times))
    }

    fn scan(&self, scan: &Scan<'_>) -> Result<Scanned, StoreError> {
        self.reading(|connection| blocks::scan(connection, scan))
    }

    fn places(&self, filter: &RunFilter, within: (i64, i64)) -> Result<Vec<(UnixMillis, i64)>, StoreError> {
        self.reading(|connection| read::places(connection, filter, within))
    }

    fn runs_of(&self, keys: &[i64]) -> Result<Vec<RunRow>, StoreError> {
        self.reading(|connection| read::runs_of(connection, keys))
    }

    fn note_blocks(&self) -> Result<bool, StoreError> {
        let fail = |error: rusqlite::Error| self.fault(&error);
        let mut keeper = hold(&self.keeper);
        let due = blocks::due(&keeper).map_err(fail)?;
        if !due.is_empty() {
            {
                // What is committed before this is seen by the reads below; what comes later says that it changes something.
                let _writer = self.writer()?;
                self.noted.fetch_max(first_of(due.end), Ordering::Relaxed);
            }
            let gathered = blocks::gather_all(&keeper, due.clone()).map_err(fail)?;
            let _writer = self.writer()?;
            blocks::keep(&mut keeper, &gathered).map_err(fail)?;
            return Ok(true);
        }
        if !blocks::is_changed(&keeper).map_err(fail)? {
            return Ok(false);
        }
        let _writer = self.writer()?;
        blocks::renew(&mut keeper).map_err(fail)
    }
}

/// A poisoned lock only means that a thread died between statements; SQLite itself is consistent.
fn hold<T>(connection: &Mutex<T>) -> MutexGuard<'_, T> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_error(path: &Path, error: &rusqlite::Error) -> StoreError {
    let path = path.display().to_string();
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ReadOnly) {
        return StoreError::ReadOnly { path };
    }
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
        return StoreError::Foreign { path };
    }
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt) {
        let cause = format!(
            "it is damaged, or its end is missing ({error}); nothing in it was changed: put back a copy, with the file \
             {path}-wal that belongs to it, or read what is left with `sqlite3 {path} .recover`"
        );
        return StoreError::Open { path, cause };
    }
    StoreError::Open { path, cause: error.to_string() }
}

/// The finder, the reader and the keeper.
fn beside(path: &Path) -> Result<[Connection; 3], StoreError> {
    let connections = [connect(path)?, connect(path)?, connect(path)?];
    let [finder, reader, keeper] = &connections;
    let fail = |error: rusqlite::Error| open_error(path, &error);
    for reader in [finder, reader] {
        reader.pragma_update(None, "query_only", true).map_err(fail)?;
    }
    // What it writes may be lost with the power and is done again then; the next commit syncs it all the same.
    keeper.pragma_update(None, "synchronous", "NORMAL").map_err(fail)?;
    Ok(connections)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let fail = |error: rusqlite::Error| open_error(path, &error);
    let connection = Connection::open(path).map_err(fail)?;
    connection.busy_timeout(BUSY).map_err(fail)?;
    // SQLite opens a file it may not write without a word.
    if connection.is_readonly("main").map_err(fail)? {
        return Err(StoreError::ReadOnly { path: path.display().to_string() });
    }
    schema::refuse_foreign(&connection, path)?;
    // Who sets it where it is set changes a page, and syncs that and the folder.
    if !purge::gives_back(&connection).map_err(fail)? {
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(fail)?;
    }
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA journal_size_limit = 67108864; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;",
        )
        .map_err(fail)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

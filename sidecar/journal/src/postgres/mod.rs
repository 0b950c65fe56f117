//! The store of many sidecars: one PostgreSQL, each run written by the one sidecar that has it.
//!
//! It knows rows and transactions, not what a run's states mean, nor which sidecar should have a run.

mod audit;
mod blocks;
mod breakers;
mod dial;
mod feed;
mod fleet;
mod line;
mod link;
mod purge;
mod read;
mod schema;
mod shelf;
mod trouble;
mod url;
mod write;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use conductor_protocol::entry::UnixMillis;
use tokio::sync::Notify;

use self::feed::Feeding;
use self::fleet::Lease;
use self::link::{Engine, Link, hold};
use self::trouble::Trouble;
use crate::search::{Probes, Scan, Scanned, Search, Searching, Stretch};
use crate::store::{
    AuditRow, Change, EndPlace, Feed, Known, Page, PlanRow, PurgeFilter, Purged, RunFilter, RunPage, RunRow,
    ScheduleRow, Shared, Store, StoreError, StoredSignal, Times, Tombstone, Verdict,
};

pub use self::fleet::Member;
pub use self::url::{PostgresUrl, PostgresUrlError};

/// How long a batch is tried before it is given up, and its writers asked to send it again.
const TRIES: Duration = Duration::from_secs(3);

/// How long the start of a sidecar waits for a server that is starting.
const OPENING: Duration = Duration::from_secs(5);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Between two looks for sidecars that are long gone.
const TIDY: Duration = Duration::from_secs(60);

/// Several connections, so that nobody waits for the writer and the journal's lookups not for somebody's long list.
pub struct PostgresStore {
    engine: Engine,
    writer: Link,
    finder: Link,
    reader: Link,
    keeper: Link,
    member: Member,
    lease: Mutex<Lease>,
    news: Arc<Notify>,
    tidied: Mutex<Option<Instant>>,
    /// Nothing where nobody reads the records as they come.
    feeding: Mutex<Option<Feeding>>,
}

impl PostgresStore {
    /// Connects, makes the tables if need be, brings an older format up to this one, and enters the sidecar among the others.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, the schema has a newer format, or is another program's.
    pub fn open(url: &PostgresUrl, member: Member) -> Result<PostgresStore, StoreError> {
        let engine = Engine::new(url.clone())?;
        let writer = Link::by_index();
        let began = Instant::now();
        let found = loop {
            match engine.run(&writer, async |wire| schema::prepare(wire, &url.schema).await) {
                Err(trouble) if trouble.may_pass() && began.elapsed() < OPENING => std::thread::sleep(PAUSE),
                done => break done,
            }
        };
        found.map_err(|trouble| opening(&engine, trouble))?.or_refuse(url)?;
        let store = PostgresStore {
            engine,
            writer,
            finder: Link::by_index(),
            reader: Link::by_index(),
            keeper: Link::default(),
            lease: Mutex::new(Lease::new()),
            member,
            news: Arc::new(Notify::new()),
            tidied: Mutex::new(None),
            feeding: Mutex::default(),
        };
        store.enter()?;
        let news = Arc::clone(&store.news);
        store.engine.listen(fleet::channel(url), move || news.notify_one());
        Ok(store)
    }

    fn me(&self) -> &str {
        &self.member.id
    }

    /// Reads rows, of which some may be damaged.
    fn rows<T>(
        &self,
        link: &Link,
        work: impl AsyncFn(&mut link::Wire) -> Result<Result<T, StoreError>, tokio_postgres::Error>,
    ) -> Result<T, StoreError> {
        self.engine.read(link, work).and_then(|rows| rows)
    }
}

fn opening(engine: &Engine, trouble: Trouble) -> StoreError {
    match engine.fault(trouble) {
        StoreError::Failed(cause) => StoreError::Open { path: engine.url.to_string(), cause },
        error => error,
    }
}

/// A number that no other batch of any sidecar has.
fn token() -> i64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // Never 0, which is what rows of no batch have.
    RandomState::new().build_hasher().finish().cast_signed() | 1
}

impl Searching for PostgresStore {
    fn stretches(&self, search: &Search) -> Result<Option<Vec<Stretch>>, StoreError> {
        let Some(probes) = Probes::of(search) else { return Ok(None) };
        self.engine.read(&self.reader, async |wire| blocks::stretches(wire, &probes).await).map(Some)
    }

    fn keys_of(&self, times: Times) -> Result<(i64, i64), StoreError> {
        self.engine.read(&self.reader, async |wire| blocks::keys_of(wire, times).await)
    }

    fn scan(&self, scan: &Scan<'_>) -> Result<Scanned, StoreError> {
        self.rows(&self.reader, async |wire| blocks::scan(wire, self.me(), scan).await)
    }

    fn places(&self, filter: &RunFilter, within: (i64, i64)) -> Result<Vec<(UnixMillis, i64)>, StoreError> {
        self.engine.read(&self.reader, async |wire| read::places(wire, filter, within).await)
    }

    fn runs_of(&self, keys: &[i64]) -> Result<Vec<RunRow>, StoreError> {
        self.rows(&self.reader, async |wire| read::runs_of(wire, self.me(), keys).await)
    }

    fn note_blocks(&self) -> Result<bool, StoreError> {
        self.engine.read(&self.keeper, async |wire| blocks::note(wire).await)
    }
}

impl Store for PostgresStore {
    fn commit(&self, batch: &[Arc<Change>]) -> Result<Vec<Verdict>, StoreError> {
        let (token, began) = (token(), Instant::now());
        let is_fed = hold(&self.feeding).is_some();
        // Whether an earlier try may have been done all the same: the connection was lost before its end was told.
        let mut in_doubt = false;
        loop {
            let tried = self.engine.run(&self.writer, async |wire| {
                let mut written = write::commit(wire, batch, self.me(), token, is_fed).await?;
                if in_doubt {
                    let missing: Vec<&str> = batch
                        .iter()
                        .map(|change| &*change.id)
                        .filter(|id| !written.contains_key(*id))
                        .collect();
                    written.extend(write::written(wire, &missing, self.me(), token).await?);
                }
                Ok(written)
            });
            match tried {
                Ok(written) => {
                    if let Some(feeding) = &mut *hold(&self.feeding) {
                        feeding.written(written.values().copied());
                    }
                    return Ok(write::verdicts(batch, &written));
                }
                Err(trouble) => {
                    in_doubt |= matches!(trouble, Trouble::Lost(_));
                    if !trouble.may_pass() || began.elapsed() > TRIES {
                        return Err(self.engine.fault(trouble));
                    }
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }

    fn find(&self, run: &str) -> Result<Option<RunRow>, StoreError> {
        self.rows(&self.finder, async |wire| read::find(wire, self.me(), run).await)
    }

    fn known(&self, run: &str) -> Result<Known, StoreError> {
        self.rows(&self.finder, async |wire| read::known(wire, self.me(), run).await)
    }

    fn open_runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.rows(&self.reader, async |wire| read::open_runs(wire, self.me()).await)
    }

    fn records(&self, key: i64, from: u64, max_bytes: usize) -> Result<Page, StoreError> {
        self.engine.read(&self.reader, async |wire| read::records(wire, key, from, max_bytes).await)
    }

    fn signals(
        &self,
        key: i64,
        from: u64,
        max_bytes: usize,
    ) -> Result<(Vec<StoredSignal>, bool), StoreError> {
        self.engine.read(&self.reader, async |wire| read::signals(wire, key, from, max_bytes).await)
    }

    fn signal_place(&self, key: i64, id: &str) -> Result<(bool, u64), StoreError> {
        self.engine.read(&self.finder, async |wire| read::signal_place(wire, key, id).await)
    }

    fn list(&self, filter: &RunFilter) -> Result<RunPage, StoreError> {
        self.rows(&self.reader, async |wire| read::list(wire, self.me(), filter).await)
    }

    fn register(&self, plans: &[PlanRow]) -> Result<(), StoreError> {
        self.engine.read(&self.keeper, async |wire| write::register(wire, plans).await)
    }

    fn plans(&self) -> Result<Vec<PlanRow>, StoreError> {
        self.rows(&self.reader, async |wire| read::plans(wire).await)
    }

    fn keep_schedules(&self, rows: &[ScheduleRow]) -> Result<(), StoreError> {
        self.engine.read(&self.keeper, async |wire| write::keep_schedules(wire, rows).await)
    }

    fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError> {
        self.rows(&self.reader, async |wire| read::schedules(wire).await)
    }

    fn append_audit(&self, row: &AuditRow) -> Result<(), StoreError> {
        self.engine.read(&self.keeper, async |wire| audit::append(wire, row).await)
    }

    fn audit(&self, kind: &str, id: Option<&str>, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.engine.read(&self.reader, async |wire| audit::of(wire, kind, id, limit).await)
    }

    fn standing(&self, kind: &str) -> Result<Vec<AuditRow>, StoreError> {
        self.engine.read(&self.reader, async |wire| audit::standing(wire, kind).await)
    }

    fn tombstone(&self, run: &str) -> Result<Option<Tombstone>, StoreError> {
        self.rows(&self.finder, async |wire| purge::tombstone(wire, run).await)
    }

    fn purge_run(&self, run: &str, at: UnixMillis) -> Result<bool, StoreError> {
        self.engine.read(&self.keeper, async |wire| purge::one(wire, run, at).await)
    }

    fn children(&self, run: &str, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        self.engine.read(&self.reader, async |wire| purge::children(wire, run, after, limit).await)
    }

    fn purge(
        &self,
        filter: &PurgeFilter,
        after: Option<EndPlace>,
        at: UnixMillis,
    ) -> Result<Purged, StoreError> {
        self.engine.read(&self.keeper, async |wire| purge::slice(wire, filter, after, at).await)
    }

    fn sweep(&self, tombstones_before: UnixMillis) -> Result<bool, StoreError> {
        self.engine.read(&self.keeper, async |wire| purge::sweep(wire, tombstones_before).await)
    }

    fn run_of(&self, key: i64) -> Result<Option<RunRow>, StoreError> {
        self.rows(&self.reader, async |wire| read::run_of(wire, self.me(), key).await)
    }

    fn feeds(&self, wanted: bool) -> Result<(), StoreError> {
        *hold(&self.feeding) = wanted.then(Feeding::default);
        if wanted { feed::begin(self) } else { Ok(()) }
    }

    fn feed(&self, max_bytes: usize) -> Result<Feed, StoreError> {
        feed::page(self, max_bytes)
    }

    /// There is one reader at a time, and he has what was fed last.
    fn fed(&self, _from: i64, _to: i64) -> Result<(), StoreError> {
        feed::done(self)
    }

    fn shared(&self) -> Option<&dyn Shared> {
        Some(self)
    }

    /// Forgets sidecars that are long gone and have no run, and breakers that have long been closed.
    fn tidy(&self) -> Result<(), StoreError> {
        let mut tidied = hold(&self.tidied);
        if tidied.is_some_and(|at| at.elapsed() < TIDY) {
            return Ok(());
        }
        *tidied = Some(Instant::now());
        self.engine.read(&self.keeper, async |wire| {
            breakers::forget_the_quiet(wire).await?;
            fleet::forget_the_gone(wire).await
        })
    }
}

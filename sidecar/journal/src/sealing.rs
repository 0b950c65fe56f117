//! A store whose sealed runs are encrypted: what is written of them goes through the first key, what is read through its own.
//!
//! It knows which columns hold values, not what is in them, and not which runs are to be sealed.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use conductor_protocol::entry::UnixMillis;

use crate::keys::{KeyError, Keys, unsealed};
use crate::search::{Scan, Scanned, Search, Searching, Stretch};
use crate::shelf::{Kept, Shelf, Shelved};
use crate::store::{
    AuditRow, Change, EndPlace, Feed, Head, Known, NewInput, NewRun, Page, PlanRow, PurgeFilter, Purged,
    RunFilter, RunPage, RunRow, ScheduleRow, Shared, SharedAsk, Store, StoreError, StoredRecord,
    StoredSignal, Times, Tombstone, Verdict, Wanted,
};

/// Another store, behind keys. Without any it still reads what is not sealed.
pub struct Sealing {
    pub(crate) inner: Box<dyn Store>,
    keys: Option<Keys>,
}

impl Sealing {
    #[must_use]
    pub fn new(inner: Box<dyn Store>, keys: Option<Keys>) -> Sealing {
        Sealing { inner, keys }
    }

    fn seal(&self, change: &Arc<Change>) -> Result<Arc<Change>, StoreError> {
        let Some(keys) = self.keys.as_ref().filter(|_| change.sealed) else { return Ok(Arc::clone(change)) };
        let run = &*change.id;
        let seal = |place: &str, text: &str| {
            keys.seal(&format!("{run} {place}"), text).map_err(|error| StoreError::Failed(error.to_string()))
        };
        let optional = |place: &str, text: &Option<Arc<str>>| {
            text.as_deref().map(|text| seal(place, text).map(Arc::from)).transpose()
        };
        let new = match &change.new {
            Some(new) => Some(NewRun {
                workflow: Arc::clone(&new.workflow),
                input: seal("input", &new.input)?.into(),
                input_digest: Arc::clone(&new.input_digest),
                parent: new.parent.clone(),
                started_at: new.started_at,
            }),
            None => None,
        };
        let record = |record: &StoredRecord| {
            let body = seal_record(keys, record).map_err(|error| StoreError::Failed(error.to_string()))?;
            Ok(StoredRecord { body, ..record.clone() })
        };
        let signal = |signal: &StoredSignal| {
            let data = keys.seal(&of_signal(signal.ordinal), &signal.data);
            let data = data.map_err(|error| StoreError::Failed(error.to_string()))?;
            Ok(StoredSignal { data: data.into(), ..signal.clone() })
        };
        Ok(Arc::new(Change {
            id: Arc::clone(&change.id),
            key: change.key,
            new,
            expect: change.expect,
            head: Head {
                output: optional("output", &change.head.output)?,
                error: optional("error", &change.head.error)?,
                cancel: optional("cancel", &change.head.cancel)?,
                ..change.head.clone()
            },
            advances: change.advances,
            records: change.records.iter().map(record).collect::<Result<_, StoreError>>()?,
            spans: change.spans.clone(),
            signals: change.signals.iter().map(signal).collect::<Result<_, StoreError>>()?,
            input: match &change.input {
                Some(new) => Some(NewInput {
                    input: seal("input", &new.input)?.into(),
                    digest: Arc::clone(&new.digest),
                }),
                None => None,
            },
            sealed: true,
            is_logged: change.is_logged,
        }))
    }

    fn open(&self, mut row: RunRow) -> Result<RunRow, StoreError> {
        if !row.is_sealed() {
            return Ok(row);
        }
        let keys = self.keys.as_ref();
        let run = row.id.clone();
        let fail = |error: KeyError| StoreError::Failed(format!("run {run}: {error}"));
        let opened = |place: &str, text: &str| {
            unsealed(keys, &format!("{run} {place}"), text).map(Cow::into_owned).map_err(fail)
        };
        let shared = |place: &str, text: Option<Arc<str>>| {
            text.map(|text| opened(place, &text).map(Arc::from)).transpose()
        };
        row.input = row.input.map(|text| opened("input", &text)).transpose()?;
        row.head.output = shared("output", row.head.output)?;
        row.head.error = shared("error", row.head.error)?;
        row.head.cancel = shared("cancel", row.head.cancel)?;
        Ok(row)
    }

    pub(crate) fn behind(&self) -> Result<&dyn Shared, StoreError> {
        self.inner.shared().ok_or_else(|| StoreError::Failed("the store is not shared".to_owned()))
    }

    /// As [`Self::open`]; one whose key is not there is shown without its values, so that a list has it.
    fn open_for_list(&self, row: RunRow) -> RunRow {
        let bare = RunRow { input: None, ..row.clone() };
        self.open(row).unwrap_or_else(|_| RunRow {
            head: Head { output: None, error: None, cancel: None, ..bare.head.clone() },
            ..bare
        })
    }
}

/// A record is read by the store's key of its run, so the run's name is no part of its place.
fn of_record(seq: u64) -> String {
    format!("record {seq}")
}

fn of_signal(ordinal: u64) -> String {
    format!("signal {ordinal}")
}

fn of_ask(run: &str) -> String {
    format!("{run} ask")
}

fn seal_record(keys: &Keys, record: &StoredRecord) -> Result<Arc<str>, KeyError> {
    keys.seal(&of_record(record.seq), &record.body).map(Arc::from)
}

/// The body of a record as it stands in the store, decrypted where it is sealed.
///
/// # Errors
/// When its key is not there, or it is damaged.
pub fn open_record(keys: Option<&Keys>, seq: u64, body: &str) -> Result<Arc<str>, KeyError> {
    unsealed(keys, &of_record(seq), body).map(|body| Arc::from(&*body))
}

/// Documents of builds hold no value of a run.
impl Shelf for Sealing {
    fn shelve(&self, kind: Kept, name: &str, text: &str, at: UnixMillis) -> Result<(), StoreError> {
        self.inner.shelve(kind, name, text, at)
    }

    fn shelved(&self, kind: Kept, name: &str) -> Result<Option<String>, StoreError> {
        self.inner.shelved(kind, name)
    }

    fn all_shelved(&self, kind: Kept) -> Result<Vec<Shelved>, StoreError> {
        self.inner.all_shelved(kind)
    }

    fn touch_shelved(&self, kind: Kept, names: &[&str], at: UnixMillis) -> Result<(), StoreError> {
        self.inner.touch_shelved(kind, names, at)
    }

    fn unshelve(&self, kind: Kept, names: &[&str]) -> Result<(), StoreError> {
        self.inner.unshelve(kind, names)
    }

    fn first_start(&self) -> Result<Option<UnixMillis>, StoreError> {
        self.inner.first_start()
    }
}

impl Searching for Sealing {
    fn stretches(&self, search: &Search) -> Result<Option<Vec<Stretch>>, StoreError> {
        self.inner.stretches(search)
    }

    fn keys_of(&self, times: Times) -> Result<(i64, i64), StoreError> {
        self.inner.keys_of(times)
    }

    fn scan(&self, scan: &Scan<'_>) -> Result<Scanned, StoreError> {
        let scanned = self.inner.scan(scan)?;
        let runs = scanned.runs.into_iter().map(|row| self.open_for_list(row)).collect();
        Ok(Scanned { runs, ..scanned })
    }

    fn places(&self, filter: &RunFilter, within: (i64, i64)) -> Result<Vec<(UnixMillis, i64)>, StoreError> {
        self.inner.places(filter, within)
    }

    fn runs_of(&self, keys: &[i64]) -> Result<Vec<RunRow>, StoreError> {
        Ok(self.inner.runs_of(keys)?.into_iter().map(|row| self.open_for_list(row)).collect())
    }

    fn note_blocks(&self) -> Result<bool, StoreError> {
        self.inner.note_blocks()
    }
}

impl Store for Sealing {
    fn commit(&self, batch: &[Arc<Change>]) -> Result<Vec<Verdict>, StoreError> {
        if batch.iter().any(|change| change.sealed) {
            let sealed: Vec<_> = batch.iter().map(|change| self.seal(change)).collect::<Result<_, _>>()?;
            return self.inner.commit(&sealed);
        }
        self.inner.commit(batch)
    }

    fn find(&self, run: &str) -> Result<Option<RunRow>, StoreError> {
        self.inner.find(run)?.map(|row| self.open(row)).transpose()
    }

    fn known(&self, run: &str) -> Result<Known, StoreError> {
        match self.inner.known(run)? {
            Known::Run(row) => Ok(Known::Run(Box::new(self.open(*row)?))),
            known => Ok(known),
        }
    }

    fn open_runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.inner.open_runs()?.into_iter().map(|row| self.open(row)).collect()
    }

    fn records(&self, key: i64, from: u64, max_bytes: usize) -> Result<Page, StoreError> {
        let mut page = self.inner.records(key, from, max_bytes)?;
        for record in &mut page.records {
            record.body = open_record(self.keys.as_ref(), record.seq, &record.body)
                .map_err(|error| StoreError::Failed(format!("record {}: {error}", record.seq)))?;
        }
        Ok(page)
    }

    fn signals(
        &self,
        key: i64,
        from: u64,
        max_bytes: usize,
    ) -> Result<(Vec<StoredSignal>, bool), StoreError> {
        let (mut signals, more) = self.inner.signals(key, from, max_bytes)?;
        for signal in &mut signals {
            let data = unsealed(self.keys.as_ref(), &of_signal(signal.ordinal), &signal.data);
            let data = data.map_err(|error| StoreError::Failed(error.to_string()))?.into_owned();
            signal.data = data.into();
        }
        Ok((signals, more))
    }

    fn signal_place(&self, key: i64, id: &str) -> Result<(bool, u64), StoreError> {
        self.inner.signal_place(key, id)
    }

    fn list(&self, filter: &RunFilter) -> Result<RunPage, StoreError> {
        let page = self.inner.list(filter)?;
        let runs = page.runs.into_iter().map(|row| self.open_for_list(row)).collect();
        Ok(RunPage { runs, next: page.next })
    }

    fn register(&self, plans: &[PlanRow]) -> Result<(), StoreError> {
        self.inner.register(plans)
    }

    fn plans(&self) -> Result<Vec<PlanRow>, StoreError> {
        self.inner.plans()
    }

    fn keep_schedules(&self, rows: &[ScheduleRow]) -> Result<(), StoreError> {
        self.inner.keep_schedules(rows)
    }

    fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError> {
        self.inner.schedules()
    }

    fn tombstone(&self, run: &str) -> Result<Option<Tombstone>, StoreError> {
        self.inner.tombstone(run)
    }

    fn purge_run(&self, run: &str, at: UnixMillis) -> Result<bool, StoreError> {
        self.inner.purge_run(run, at)
    }

    fn children(&self, run: &str, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        self.inner.children(run, after, limit)
    }

    fn purge(
        &self,
        filter: &PurgeFilter,
        after: Option<EndPlace>,
        at: UnixMillis,
    ) -> Result<Purged, StoreError> {
        self.inner.purge(filter, after, at)
    }

    fn sweep(&self, tombstones_before: UnixMillis) -> Result<bool, StoreError> {
        self.inner.sweep(tombstones_before)
    }

    fn shared(&self) -> Option<&dyn Shared> {
        self.inner.shared().map(|_| self as &dyn Shared)
    }

    fn append_audit(&self, row: &AuditRow) -> Result<(), StoreError> {
        self.inner.append_audit(row)
    }

    fn audit(&self, kind: &str, id: Option<&str>, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.inner.audit(kind, id, limit)
    }

    fn standing(&self, kind: &str) -> Result<Vec<AuditRow>, StoreError> {
        self.inner.standing(kind)
    }

    fn run_of(&self, key: i64) -> Result<Option<RunRow>, StoreError> {
        Ok(self.inner.run_of(key)?.map(|row| self.open_for_list(row)))
    }

    fn feeds(&self, wanted: bool) -> Result<(), StoreError> {
        self.inner.feeds(wanted)
    }

    fn feed(&self, max_bytes: usize) -> Result<Feed, StoreError> {
        let mut feed = self.inner.feed(max_bytes)?;
        for fed in &mut feed.records {
            fed.body = fed.body.take().and_then(|body| open_record(self.keys.as_ref(), fed.seq, &body).ok());
        }
        Ok(feed)
    }

    fn fed(&self, from: i64, to: i64) -> Result<(), StoreError> {
        self.inner.fed(from, to)
    }

    fn bytes(&self) -> Result<Option<u64>, StoreError> {
        self.inner.bytes()
    }

    fn tidy(&self) -> Result<(), StoreError> {
        self.inner.tidy()
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.inner.sync()
    }
}

impl Shared for Sealing {
    fn renew(&self) -> Result<bool, StoreError> {
        self.behind()?.renew()
    }

    fn recounted(&self) {
        if let Some(shared) = self.inner.shared() {
            shared.recounted();
        }
    }

    fn remaining(&self) -> Duration {
        self.behind().map_or(Duration::ZERO, Shared::remaining)
    }

    fn adopt(&self, run: &str) -> Result<Option<RunRow>, StoreError> {
        self.behind()?.adopt(run)?.map(|row| self.open(row)).transpose()
    }

    /// One whose key is not there is left to a sidecar that has it.
    fn claim(&self, wanted: &[Wanted], limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let behind = self.behind()?;
        let (mut opened, mut closed, mut why) = (Vec::new(), Vec::new(), None);
        for row in behind.claim(wanted, limit)? {
            let key = row.key;
            match self.open(row) {
                Ok(row) => opened.push(row),
                Err(error) => {
                    closed.push(key);
                    why = Some(error);
                }
            }
        }
        if let Some(why) = why {
            eprintln!("conductor sidecar: {} runs are left to others: {why}", closed.len());
            behind.let_go(&closed)?;
        }
        Ok(opened)
    }

    fn let_go(&self, keys: &[i64]) -> Result<(), StoreError> {
        self.behind()?.let_go(keys)
    }

    fn here(&self) -> Result<BTreeSet<i64>, StoreError> {
        self.behind()?.here()
    }

    fn ask(&self, run: &RunRow, body: &str) -> Result<(), StoreError> {
        let Some(keys) = self.keys.as_ref().filter(|_| run.is_sealed()) else {
            return self.behind()?.ask(run, body);
        };
        let sealed = keys.seal(&of_ask(&run.id), body);
        self.behind()?.ask(run, &sealed.map_err(|error| StoreError::Failed(error.to_string()))?)
    }

    /// One whose key is not there waits for a sidecar that has it.
    fn asks(&self) -> Result<Vec<SharedAsk>, StoreError> {
        let opened = |ask: SharedAsk| {
            let body = unsealed(self.keys.as_ref(), &of_ask(&ask.run), &ask.body).ok()?.into_owned();
            Some(SharedAsk { body, ..ask })
        };
        Ok(self.behind()?.asks()?.into_iter().filter_map(opened).collect())
    }

    fn answered(&self, asks: &[i64]) -> Result<(), StoreError> {
        self.behind()?.answered(asks)
    }

    fn news(&self) -> Arc<Notify> {
        self.inner.shared().map(Shared::news).unwrap_or_default()
    }
}

//! The export of spans and log records: the journal is read as it grows, behind its commits, and how far that is done stands in
//! the store.
//!
//! It knows no span. Nothing waits for it: where a collector is away, the journal keeps what it has not had.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conductor_journal::{Fed, Feed, RunRow, Store, StoreError};
use conductor_protocol::entry::Entry as Fact;
use conductor_telemetry::otlp::{Otlp, Payload, Sent, Settings};
use conductor_telemetry::spans::{Batch, Followed, line};
use tokio::runtime::Handle;

use crate::Error;
use crate::masking::Mask;
use crate::sidecar::Sidecar;

/// Between two looks at a journal that has nothing new.
const IDLE: Duration = Duration::from_millis(500);

/// Between two tries to note what was sent: who is killed before that sends it again.
const SOON: Duration = Duration::from_millis(50);

/// Bytes of records that are read at once: a request stays far below the 4 MiB that collectors take.
const PAGE: usize = 256 << 10;

/// Spans or log records of one request.
const REQUEST: usize = 1000;

/// Of the time, what reading may take while there is much to do: one part in so many. Runs come first.
const SHARE: u32 = 30;

/// Between two pages, at most: a process that was stopped in one has not read for so long.
const LONGEST: Duration = Duration::from_secs(1);

/// The priority of its threads.
const LAST: i32 = 19;

/// Between tries to reach a collector.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
];

/// For how long the last records are tried to be sent when the sidecar ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// Runs in memory; others are read again from their start.
const FOLLOWED: usize = 10_000;

/// What is exported, and how far.
pub(crate) struct Exporter {
    otlp: Option<Otlp>,
    lines: bool,
}

/// The runs of which more will come, by the store's key.
#[derive(Default)]
struct Reader {
    runs: BTreeMap<i64, Open>,
    /// A page that was sent, while the store could not note it.
    sent: Option<(i64, i64)>,
}

struct Open {
    /// The record that comes next. Where it is another one, another sidecar has read on meanwhile.
    next: u64,
    followed: Followed,
    mask: Option<Mask>,
}

/// A page, read.
struct Page {
    from: i64,
    to: i64,
    /// Records that were purged, or whose key is missing.
    lost: u64,
    /// When the newest of it was written.
    written: Option<i64>,
    more: bool,
    batch: Batch,
}

impl Exporter {
    pub(crate) fn new(
        store: &dyn Store,
        settings: Option<&Settings>,
        lines: bool,
    ) -> Result<Exporter, Error> {
        store.feeds(settings.is_some() || lines)?;
        let otlp = settings.map(|settings| Otlp::new(settings, env!("CARGO_PKG_VERSION"))).transpose();
        Ok(Exporter { otlp: otlp.map_err(Error::Export)?, lines })
    }

    /// Reads in a thread of its own, which lets everybody else go first. `main` does not.
    pub(crate) fn aside(self, sidecar: Arc<Sidecar>, main: &Handle) {
        if self.otlp.is_none() && !self.lines {
            return;
        }
        // Where the system does not allow it, it is as urgent as runs.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), LAST);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.run(sidecar, main)),
            Err(error) => eprintln!("conductor sidecar: spans and logs cannot be exported: {error}"),
        }
    }

    async fn run(self, sidecar: Arc<Sidecar>, main: &Handle) {
        let mut reader = Reader::default();
        let mut last = None;
        loop {
            let is_last = sidecar.is_closing();
            match self.catch_up(&sidecar, main, &mut reader).await {
                Ok(()) => last = None,
                // Told once, not twice a second.
                Err(error) if last.as_ref() == Some(&error) => {}
                Err(error) => {
                    eprintln!("conductor sidecar: spans and logs cannot be read: {error}");
                    last = Some(error);
                }
            }
            if is_last {
                return;
            }
            let pause = if reader.sent.is_some() { SOON } else { IDLE };
            tokio::select! {
                () = sidecar.closed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Exports page after page until there was nothing more.
    async fn catch_up(
        &self,
        sidecar: &Arc<Sidecar>,
        main: &Handle,
        reader: &mut Reader,
    ) -> Result<(), StoreError> {
        let until = sidecar.is_closing().then(|| Instant::now() + FAREWELL);
        noted(sidecar, main, reader).await?;
        let mut is_late = false;
        loop {
            let began = Instant::now();
            let Some(page) = read(sidecar, main, reader).await? else {
                sidecar.metrics.export_behind(Duration::ZERO);
                return Ok(());
            };
            let lines = self.lines(&page.batch);
            let payloads = self.payloads(page.batch);
            let worked = began.elapsed();
            if let Some(written) = page.written {
                let age = sidecar.clock.now().saturating_sub(written);
                sidecar.metrics.export_behind(Duration::from_millis(u64::try_from(age).unwrap_or(0)));
            }
            // Who was stopped meanwhile may have lost its runs to another: read again, once, it has only its own.
            is_late = worked > sidecar.lease && !is_late;
            if is_late {
                continue;
            }
            eprint!("{lines}");
            sidecar.metrics.export_lost("records", "purged", page.lost);
            let sending = deliver_all(Arc::clone(sidecar), payloads, until, (page.from, page.to));
            match main.spawn(sending).await {
                Ok(Some(Ok(()))) => {}
                Ok(Some(Err(error))) => {
                    reader.sent = Some((page.from, page.to));
                    return Err(error);
                }
                // It is read again by whoever comes next.
                Ok(None) => return Ok(()),
                Err(error) => return Err(StoreError::Failed(error.to_string())),
            }
            if until.is_none() {
                if !page.more {
                    // What has come meanwhile goes with what comes until the next look: a request for each record would cost more.
                    sidecar.metrics.export_behind(Duration::ZERO);
                    return Ok(());
                }
                tokio::time::sleep((worked * (SHARE - 1)).min(LONGEST)).await;
            }
        }
    }

    /// The log records as lines, where these are wanted.
    fn lines(&self, batch: &Batch) -> String {
        let wanted = batch.logs.iter().filter(|_| self.lines);
        wanted.map(|record| line(record) + "\n").collect()
    }

    /// The requests to collectors.
    fn payloads(&self, batch: Batch) -> Vec<Payload> {
        let Some(otlp) = &self.otlp else { return Vec::new() };
        let spans = parts(batch.spans).into_iter().filter_map(|part| otlp.spans(part));
        let logs = parts(batch.logs).into_iter().filter_map(|part| otlp.logs(part));
        spans.chain(logs).collect()
    }
}

/// In requests, none of which is empty.
fn parts<T>(mut all: Vec<T>) -> Vec<Vec<T>> {
    let mut parts = Vec::new();
    while all.len() > REQUEST {
        let rest = all.split_off(REQUEST);
        parts.push(std::mem::replace(&mut all, rest));
    }
    if !all.is_empty() {
        parts.push(all);
    }
    parts
}

/// Sends all and notes that it is sent; `None` where the sidecar ends before that. In a thread of the main runtime: who is killed
/// between the two sends it again.
async fn deliver_all(
    sidecar: Arc<Sidecar>,
    payloads: Vec<Payload>,
    until: Option<Instant>,
    (from, to): (i64, i64),
) -> Option<Result<(), StoreError>> {
    for payload in &payloads {
        if !deliver(&sidecar, payload, until).await {
            return None;
        }
    }
    Some(urgently(&Handle::current(), move || sidecar.journal.store().fed(from, to)).await)
}

/// Sends until it is taken or refused; false where the sidecar ends before that.
async fn deliver(sidecar: &Sidecar, payload: &Payload, mut until: Option<Instant>) -> bool {
    let (signal, count) = (payload.signal.as_str(), u64::try_from(payload.count).unwrap_or(u64::MAX));
    let mut tries = 0;
    loop {
        let sent = tokio::select! {
            sent = payload.send() => sent,
            () = over(sidecar, &mut until) => return false,
        };
        match sent {
            Sent::Taken { rejected } => {
                if tries > 0 {
                    eprintln!("conductor sidecar: the collector takes {signal} again");
                }
                sidecar.metrics.exported(signal, count.saturating_sub(rejected));
                sidecar.metrics.export_lost(signal, "rejected", rejected);
                return true;
            }
            Sent::Refused { message } => {
                eprintln!("conductor sidecar: the collector refuses {count} {signal}: {message}");
                sidecar.metrics.export_failed("invalid");
                sidecar.metrics.export_lost(signal, "refused", count);
                return true;
            }
            Sent::Later { reason, message } => {
                sidecar.metrics.export_failed(reason);
                if tries == 0 {
                    eprintln!("conductor sidecar: the collector does not take {signal} now: {message}");
                }
            }
        }
        let pause = PAUSES[tries.min(PAUSES.len() - 1)];
        tries += 1;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = over(sidecar, &mut until) => return false,
        }
    }
}

/// Returns when the sidecar has been closing for as long as a farewell may take.
async fn over(sidecar: &Sidecar, until: &mut Option<Instant>) {
    if until.is_none() {
        sidecar.closed().await;
    }
    let end = *until.get_or_insert_with(|| Instant::now() + FAREWELL);
    tokio::time::sleep_until(end.into()).await;
}

/// The next page, with what comes of it.
async fn read(
    sidecar: &Arc<Sidecar>,
    main: &Handle,
    reader: &mut Reader,
) -> Result<Option<Page>, StoreError> {
    let (this, runs) = (Arc::clone(sidecar), std::mem::take(reader));
    let work = move || {
        let feed = this.journal.store().feed(PAGE)?;
        let rows = runs.unknown(&this, &feed)?;
        Ok((runs, feed, rows))
    };
    let (runs, feed, rows) = urgently(main, work).await?;
    *reader = runs;
    if feed.records.is_empty() { Ok(None) } else { reader.page(sidecar, &feed, rows).map(Some) }
}

/// Notes that what was sent is sent: where the store is away, before anything else is read, so that it is not sent again.
async fn noted(sidecar: &Arc<Sidecar>, main: &Handle, reader: &mut Reader) -> Result<(), StoreError> {
    if let Some((from, to)) = reader.sent {
        let this = Arc::clone(sidecar);
        urgently(main, move || this.journal.store().fed(from, to)).await?;
        reader.sent = None;
    }
    Ok(())
}

/// Does it in a thread of `main`: commits wait for the locks of the store, and may not wait for somebody who lets everybody go first.
async fn urgently<T: Send + 'static>(
    main: &Handle,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    // A thread that it starts has the priority of who starts it: that is to be one of its own.
    let done = main.spawn(async { tokio::task::spawn_blocking(work).await }).await;
    done.and_then(|done| done).unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
}

impl Reader {
    /// Those of the page's runs that are not followed yet.
    fn unknown(&self, sidecar: &Sidecar, feed: &Feed) -> Result<BTreeMap<i64, RunRow>, StoreError> {
        let mut first = BTreeMap::new();
        for fed in &feed.records {
            first.entry(fed.run).or_insert(fed.seq);
        }
        first.retain(|key, seq| self.runs.get(key).is_none_or(|open| open.next != *seq));
        let mut rows = BTreeMap::new();
        for key in first.into_keys() {
            rows.extend(sidecar.journal.store().run_of(key)?.map(|row| (key, row)));
        }
        Ok(rows)
    }

    fn page(
        &mut self,
        sidecar: &Sidecar,
        feed: &Feed,
        mut rows: BTreeMap<i64, RunRow>,
    ) -> Result<Page, StoreError> {
        let mut batch = Batch::default();
        let (mut place, mut lost, mut written) = (feed.from, 0, None);
        let mut begun = Vec::new();
        for fed in &feed.records {
            let gap = fed.place.saturating_sub(place).saturating_sub(1);
            lost += u64::try_from(gap).unwrap_or(0);
            place = fed.place;
            match self.take(sidecar, fed, &mut rows, &mut batch)? {
                Some(at) => written = Some(at),
                None => lost += 1,
            }
            if fed.seq == 0 {
                begun.push(fed.run);
            }
        }
        // What goes on for longer is seen before it has ended.
        for key in begun {
            if let Some(open) = self.runs.get(&key).filter(|open| !open.followed.has_ended()) {
                open.followed.show(&mut batch);
            }
        }
        self.runs.retain(|_, open| !open.followed.has_ended());
        while self.runs.len() > FOLLOWED {
            self.runs.pop_first();
        }
        Ok(Page { from: feed.from, to: place, lost, written, more: feed.more, batch })
    }

    /// Reads one record; `None` where nothing can be made of it.
    fn take(
        &mut self,
        sidecar: &Sidecar,
        fed: &Fed,
        rows: &mut BTreeMap<i64, RunRow>,
        batch: &mut Batch,
    ) -> Result<Option<i64>, StoreError> {
        let Some(body) = fed.body.as_deref() else { return Ok(None) };
        if self.runs.get(&fed.run).is_some_and(|open| open.next != fed.seq) {
            self.runs.remove(&fed.run);
        }
        let open = match self.runs.entry(fed.run) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => {
                let row = match rows.remove(&fed.run) {
                    Some(row) => Some(row),
                    None => sidecar.journal.store().run_of(fed.run)?,
                };
                let Some(row) = row else { return Ok(None) };
                place.insert(opened(sidecar, &row, fed.seq)?)
            }
        };
        open.next = fed.seq + 1;
        let Ok(entries) = serde_json::from_str::<Vec<Fact>>(body) else { return Ok(None) };
        open.take(&entries, batch);
        Ok(Some(entries.last().map_or(0, Fact::at)))
    }
}

/// A run, with what was exported of it before.
fn opened(sidecar: &Sidecar, row: &RunRow, until: u64) -> Result<Open, StoreError> {
    let mut open = Open { next: until, followed: Followed::new(&row.id), mask: Mask::of(sidecar, row) };
    let (mut from, mut unseen) = (0, Batch::default());
    while from < until {
        let page = sidecar.journal.store().records(row.key, from, PAGE)?;
        for record in page.records.iter().filter(|record| record.seq < until) {
            if let Ok(entries) = serde_json::from_str::<Vec<Fact>>(&record.body) {
                open.take(&entries, &mut unseen);
            }
            unseen = Batch::default();
        }
        match page.records.last() {
            Some(last) if page.more => from = last.seq + 1,
            _ => break,
        }
    }
    Ok(open)
}

impl Open {
    fn take(&mut self, entries: &[Fact], batch: &mut Batch) {
        let Open { followed, mask, .. } = self;
        let hide = |text: &str| mask.as_ref().map_or_else(|| text.to_owned(), |mask| mask.shown(text));
        for entry in entries {
            followed.take(entry, &hide, batch);
        }
    }
}

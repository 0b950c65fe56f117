//! Logs that processes keep ahead of the store: who has one, and how what stands in one reaches the store.
//!
//! A session's runs are nobody else's before its log is settled. It knows no byte of a log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use conductor_journal::{Ahead, Mark, Recorded, Refusal, Writer};
use conductor_protocol::message::{LogFile, LogOpenResult, RunStart, method};

use crate::handlers::{Call, Client};
use crate::outbox::Outbox;
use crate::recording::{self, RecordParams};
use crate::rpc::{self, Fault, Message};
use crate::schedule::offer_free;
use crate::sidecar::{Sidecar, blocking};

/// How long a log waits for a store that takes nothing.
const PAUSE: Duration = Duration::from_millis(250);

/// How often it is looked whether the store has what stands in a log, a millisecond apart.
const LOOKS: usize = 100;

/// How long a start from outside waits for logs before it is refused.
const SOON: Duration = Duration::from_secs(1);

/// How long whoever waits for a log waits between two looks.
const SHORT: Duration = Duration::from_millis(2);

#[derive(Default)]
pub(crate) struct Logs {
    /// Where they are made; nowhere where the store is of many hosts.
    folder: Option<PathBuf>,
    /// Whether new ones are given: values that are encrypted in the store must not stand beside it.
    are_given: bool,
    table: Mutex<Vec<Entry>>,
}

/// A log that is not settled.
struct Entry {
    log: Arc<Ahead>,
    /// The connection that it was given over, which it does not keep open; nothing where that was an earlier sidecar's.
    over: Option<Weak<Outbox>>,
    /// Whether its process has no use of it any more.
    is_closed: bool,
    /// How far the store is known to have it.
    mark: Mark,
    /// Whether it could not be read.
    has_failed: bool,
}

impl Entry {
    fn new(log: &Arc<Ahead>, over: Option<Weak<Outbox>>) -> Entry {
        Entry { log: Arc::clone(log), over, is_closed: false, mark: Mark::default(), has_failed: false }
    }
}

/// How a log was settled.
enum Settled {
    Wholly,
    /// The store takes nothing for the moment.
    NotYet,
    /// With so many records that the store will never take.
    But(usize),
}

impl Logs {
    /// Takes up what an earlier sidecar has left.
    pub(crate) fn beside(store: &Path, are_given: bool) -> io::Result<Logs> {
        let mut folder = store.as_os_str().to_owned();
        folder.push("-logs");
        let folder = std::path::absolute(PathBuf::from(folder))?;
        let left = Ahead::left_in(&folder)?.into_iter();
        let table = left.map(|log| Entry { is_closed: true, ..Entry::new(&Arc::new(log), None) }).collect();
        Ok(Logs { folder: Some(folder), are_given, table: Mutex::new(table) })
    }

    fn hold(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the session has a log that is not settled.
    pub(crate) fn holds(&self, session: &str) -> bool {
        self.hold().iter().any(|entry| &**entry.log.session() == session)
    }

    /// Whether the session's process may go on by a log.
    pub(crate) fn is_in_use(&self, session: &str) -> bool {
        self.hold().iter().any(|entry| &**entry.log.session() == session && !entry.is_closed)
    }

    /// Whether something may stand in a log that nobody has admitted: a run that is not in the store may have begun there.
    pub(crate) fn is_settling(&self) -> bool {
        self.hold().iter().any(|entry| entry.is_closed)
    }

    /// Whose logs are not settled.
    fn sessions(&self) -> Vec<Arc<str>> {
        self.hold().iter().map(|entry| Arc::clone(entry.log.session())).collect()
    }

    /// The session's logs, or those of one connection, none of which is to be used any more.
    pub(crate) fn close(&self, session: &str, over: Option<&Weak<Outbox>>) -> Vec<Arc<Ahead>> {
        let mut table = self.hold();
        let is_over = |entry: &Entry| match (over, &entry.over) {
            (Some(over), Some(own)) => Weak::ptr_eq(over, own),
            (over, _) => over.is_none(),
        };
        let own = table.iter_mut().filter(|entry| &**entry.log.session() == session && is_over(entry));
        own.map(|entry| {
            entry.is_closed = true;
            Arc::clone(&entry.log)
        })
        .collect()
    }

    fn make(&self, writer: Writer, over: Weak<Outbox>) -> Option<Arc<Ahead>> {
        let folder = self.folder.as_ref().filter(|_| self.are_given && cfg!(target_os = "linux"))?;
        let log = Arc::new(Ahead::create(folder, writer).ok()?);
        self.hold().push(Entry::new(&log, Some(over)));
        Some(log)
    }

    /// All, and how far the store has each.
    fn all(&self) -> Vec<(Arc<Ahead>, Mark)> {
        self.hold().iter().map(|entry| (Arc::clone(&entry.log), entry.mark.clone())).collect()
    }

    fn of<T>(&self, log: &Arc<Ahead>, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let mut table = self.hold();
        table.iter_mut().find(|entry| Arc::ptr_eq(&entry.log, log)).map(change)
    }

    fn is_first_failure(&self, log: &Arc<Ahead>) -> bool {
        self.of(log, |entry| !std::mem::replace(&mut entry.has_failed, true)).unwrap_or(false)
    }

    fn forget(&self, log: &Arc<Ahead>) {
        self.hold().retain(|entry| !Arc::ptr_eq(&entry.log, log));
    }
}

/// Returns when nothing is on its way from a log to the store.
pub(crate) async fn settled(sidecar: &Sidecar) {
    while sidecar.ahead.is_settling() {
        tokio::time::sleep(SHORT).await;
    }
}

/// As [`settled`], for no longer than somebody who waits for an answer should.
pub(crate) async fn settled_soon(sidecar: &Sidecar) {
    let _it_is_asked_again = tokio::time::timeout(SOON, settled(sidecar)).await;
}

/// Has the store take what stands in all logs by now, so that who reads finds what their processes have done. Where the store takes
/// nothing he finds what there is.
pub(crate) async fn caught_up(sidecar: &Arc<Sidecar>) {
    for (log, mark) in sidecar.ahead.all() {
        let Ok((lines, mark)) = blocking(|| log.lines_behind(&mark)) else { continue };
        for look in 0..LOOKS {
            let (waiting, _) = blocking(|| offered(sidecar, &log, &lines));
            if waiting == 0 {
                sidecar.ahead.of(&log, |entry| entry.mark = mark);
                break;
            }
            if look > 0 {
                // Another one is committing, or the store is in trouble.
                tokio::time::sleep(SHORT).await;
            }
            if look > 1 && sidecar.is_in_trouble() {
                break;
            }
            sidecar.flush();
        }
    }
}

/// Gives the session a log of its own, in place of the one that it has.
pub(crate) fn open(call: &mut Call<'_>, client: &Client) {
    if call.guest.from.is_some() {
        return call.answer(LogOpenResult::default());
    }
    let (sidecar, outbox) = (Arc::clone(call.sidecar), Arc::clone(call.outbox));
    let writer = Writer { owner: client.owner.clone(), language: client.language.clone() };
    call.later(async move {
        let session = Arc::clone(&writer.owner.session);
        let make = || sidecar.ahead.make(writer, Arc::downgrade(&outbox));
        let log = blocking(|| settle_once(&sidecar, &session, None).then(make).flatten());
        // Where the connection has ended meanwhile, nobody else will settle it.
        let is_here = sidecar.sessions.outbox(&session).is_some_and(|own| Arc::ptr_eq(&own, &outbox));
        if log.is_some() && !is_here {
            let over = Arc::downgrade(&outbox);
            tokio::spawn(async move { settle(&sidecar, &session, Some(&over)).await });
        }
        let file = log.map(|log| LogFile { path: log.path().display().to_string(), bytes: log.bytes() });
        Ok(LogOpenResult { log: file })
    });
}

/// Settles what an older connection of the session has left.
pub(crate) fn settle_before(sidecar: &Arc<Sidecar>, session: &str) -> Result<(), Fault> {
    if settle_once(sidecar, session, None) {
        return Ok(());
    }
    Err(Refusal::Store("the store does not take what stands in the session's log".to_owned()).into())
}

/// Settles the logs of a session, or of one connection, however long the store takes.
pub(crate) async fn settle(sidecar: &Arc<Sidecar>, session: &str, over: Option<&Weak<Outbox>>) {
    while !settle_once(sidecar, session, over) {
        tokio::time::sleep(PAUSE).await;
    }
}

/// Settles what can be settled at once, before the sidecar ends.
pub(crate) fn settle_all(sidecar: &Arc<Sidecar>) {
    for session in sidecar.ahead.sessions() {
        let _is_left_to_the_next_one = settle_once(sidecar, &session, None);
    }
}

/// Settles what an earlier sidecar has left, now or when the store takes it.
pub(crate) fn settle_left(sidecar: &Arc<Sidecar>) {
    for session in sidecar.ahead.sessions() {
        if !settle_once(sidecar, &session, None) {
            let sidecar = Arc::clone(sidecar);
            tokio::spawn(async move {
                settle(&sidecar, &session, None).await;
                offer_free(&sidecar);
            });
        }
    }
}

/// Hangs up on sessions that are silent for so long that others may have their runs: their logs are settled then.
pub(crate) fn hang_up_on_silent(sidecar: &Sidecar) {
    let sessions = sidecar.ahead.sessions();
    sessions
        .iter()
        .filter(|session| sidecar.sessions.is_silent(session))
        .for_each(|session| sidecar.sessions.hang_up(session));
}

/// Whether the session, or the connection, has no log any more.
fn settle_once(sidecar: &Arc<Sidecar>, session: &str, over: Option<&Weak<Outbox>>) -> bool {
    sidecar.ahead.close(session, over).iter().all(|log| {
        let name = log.path().display();
        let done = match blocking(|| into_store(sidecar, log)) {
            Ok(Settled::NotYet) => return false,
            Ok(Settled::Wholly) => log.remove(),
            Ok(Settled::But(refused)) => log.put_aside().map(|aside| {
                let aside = aside.display();
                eprintln!("conductor sidecar: {refused} records of {name} belong to no run of this store; they are in {aside}");
            }),
            Err(error) => {
                if sidecar.ahead.is_first_failure(log) {
                    eprintln!("conductor sidecar: no run begins until {name} can be read: {error}");
                }
                return false;
            }
        };
        if let Err(error) = done {
            // The store has what is in it: the next sidecar tries once more.
            eprintln!("conductor sidecar: {name} stays: {error}");
        }
        sidecar.ahead.forget(log);
        true
    })
}

/// Closes a log and has the store take what stands in it.
fn into_store(sidecar: &Arc<Sidecar>, log: &Ahead) -> io::Result<Settled> {
    log.close()?;
    let lines = log.lines()?;
    // What is admitted is on the disk at a later look, unless the store is in trouble: another one may be about to commit it.
    for look in 1.. {
        let (waiting, refused) = offered(sidecar, log, &lines);
        match (waiting, refused) {
            // One that was on its way while its run changed hands is refused at first, and in the store at a later look.
            (0, refused) if refused == 0 || look == LOOKS => {
                let is_there = sidecar.journal.store().sync().is_ok();
                let settled = if refused == 0 { Settled::Wholly } else { Settled::But(refused) };
                return Ok(if is_there { settled } else { Settled::NotYet });
            }
            _ if look == LOOKS || (waiting > 0 && look > 1 && sidecar.is_in_trouble()) => break,
            _ => {}
        }
        sidecar.flush();
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(Settled::NotYet)
}

/// Offers lines to the journal: how many are not in the store yet, and how many will never be.
fn offered(sidecar: &Sidecar, log: &Ahead, lines: &[Vec<u8>]) -> (usize, usize) {
    let (mut waiting, mut refused) = (0, 0);
    for line in lines {
        match admit(sidecar, line, log.writer()) {
            Ok(true) => {}
            Ok(false) | Err(Refusal::Store(_)) => waiting += 1,
            Err(_) => refused += 1,
        }
    }
    (waiting, refused)
}

/// Has the journal admit a line of a log. Whether it is in the store already.
fn admit(sidecar: &Sidecar, line: &[u8], writer: &Writer) -> Result<bool, Refusal> {
    let invalid = |fault: Fault| Refusal::Invalid(fault.message);
    let Message::Incoming(incoming) = rpc::parse(line).map_err(invalid)? else {
        return Err(Refusal::Invalid("an answer".to_owned()));
    };
    if &*incoming.method == method::RUN_START {
        let start: RunStart = rpc::params(&incoming).map_err(invalid)?;
        if sidecar.journal.has(&start.run, 0)? {
            return Ok(true);
        }
        let request = recording::request_of(start, &writer.language);
        return sidecar.journal.start(request, Some(&writer.owner), &|_| false).map(|_| false);
    }
    let record: RecordParams<'_> = rpc::params(&incoming).map_err(invalid)?;
    if sidecar.journal.has(&record.run, record.seq)? {
        return Ok(true);
    }
    let recorded = record.admit(sidecar, &writer.owner.session)?;
    Ok(matches!(recorded, Recorded::Known { .. }))
}

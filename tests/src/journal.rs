//! Reads the committed journal from the store, as its own shell would.
//!
//! It takes no lock that a writer would feel, and trusts nothing: the checker judges what it reads.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use conductor_journal::{Keys, open_record};
use conductor_protocol::entry::Entry;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// What the sidecars of tests encrypt with.
pub const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// Where the frames of a process's own log begin.
const LOG_HEAD: usize = 4096;

/// Every run, by its id.
pub type Journal = BTreeMap<String, Run>;

#[derive(Debug, Clone)]
pub struct Run {
    pub workflow: String,
    pub state: String,
    /// JSON of the result.
    pub output: Option<String>,
    /// In the order of the store.
    pub records: Vec<Record>,
}

#[derive(Debug, Clone)]
pub struct Record {
    pub seq: u64,
    pub epoch: u64,
    /// The JSON array of the entries, as it is stored.
    pub body: String,
    pub entries: Vec<Entry>,
}

/// One consistent snapshot of the store.
///
/// # Errors
/// When the store cannot be read or an entry is not of the protocol's form.
pub fn read(store: &Path) -> Result<Journal> {
    let mut connection = open(store)?;
    let snapshot = connection.transaction()?;
    let mut journal = Journal::new();
    let mut runs = snapshot.prepare("SELECT id, workflow, state, output FROM runs")?;
    let mut rows = runs.query([])?;
    while let Some(row) = rows.next()? {
        let run = Run {
            workflow: row.get("workflow")?,
            state: row.get("state")?,
            output: row.get("output")?,
            records: Vec::new(),
        };
        journal.insert(row.get("id")?, run);
    }
    let mut last = 0;
    for (run, record) in records_after(&snapshot, &mut last)? {
        journal.get_mut(&run).context("a record without its run")?.records.push(record);
    }
    Ok(journal)
}

/// Follows the store and reads each committed record once.
#[derive(Debug, Default)]
pub struct Follower {
    last: i64,
}

impl Follower {
    /// Records committed since the last call, with their runs. Nothing where there is no store yet.
    ///
    /// # Errors
    /// When the store cannot be read or an entry is not of the protocol's form.
    pub fn news(&mut self, store: &Path) -> Result<Vec<(String, Record)>> {
        if !store.exists() {
            return Ok(Vec::new());
        }
        records_after(&open(store)?, &mut self.last)
    }
}

fn open(store: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(store, flags)
        .with_context(|| format!("failed to open {}", store.display()))?;
    connection.busy_timeout(crate::PATIENCE)?;
    Ok(connection)
}

/// Records in the order of their writing, which is that of their row ids.
fn records_after(connection: &Connection, last: &mut i64) -> Result<Vec<(String, Record)>> {
    let keys = Keys::parse(KEY)?;
    let mut found = Vec::new();
    let mut records = connection.prepare(
        "SELECT records.rowid, runs.id, seq, records.epoch, body FROM records JOIN runs ON runs.key = records.run \
         WHERE records.rowid > ?1 ORDER BY records.rowid",
    )?;
    let mut rows = records.query([*last])?;
    while let Some(row) = rows.next()? {
        *last = row.get(0)?;
        let stored: String = row.get(4)?;
        let body = open_record(Some(&keys), row.get::<_, i64>(2)?.try_into()?, &stored)?.to_string();
        let entries =
            serde_json::from_str(&body).with_context(|| format!("not a list of entries: {body}"))?;
        let (seq, epoch) = (row.get::<_, i64>(2)?.try_into()?, row.get::<_, i64>(3)?.try_into()?);
        found.push((row.get(1)?, Record { seq, epoch, body, entries }));
    }
    Ok(found)
}

/// Steps, by run and key, whose start stands in a process's own log beside the store, as `docs/protocol.md` says.
///
/// # Errors
/// When a log is there and cannot be read.
pub fn starts_in_logs(store: &Path) -> Result<Vec<(String, String)>> {
    let folder = store.with_file_name(format!("{}-logs", store.file_name().unwrap_or_default().display()));
    let mut found = Vec::new();
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()) {
        match fs::read(&path) {
            // The store has taken it over.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            bytes => found.extend(starts(bytes?.get(LOG_HEAD..).unwrap_or_default())),
        }
    }
    Ok(found)
}

/// Of the frames of one generation, up to the first that is not whole.
fn starts(frames: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for frame in frames.split_inclusive(|byte| *byte == b'\n') {
        let parts = (frame.get(..8), frame.get(9..), frame.get(9..17), frame.get(18..));
        let (Some(sum), Some(body), generation, Some(line)) = parts else { break };
        let sum = std::str::from_utf8(sum).ok().and_then(|sum| u32::from_str_radix(sum, 16).ok());
        if sum != Some(crc32fast::hash(body)) || generation != frames.get(9..17) {
            break;
        }
        let Ok(message) = serde_json::from_slice::<Value>(line) else { break };
        let params = &message["params"];
        let entries = params["entries"].as_array().into_iter().flatten();
        let keys = entries.filter_map(|entry| entry["step_started"]["key"].as_str());
        found.extend(keys.map(|key| (params["run"].as_str().unwrap_or_default().to_owned(), key.to_owned())));
    }
    found
}

impl Run {
    /// All entries with their record's epoch and sequence number.
    pub fn entries(&self) -> impl Iterator<Item = (&Record, &Entry)> {
        self.records.iter().flat_map(|record| record.entries.iter().map(move |entry| (record, entry)))
    }
}

//! The tables of the journal's file, its format version, and the way from each older one.
//!
//! It knows no run: only how the file must look.

use std::path::Path;

use rusqlite::Connection;

use super::open_error;
use crate::store::StoreError;

/// "Cdct": SQLite's own place for saying whose file it is.
const APPLICATION: i32 = 0x4364_6374;

/// Migration `n` leads from format `n` to `n + 1`. Never edit one that was released: add the next.
const MIGRATIONS: [&str; 8] =
    [FORMAT_1, FORMAT_2, FORMAT_3, FORMAT_4, FORMAT_5, FORMAT_6, FORMAT_7, FORMAT_8];

const FORMAT_1: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE plans (
    workflow TEXT NOT NULL, digest TEXT NOT NULL, language TEXT NOT NULL,
    PRIMARY KEY (workflow, digest)
) WITHOUT ROWID;
-- The wide columns stand last, so that a change of the head touches a run's first page only.
CREATE TABLE runs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    plan TEXT,
    language TEXT,
    state TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    next_seq INTEGER NOT NULL,
    owner_session TEXT,
    owner_pid INTEGER,
    owner_process_start INTEGER,
    input_digest TEXT NOT NULL,
    parent_run TEXT,
    parent_key TEXT,
    cancel_reason TEXT,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT
);
CREATE INDEX runs_open ON runs (key) WHERE finished_at IS NULL;
CREATE INDEX runs_by_workflow ON runs (workflow, key);
CREATE INDEX runs_by_state ON runs (state, key);
CREATE TABLE records (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (run, seq)
);
";

const FORMAT_2: &str = "
CREATE TABLE signals (
    run INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    signal TEXT NOT NULL,
    id TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (run, ordinal),
    UNIQUE (run, id)
);
";

const FORMAT_3: &str = "
-- Without `cron` the workflow has no schedule any more.
CREATE TABLE schedules (
    workflow TEXT PRIMARY KEY,
    cron TEXT,
    time_zone TEXT NOT NULL,
    missed TEXT NOT NULL,
    done INTEGER NOT NULL,
    boot TEXT NOT NULL,
    process_start INTEGER NOT NULL
) WITHOUT ROWID;
";

/// Values of sealed runs are encrypted from here on, and their `input_digest` is keyed.
const FORMAT_4: &str = "
-- A JSON array of names.
ALTER TABLE plans ADD COLUMN secret TEXT NOT NULL DEFAULT '[]';
";

/// Purged runs leave a tombstone, and are taken away piece by piece.
const FORMAT_5: &str = "
CREATE INDEX runs_ended ON runs (finished_at, key) WHERE finished_at IS NOT NULL;
CREATE TABLE tombstones (
    id TEXT PRIMARY KEY,
    workflow TEXT NOT NULL,
    input_digest TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    purged_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tombstones_by_time ON tombstones (purged_at);
-- Keys of purged runs whose records may still be there. The highest stays, so that no key is given twice.
CREATE TABLE purging (run INTEGER PRIMARY KEY);
";

/// A store of an older format whose file is larger is not written anew: its free pages are used again, and not given back.
const REWRITTEN: u64 = 256 << 20;

const FORMAT_6: &str = "
-- What people decided on breakers and policies; the last of an id stands.
CREATE TABLE audit (
    ordinal INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT NOT NULL,
    by TEXT NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX audit_of ON audit (kind, id, ordinal);
";

const FORMAT_7: &str = "
-- Runs of a workflow in a state, and runs of a time, however many others there are.
CREATE INDEX runs_by_both ON runs (workflow, state, key);
CREATE INDEX runs_by_start ON runs (started_at, key);
";

const FORMAT_8: &str = "
-- What 128 runs each may hold, as bits: null where that may be anything. `noted` in `meta` is the first block that is not here yet.
CREATE TABLE blocks (
    block INTEGER PRIMARY KEY,
    earliest INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    fields BLOB,
    errors BLOB
);
-- By itself, because it is large and seldom asked for.
CREATE TABLE block_texts (block INTEGER PRIMARY KEY, texts BLOB);
-- Keys of runs that have changed since their block was noted.
CREATE TABLE changed (run INTEGER PRIMARY KEY);
";

/// The format that this build writes.
#[expect(clippy::cast_possible_truncation, reason = "there will never be four thousand million formats")]
pub(crate) const FORMAT: u32 = MIGRATIONS.len() as u32;

/// Refuses a database that is not a journal before anything in it is changed.
pub(super) fn refuse_foreign(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let fail = |error: rusqlite::Error| open_error(path, &error);
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fail)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(fail)?;
    if application != APPLICATION && tables > 0 {
        return Err(StoreError::Foreign { path: path.display().to_string() });
    }
    Ok(())
}

/// Makes the tables of a new file and migrates an older one, all or nothing.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let fail = |error: rusqlite::Error| open_error(path, &error);
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    if found > FORMAT {
        return Err(StoreError::Newer { path: path.display().to_string(), found, supported: FORMAT });
    }
    if found == FORMAT {
        return Ok(());
    }
    let change = connection.transaction().map_err(fail)?;
    for migration in &MIGRATIONS[found as usize..] {
        change.execute_batch(migration).map_err(fail)?;
    }
    // Rows may get other numbers below: who reads them in order begins anew.
    change.execute("DELETE FROM meta WHERE name = 'exported'", []).map_err(fail)?;
    change.pragma_update(None, "application_id", APPLICATION).map_err(fail)?;
    change.pragma_update(None, "user_version", FORMAT).map_err(fail)?;
    change
        .execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('format', ?1)", [FORMAT])
        .map_err(fail)?;
    change.commit().map_err(fail)?;
    let size = std::fs::metadata(path).map_or(0, |meta| meta.len());
    if found > 0 && size <= REWRITTEN {
        // Only this lets a file that was made without the setting of `connect` shrink. It may fail: nothing depends on it.
        let _no_space = connection.execute_batch("VACUUM");
    }
    Ok(())
}

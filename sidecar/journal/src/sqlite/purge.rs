//! Purging: a tombstone takes the place of a run at once, what the run left behind goes away in slices.
//!
//! It knows no reason to purge, and nobody who waits: the store sees to it that commits do not wait long.

use std::time::Instant;

use conductor_protocol::entry::UnixMillis;
use conductor_protocol::state::RunState;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{blocks, feed};
use crate::store::{EndPlace, PURGE_SLICE, PurgeFilter, Purged, Tombstone};

type Sql<T> = Result<T, rusqlite::Error>;

/// Runs that one look finds, at most.
const LOOK: usize = 64;

/// Pages that stay free for the next runs: giving a page back and taking it again costs more than it saves.
const SPARE_PAGES: i64 = 64;

/// Runs that one slice may purge.
pub(super) struct Candidates {
    /// Each with its place, after which the next slice goes on.
    pub(super) runs: Vec<EndPlace>,
    pub(super) next: Option<EndPlace>,
}

/// What one slice of sweeping did.
pub(super) struct Swept {
    pub(super) more: bool,
    pub(super) shrunk: bool,
}

pub(super) fn tombstone(connection: &Connection, run: &str) -> Sql<Option<Tombstone>> {
    connection
        .prepare_cached(
            "SELECT id, workflow, input_digest, state, started_at, finished_at, purged_at FROM tombstones
             WHERE id = ?1",
        )?
        .query_row([run], |row| {
            let name: String = row.get(3)?;
            let state = RunState::parse(&name)
                .ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(3, Type::Text, name.into()))?;
            Ok(Tombstone {
                id: row.get(0)?,
                workflow: row.get(1)?,
                input_digest: row.get(2)?,
                state,
                started_at: row.get(4)?,
                finished_at: row.get(5)?,
                purged_at: row.get(6)?,
            })
        })
        .optional()
}

pub(super) fn children(connection: &Connection, run: &str, after: &str, limit: u32) -> Sql<Vec<String>> {
    // Ids of children are `RUN/KEY`; '0' is the character after '/'.
    let first = if after.is_empty() { format!("{run}/") } else { after.to_owned() };
    connection
        .prepare_cached(
            "SELECT id FROM runs WHERE id > ?1 AND id < ?2 AND parent_run = ?3 ORDER BY id LIMIT ?4",
        )?
        .query_map(params![first, format!("{run}0"), run, limit], |row| row.get(0))?
        .collect()
}

/// Looks for runs without holding up anybody, for the length of a slice at most.
pub(super) fn candidates(
    connection: &Connection,
    filter: &PurgeFilter,
    after: Option<EndPlace>,
) -> Sql<Candidates> {
    let began = Instant::now();
    let (time, key) = after.unwrap_or((i64::MIN, 0));
    let mut statement = connection.prepare_cached(
        "SELECT finished_at, key, id, workflow, state, parent_run FROM runs
         WHERE finished_at IS NOT NULL AND (finished_at, key) > (?1, ?2) AND finished_at < ?3
         ORDER BY finished_at, key",
    )?;
    let mut rows = statement.query(params![time, key, filter.ended_before])?;
    let mut found = Candidates { runs: Vec::new(), next: None };
    while let Some(row) = rows.next()? {
        let place: EndPlace = (row.get(0)?, row.get(1)?);
        let workflow: String = row.get(3)?;
        let state: String = row.get(4)?;
        let wanted = filter.workflow.as_ref().is_none_or(|wanted| *wanted == workflow)
            && filter.state.is_none_or(|wanted| wanted.as_str() == state);
        let id: String = row.get(2)?;
        if wanted && !is_kept_above(connection, &id, row.get(5)?, filter.ended_before)? {
            found.runs.push(place);
        }
        if found.runs.len() == LOOK || began.elapsed() >= PURGE_SLICE {
            found.next = Some(place);
            break;
        }
    }
    Ok(found)
}

/// Whether a run above this one is still needed: its replay asks for its children, and undoes them by their journals.
fn is_kept_above(connection: &Connection, id: &str, parent: Option<String>, before: UnixMillis) -> Sql<bool> {
    let mut statement = connection.prepare_cached(
        "SELECT parent_run, finished_at IS NULL OR finished_at >= ?2 FROM runs WHERE id = ?1",
    )?;
    let mut look = |run: &str| -> Sql<Option<(Option<String>, bool)>> {
        statement.query_row(params![run, before], |row| Ok((row.get(0)?, row.get(1)?))).optional()
    };
    for (end, _) in id.match_indices('/') {
        if look(&id[..end])?.is_some_and(|(_, kept)| kept) {
            return Ok(true);
        }
    }
    // A parent's id is always a part of its child's in what runtimes start; a client may do otherwise, in a circle even.
    let mut above = parent.filter(|parent| !id.starts_with(parent.as_str()));
    for _ in 0..LOOK {
        let Some((parent, kept)) = above.map_or(Ok(None), |run| look(&run))? else { return Ok(false) };
        if kept {
            return Ok(true);
        }
        above = parent;
    }
    Ok(true)
}

/// Puts tombstones in the places of what was found, as far as the slice goes.
pub(super) fn bury(connection: &mut Connection, found: &Candidates, at: UnixMillis) -> Sql<Purged> {
    let began = Instant::now();
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut done = Purged { runs: 0, next: found.next };
    for place in &found.runs {
        done.runs += u64::from(bury_one(&change, place.1, at)?);
        if began.elapsed() >= PURGE_SLICE {
            if found.runs.last() != Some(place) {
                done.next = Some(*place);
            }
            break;
        }
    }
    change.commit()?;
    Ok(done)
}

pub(super) fn one(connection: &mut Connection, run: &str, at: UnixMillis) -> Sql<bool> {
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let key = change
        .prepare_cached("SELECT key FROM runs WHERE id = ?1")?
        .query_row([run], |row| row.get(0))
        .optional()?;
    let Some(key) = key else { return Ok(false) };
    let is_done = bury_one(&change, key, at)?;
    change.commit()?;
    Ok(is_done)
}

/// False where the run has not ended, or not any more.
fn bury_one(connection: &Connection, key: i64, at: UnixMillis) -> Sql<bool> {
    let buried = connection
        .prepare_cached(
            "INSERT OR REPLACE INTO tombstones
                 (id, workflow, input_digest, state, started_at, finished_at, purged_at)
             SELECT id, workflow, input_digest, state, started_at, finished_at, ?2 FROM runs
             WHERE key = ?1 AND finished_at IS NOT NULL",
        )?
        .execute(params![key, at])?;
    if buried == 0 {
        return Ok(false);
    }
    connection.prepare_cached("INSERT OR IGNORE INTO purging (run) VALUES (?1)")?.execute([key])?;
    connection.prepare_cached("DELETE FROM runs WHERE key = ?1")?.execute([key])?;
    Ok(true)
}

pub(super) fn sweep(connection: &mut Connection, tombstones_before: UnixMillis) -> Sql<Swept> {
    let began = Instant::now();
    let is_over = || began.elapsed() >= PURGE_SLICE;
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let last: Option<i64> =
        change.prepare_cached("SELECT max(run) FROM purging")?.query_row([], |row| row.get(0))?;
    while !is_over() {
        let run: Option<i64> = change
            .prepare_cached("SELECT run FROM purging ORDER BY run LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?;
        let Some(run) = run else { break };
        let is_clean = empty(&change, run, &is_over)?;
        if !is_clean || Some(run) == last {
            break;
        }
        blocks::forget(&change, run)?;
        change.prepare_cached("DELETE FROM purging WHERE run = ?1")?.execute([run])?;
    }
    feed::shortened(&change)?;
    let forgotten = change
        .prepare_cached(
            "DELETE FROM tombstones WHERE id IN (SELECT id FROM tombstones WHERE purged_at < ?1 LIMIT 256)",
        )?
        .execute([tombstones_before])?;
    change.commit()?;
    if is_over() || forgotten > 0 {
        return Ok(Swept { more: true, shrunk: false });
    }
    give_back(connection, &is_over)
}

/// Deletes the records and signals of a purged run, a few at a time: one may have thousands of pages. True when none is left.
fn empty(connection: &Connection, run: i64, is_over: &impl Fn() -> bool) -> Sql<bool> {
    for table in ["records", "signals"] {
        let mut statement = connection.prepare_cached(&format!(
            "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE run = ?1 LIMIT 8)"
        ))?;
        while statement.execute([run])? > 0 {
            if is_over() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether the file was made so that its free pages can be cut off.
pub(super) fn gives_back(connection: &Connection) -> Sql<bool> {
    const INCREMENTAL: i64 = 2;
    connection.pragma_query_value(None, "auto_vacuum", |row| row.get(0)).map(|mode: i64| mode == INCREMENTAL)
}

/// Moves free pages to the end of the file and cuts them off.
fn give_back(connection: &Connection, is_over: &impl Fn() -> bool) -> Sql<Swept> {
    let gives_back = gives_back(connection)?;
    let mut shrunk = false;
    while gives_back && !is_over() {
        let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
        if free <= SPARE_PAGES {
            return Ok(Swept { more: false, shrunk });
        }
        connection.execute_batch("PRAGMA incremental_vacuum(16)")?;
        shrunk = true;
    }
    Ok(Swept { more: gives_back, shrunk })
}

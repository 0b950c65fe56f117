//! What blocks of runs may hold, noted behind the commits, and the search that it shortens.
//!
//! It knows when a block may be noted, not what its bits mean.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Instant;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params, params_from_iter};

use super::read;
use crate::search::{
    Block, Builder, Glimpse, LONGEST, Member, Probe, Probes, Scan, Scanned, Stretch, block_of, first_of,
};
use crate::store::{PURGE_SLICE, Times};

type Sql<T> = Result<T, rusqlite::Error>;

/// The newest runs are not noted yet: most of them are still to end.
const LAG: i64 = 1024;

/// Blocks that one slice notes at most.
const SLICE: i64 = 16;

/// The first block that is not noted yet.
pub(super) fn next(connection: &Connection) -> Sql<i64> {
    let next = connection
        .prepare_cached("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'noted'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(next.unwrap_or(0))
}

/// Blocks that one slice may note.
pub(super) fn due(connection: &Connection) -> Sql<Range<i64>> {
    let last: i64 = connection
        .prepare_cached("SELECT coalesce(max(key), 0) FROM runs")?
        .query_row([], |row| row.get(0))?;
    let next = next(connection)?;
    Ok(next..block_of(last - LAG).min(next + SLICE).max(next))
}

/// Reads the runs of a block. Every run of it is there, and who changes one from now on says so.
fn gather(connection: &Connection, block: i64) -> Sql<Option<Block>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT started_at, input_digest, CASE WHEN octet_length(input) <= {LONGEST} THEN input END,
             error IS NOT NULL, CASE WHEN octet_length(error) <= {LONGEST} THEN error END
         FROM runs WHERE key BETWEEN ?1 AND ?2"
    ))?;
    let mut rows = statement.query([first_of(block), first_of(block + 1) - 1])?;
    let mut builder = Builder::new();
    while let Some(row) = rows.next()? {
        builder.add(&Member {
            started_at: row.get(0)?,
            input_digest: row.get_ref(1)?.as_str()?,
            input: row.get_ref(2)?.as_str_or_null()?,
            has_error: row.get(3)?,
            error: row.get_ref(4)?.as_str_or_null()?,
        });
    }
    Ok(builder.build())
}

/// Reads blocks as long as a slice goes; the first of them always.
pub(super) fn gather_all(connection: &Connection, due: Range<i64>) -> Sql<Vec<(i64, Option<Block>)>> {
    let began = Instant::now();
    let mut gathered = Vec::new();
    for block in due {
        gathered.push((block, gather(connection, block)?));
        if began.elapsed() >= PURGE_SLICE {
            break;
        }
    }
    Ok(gathered)
}

fn write(connection: &Connection, number: i64, block: Option<&Block>) -> Sql<()> {
    let Some(block) = block else { return erase(connection, number) };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO blocks (block, earliest, latest, fields, errors) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![number, block.earliest, block.latest, block.fields, block.errors])?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO block_texts (block, texts) VALUES (?1, ?2)")?
        .execute(params![number, block.texts])?;
    Ok(())
}

fn erase(connection: &Connection, number: i64) -> Sql<()> {
    connection.prepare_cached("DELETE FROM blocks WHERE block = ?1")?.execute([number])?;
    connection.prepare_cached("DELETE FROM block_texts WHERE block = ?1")?.execute([number])?;
    Ok(())
}

/// Writes what was gathered, with how far that is.
pub(super) fn keep(connection: &mut Connection, gathered: &[(i64, Option<Block>)]) -> Sql<()> {
    let Some((last, _)) = gathered.last() else { return Ok(()) };
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (number, block) in gathered {
        write(&change, *number, block.as_ref())?;
    }
    change
        .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES ('noted', ?1)")?
        .execute([(last + 1).to_string()])?;
    change.commit()
}

/// Notes blocks anew of which a run has changed, while nobody commits. Whether there are more.
pub(super) fn renew(connection: &mut Connection) -> Sql<bool> {
    let began = Instant::now();
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let end = first_of(next(&change)?);
    let mut is_over = false;
    while let Some(run) = first_changed(&change, end)? {
        if is_over {
            change.commit()?;
            return Ok(true);
        }
        let number = block_of(run);
        write(&change, number, gather(&change, number)?.as_ref())?;
        change
            .prepare_cached("DELETE FROM changed WHERE run BETWEEN ?1 AND ?2")?
            .execute([first_of(number), first_of(number + 1) - 1])?;
        is_over = began.elapsed() >= PURGE_SLICE;
    }
    change.commit()?;
    Ok(false)
}

fn first_changed(connection: &Connection, end: i64) -> Sql<Option<i64>> {
    connection
        .prepare_cached("SELECT run FROM changed WHERE run < ?1 ORDER BY run LIMIT 1")?
        .query_row([end], |row| row.get(0))
        .optional()
}

/// Whether [`renew`] has something to do.
pub(super) fn is_changed(connection: &Connection) -> Sql<bool> {
    Ok(first_changed(connection, first_of(next(connection)?))?.is_some())
}

/// Says that the run is no longer what was noted of its block.
pub(super) fn mark(connection: &Connection, run: i64) -> Sql<()> {
    connection.prepare_cached("INSERT OR IGNORE INTO changed (run) VALUES (?1)")?.execute([run]).map(drop)
}

/// A run is gone: so is what was noted of its block, when it was the last.
pub(super) fn forget(connection: &Connection, run: i64) -> Sql<()> {
    let block = block_of(run);
    let is_left: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM runs WHERE key BETWEEN ?1 AND ?2)")?
        .query_row([first_of(block), first_of(block + 1) - 1], |row| row.get(0))?;
    connection.prepare_cached("DELETE FROM changed WHERE run = ?1")?.execute([run])?;
    if is_left { Ok(()) } else { erase(connection, block) }
}

pub(super) fn stretches(connection: &Connection, probes: &Probes) -> Sql<Vec<Stretch>> {
    // One transaction: what is noted, how far, and what has changed since belong together.
    let view = connection.unchecked_transaction()?;
    let next = next(&view)?;
    let changed: BTreeSet<i64> = view
        .prepare_cached("SELECT run FROM changed")?
        .query_map([], |row| row.get(0).map(block_of))?
        .collect::<Sql<_>>()?;
    let texts = if probes.texts.is_some() { "texts" } else { "NULL" };
    let join = if probes.texts.is_some() { "JOIN block_texts USING (block)" } else { "" };
    let mut statement = view.prepare_cached(&format!(
        "SELECT block, earliest, latest, fields, errors, {texts} FROM blocks {join} ORDER BY block DESC"
    ))?;
    let mut rows = statement.query([])?;
    let mut found = vec![Stretch::all_from(next)];
    while let Some(row) = rows.next()? {
        let block: i64 = row.get(0)?;
        let may_hold = |probe: &Option<Probe>, column: usize| -> Sql<bool> {
            let Some(probe) = probe else { return Ok(true) };
            Ok(probe.may_hold(row.get_ref(column)?.as_blob_or_null()?))
        };
        let is_wanted = changed.contains(&block)
            || may_hold(&probes.fields, 3)? && may_hold(&probes.errors, 4)? && may_hold(&probes.texts, 5)?;
        if is_wanted {
            found.push(Stretch::of(block, row.get(1)?, row.get(2)?));
        }
    }
    Ok(found)
}

pub(super) fn keys_of(connection: &Connection, times: Times) -> Sql<(i64, i64)> {
    let view = connection.unchecked_transaction()?;
    let first: Option<i64> = view
        .prepare_cached("SELECT min(block) FROM blocks WHERE latest >= ?1 AND earliest <= ?2")?
        .query_row([times.since, times.until], |row| row.get(0))?;
    let next = next(&view)?;
    Ok((first_of(first.unwrap_or(next)), i64::MAX))
}

pub(super) fn scan(connection: &Connection, scan: &Scan<'_>) -> Sql<Scanned> {
    let filter = scan.filter;
    let mut sql =
        "SELECT key, started_at, workflow, state, input_digest, input, error FROM runs WHERE 1".to_owned();
    let mut values: Vec<Value> = Vec::new();
    read::narrow(&mut sql, &mut values, filter, scan.within);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let (mut keys, mut scanned, mut looked) = (Vec::new(), Scanned::default(), 0);
    while let Some(row) = rows.next()? {
        if looked == filter.limit {
            scanned.more = true;
            break;
        }
        looked += 1;
        let (key, started_at): (i64, i64) = (row.get(0)?, row.get(1)?);
        scanned.last = Some((started_at, key));
        let text = |column| row.get_ref(column).and_then(|value: ValueRef<'_>| Ok(value.as_str()?));
        let seen = Glimpse {
            workflow: text(2)?,
            state: text(3)?,
            started_at,
            input_digest: text(4)?,
            input: text(5)?,
            error: row.get_ref(6)?.as_str_or_null()?,
        };
        if scan.may_fit(&seen) {
            keys.push(key);
        }
    }
    scanned.runs = read::runs_of(connection, &keys)?;
    Ok(scanned)
}

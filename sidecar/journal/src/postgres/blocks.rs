//! What blocks of runs may hold, noted behind the commits of all sidecars, and the search that it shortens.
//!
//! It knows when a block may be noted, not what its bits mean. A trigger says which runs have changed since.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row, Transaction};

use super::link::Wire;
use super::read::{self, Rows};
use crate::search::{
    Block, Builder, Glimpse, LONGEST, Member, Probe, Probes, Scan, Scanned, Stretch, block_of, first_of,
};
use crate::store::Times;

/// The newest runs are not noted yet: most of them are still to end.
const LAG: i64 = 1024;

/// Blocks that one slice notes at most.
const SLICE: i64 = 16;

/// How often, and how long each time, a slice waits for transactions that may not know yet what is noted.
const WAITS: u32 = 20;
const WAIT: Duration = Duration::from_millis(10);

/// Blocks that one slice may note: said to all sidecars, and once nobody is at work who may not have heard it. Keys are given
/// out in order, each under a lock on the table, so that no run is added below them either.
async fn due(wire: &mut Wire) -> Result<Range<i64>, Error> {
    let sql = "SELECT coalesce((SELECT value::bigint FROM meta WHERE name = 'noted'), 0),
        coalesce((SELECT max(key) FROM runs), 0)";
    let statement = wire.prepared(sql).await?;
    let row = wire.client.query_one(&statement, &[]).await?;
    let (next, last): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    let due = next..block_of(last - LAG).min(next + SLICE).max(next);
    if due.is_empty() {
        return Ok(due);
    }
    let sql = "INSERT INTO meta AS old (name, value) VALUES ('noting', $1) ON CONFLICT (name) DO UPDATE
        SET value = greatest(old.value::bigint, excluded.value::bigint)::text";
    let statement = wire.prepared(sql).await?;
    wire.client.execute(&statement, &[&first_of(due.end).to_string()]).await?;
    let sql = "SELECT virtualtransaction FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'runs'::regclass AND mode = 'RowExclusiveLock'
            AND ($1::text[] IS NULL OR virtualtransaction = ANY($1))";
    let statement = wire.prepared(sql).await?;
    let mut at_work: Option<Vec<String>> = None;
    for _ in 0..WAITS {
        let rows = wire.client.query(&statement, &[&at_work]).await?;
        let left: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        if left.is_empty() {
            return Ok(due);
        }
        at_work = Some(left);
        std::thread::sleep(WAIT);
    }
    Ok(next..next)
}

/// Reads the runs of a block.
async fn gather(wire: &Transaction<'_>, block: i64) -> Result<Option<Block>, Error> {
    let sql = format!(
        "SELECT started_at, input_digest, CASE WHEN octet_length(input) <= {LONGEST} THEN input END,
             error IS NOT NULL, CASE WHEN octet_length(error) <= {LONGEST} THEN error END
         FROM runs WHERE key BETWEEN $1 AND $2"
    );
    let rows = wire.query(&sql, &[&first_of(block), &(first_of(block + 1) - 1)]).await?;
    let mut builder = Builder::new();
    for row in &rows {
        builder.add(&Member {
            started_at: row.try_get(0)?,
            input_digest: row.try_get(1)?,
            input: row.try_get(2)?,
            has_error: row.try_get(3)?,
            error: row.try_get(4)?,
        });
    }
    Ok(builder.build())
}

async fn write(wire: &Transaction<'_>, number: i64, block: Option<&Block>) -> Result<(), Error> {
    let Some(block) = block else {
        return wire.execute("DELETE FROM blocks WHERE block = $1", &[&number]).await.map(drop);
    };
    let sql =
        "INSERT INTO blocks (block, earliest, latest, fields, errors, texts) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (block) DO UPDATE SET earliest = excluded.earliest, latest = excluded.latest,
            fields = excluded.fields, errors = excluded.errors, texts = excluded.texts";
    let values: [&(dyn ToSql + Sync); 6] =
        [&number, &block.earliest, &block.latest, &block.fields, &block.errors, &block.texts];
    wire.execute(sql, &values).await.map(drop)
}

/// One slice. Whether there is more.
pub(super) async fn note(wire: &mut Wire) -> Result<bool, Error> {
    let due = due(wire).await?;
    if due.is_empty() {
        return renew(wire).await;
    }
    let change = wire.client.transaction().await?;
    // Where two sidecars are at it, one of them finds it done.
    let sql = "INSERT INTO meta AS old (name, value) VALUES ('noted', $2) ON CONFLICT (name) DO UPDATE
        SET value = excluded.value WHERE old.value = $1";
    if change.execute(sql, &[&due.start.to_string(), &due.end.to_string()]).await? == 0 {
        return Ok(true);
    }
    for number in due {
        let block = gather(&change, number).await?;
        write(&change, number, block.as_ref()).await?;
    }
    change.commit().await?;
    Ok(true)
}

/// Notes one block anew of which a run has changed. Marks whose writer is still at work stay, and those of blocks that may be
/// on their way.
async fn renew(wire: &mut Wire) -> Result<bool, Error> {
    let sql =
        "SELECT c.run, m.value::bigint FROM changed c, meta m WHERE m.name = 'noted' ORDER BY c.run LIMIT 1";
    let statement = wire.prepared(sql).await?;
    let Some(row) = wire.client.query_opt(&statement, &[]).await? else { return Ok(false) };
    let (run, next): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if run >= first_of(next) {
        return Ok(false);
    }
    let number = block_of(run);
    let change = wire.client.transaction().await?;
    let sql = "DELETE FROM changed WHERE run IN (
        SELECT run FROM changed WHERE run BETWEEN $1 AND $2 FOR UPDATE SKIP LOCKED)";
    if change.execute(sql, &[&first_of(number), &(first_of(number + 1) - 1)]).await? == 0 {
        return Ok(false);
    }
    let block = gather(&change, number).await?;
    write(&change, number, block.as_ref()).await?;
    change.commit().await?;
    Ok(true)
}

/// A run is gone: so is what was noted of its block, when it was the last.
pub(super) async fn forget(wire: &mut Wire, run: i64) -> Result<(), Error> {
    let block = block_of(run);
    let sql = "DELETE FROM blocks WHERE block = $1
        AND NOT EXISTS (SELECT 1 FROM runs WHERE key BETWEEN $2 AND $3)";
    let statement = wire.prepared(sql).await?;
    let values: [&(dyn ToSql + Sync); 3] = [&block, &first_of(block), &(first_of(block + 1) - 1)];
    wire.client.execute(&statement, &values).await.map(drop)
}

pub(super) async fn stretches(wire: &mut Wire, probes: &Probes) -> Result<Vec<Stretch>, Error> {
    // Read before the blocks: what is noted meanwhile is looked through all the same.
    let sql = "SELECT coalesce((SELECT value::bigint FROM meta WHERE name = 'noted'), 0),
        ARRAY(SELECT run FROM changed)";
    let statement = wire.prepared(sql).await?;
    let row = wire.client.query_one(&statement, &[]).await?;
    let (next, changed): (i64, Vec<i64>) = (row.try_get(0)?, row.try_get(1)?);
    let changed: BTreeSet<i64> = changed.into_iter().map(block_of).collect();
    let column = |probe: &Option<Probe>, name| if probe.is_some() { name } else { "NULL::bytea" };
    let sql = format!(
        "SELECT block, earliest, latest, {}, {}, {} FROM blocks WHERE block < $1 ORDER BY block DESC",
        column(&probes.fields, "fields"),
        column(&probes.errors, "errors"),
        column(&probes.texts, "texts"),
    );
    let statement = wire.prepared(&sql).await?;
    let mut found = vec![Stretch::all_from(next)];
    for row in wire.client.query(&statement, &[&next]).await? {
        let block: i64 = row.try_get(0)?;
        let may_hold = |probe: &Option<Probe>, column: usize| -> Result<bool, Error> {
            let Some(probe) = probe else { return Ok(true) };
            Ok(probe.may_hold(row.try_get(column)?))
        };
        let is_wanted = changed.contains(&block)
            || may_hold(&probes.fields, 3)? && may_hold(&probes.errors, 4)? && may_hold(&probes.texts, 5)?;
        if is_wanted {
            found.push(Stretch::of(block, row.try_get(1)?, row.try_get(2)?));
        }
    }
    Ok(found)
}

pub(super) async fn keys_of(wire: &mut Wire, times: Times) -> Result<(i64, i64), Error> {
    let sql = "SELECT coalesce((SELECT min(block) FROM blocks WHERE latest >= $1 AND earliest <= $2),
        (SELECT value::bigint FROM meta WHERE name = 'noted'), 0)";
    let statement = wire.prepared(sql).await?;
    let row = wire.client.query_one(&statement, &[&times.since, &times.until]).await?;
    Ok((first_of(row.try_get(0)?), i64::MAX))
}

pub(super) async fn scan(wire: &mut Wire, me: &str, scan: &Scan<'_>) -> Rows<Scanned> {
    let rows = read::selected(wire, me, scan.filter, scan.within).await?;
    let mut scanned = Scanned::default();
    let limit = scan.filter.limit as usize;
    scanned.more = rows.len() > limit;
    for row in rows.iter().take(limit) {
        let seen = glimpse(row)?;
        scanned.last = Some((seen.started_at, row.try_get("key")?));
        if scan.may_fit(&seen) {
            match read::run(row, true)? {
                Ok(run) => scanned.runs.push(run),
                Err(damaged) => return Ok(Err(damaged)),
            }
        }
    }
    Ok(Ok(scanned))
}

fn glimpse(row: &Row) -> Result<Glimpse<'_>, Error> {
    Ok(Glimpse {
        workflow: row.try_get("workflow")?,
        state: row.try_get("state")?,
        started_at: row.try_get("started_at")?,
        input_digest: row.try_get("input_digest")?,
        input: row.try_get("input")?,
        error: row.try_get("error")?,
    })
}

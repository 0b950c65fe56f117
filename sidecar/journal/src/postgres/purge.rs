//! Purging: a tombstone takes the place of a run at once, what the run left behind goes away in slices.
//!
//! It knows no reason to purge. Nobody waits for it: the server works on several things at once.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::entry::UnixMillis;
use conductor_protocol::state::RunState;
use tokio_postgres::Error;

use super::blocks;
use super::link::Wire;
use super::read::{Rows, damaged};
use super::write::text;
use crate::store::{EndPlace, PurgeFilter, Purged, Tombstone};

/// Runs that one slice looks at, and generations above them.
const LOOK: usize = 64;

/// Records that one slice takes away.
const SLICE: u64 = 1000;

pub(super) const STONE: &str = "SELECT id, workflow, input_digest, state, started_at, finished_at, purged_at
    FROM tombstones WHERE id = $1";

pub(super) async fn tombstone(wire: &Wire, run: &str) -> Rows<Option<Tombstone>> {
    let statement = wire.prepared(STONE).await?;
    let Some(row) = wire.client.query_opt(&statement, &[&text(run)]).await? else { return Ok(Ok(None)) };
    let name: &str = row.try_get(3)?;
    let Some(state) = RunState::parse(name) else { return Ok(Err(damaged("state", name))) };
    Ok(Ok(Some(Tombstone {
        id: row.try_get(0)?,
        workflow: row.try_get(1)?,
        input_digest: row.try_get(2)?,
        state,
        started_at: row.try_get(4)?,
        finished_at: row.try_get(5)?,
        purged_at: row.try_get(6)?,
    })))
}

pub(super) async fn children(
    wire: &mut Wire,
    run: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<String>, Error> {
    // Ids of children are `RUN/KEY`; '0' is the character after '/'.
    let first = if after.is_empty() { format!("{run}/") } else { after.to_owned() };
    let sql = "SELECT id FROM runs WHERE id > $1 AND id < $2 AND parent_run = $3 ORDER BY id LIMIT $4";
    let statement = wire.prepared(sql).await?;
    let (last, limit) = (format!("{run}0"), i64::from(limit));
    let rows = wire.client.query(&statement, &[&text(&first), &text(&last), &text(run), &limit]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

pub(super) async fn slice(
    wire: &mut Wire,
    filter: &PurgeFilter,
    after: Option<EndPlace>,
    at: UnixMillis,
) -> Result<Purged, Error> {
    let (time, key) = after.unwrap_or((i64::MIN, 0));
    let sql = "SELECT finished_at, key, id, workflow, state, parent_run FROM runs
        WHERE finished_at IS NOT NULL AND (finished_at, key) > ($1, $2) AND finished_at < $3
        ORDER BY finished_at, key LIMIT $4";
    let statement = wire.prepared(sql).await?;
    let limit = i64::try_from(LOOK).unwrap_or(i64::MAX);
    let rows = wire.client.query(&statement, &[&time, &key, &filter.ended_before, &limit]).await?;
    let mut found: BTreeMap<i64, (String, Option<String>)> = BTreeMap::new();
    let mut next = None;
    for row in &rows {
        let (workflow, state): (&str, &str) = (row.try_get(3)?, row.try_get(4)?);
        next = Some((row.try_get(0)?, row.try_get(1)?));
        if filter.workflow.as_ref().is_none_or(|wanted| text(wanted) == workflow)
            && filter.state.is_none_or(|wanted| wanted.as_str() == state)
        {
            found.insert(row.try_get(1)?, (row.try_get(2)?, row.try_get(5)?));
        }
    }
    let kept = kept_above(wire, &found, filter.ended_before).await?;
    let keys: Vec<i64> = found.into_keys().filter(|key| !kept.contains(key)).collect();
    let runs = if keys.is_empty() { 0 } else { bury(wire, "key = ANY($1)", &keys, at).await? };
    Ok(Purged { runs, next: next.filter(|_| rows.len() == LOOK) })
}

/// Those above which a run is still needed: its replay asks for its children, and undoes them by their journals.
async fn kept_above(
    wire: &mut Wire,
    found: &BTreeMap<i64, (String, Option<String>)>,
    before: UnixMillis,
) -> Result<BTreeSet<i64>, Error> {
    let mut kept = BTreeSet::new();
    // A parent's id is always a part of its child's in what runtimes start; a client may do otherwise, in a circle even.
    let mut above: Vec<(i64, String)> = Vec::new();
    for (key, (id, parent)) in found {
        above.extend(id.match_indices('/').map(|(end, _)| (*key, id[..end].to_owned())));
        above.extend(parent.iter().filter(|parent| !id.starts_with(*parent)).map(|run| (*key, run.clone())));
    }
    let sql = "SELECT id, parent_run, finished_at IS NULL OR finished_at >= $2 FROM runs WHERE id = ANY($1)";
    let statement = wire.prepared(sql).await?;
    for _ in 0..LOOK {
        if above.is_empty() {
            return Ok(kept);
        }
        let ids: BTreeSet<&str> = above.iter().map(|(_, run)| &**run).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let mut runs: BTreeMap<String, (Option<String>, bool)> = BTreeMap::new();
        for row in wire.client.query(&statement, &[&ids, &before]).await? {
            runs.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
        }
        let mut further = Vec::new();
        for (key, run) in above {
            match runs.get(&run) {
                Some((_, true)) => {
                    kept.insert(key);
                }
                Some((Some(parent), false)) if !run.starts_with(parent.as_str()) => {
                    further.push((key, parent.clone()));
                }
                _ => {}
            }
        }
        above = further;
    }
    kept.extend(above.into_iter().map(|(key, _)| key));
    Ok(kept)
}

/// Puts tombstones in the places of those runs that have ended.
async fn bury(
    wire: &mut Wire,
    which: &str,
    of: &(dyn tokio_postgres::types::ToSql + Sync),
    at: UnixMillis,
) -> Result<u64, Error> {
    let sql = format!(
        "WITH gone AS (
            DELETE FROM runs WHERE {which} AND finished_at IS NOT NULL
            RETURNING key, id, workflow, input_digest, state, started_at, finished_at
        ), left_over AS (
            INSERT INTO purging (run) SELECT key FROM gone
        )
        INSERT INTO tombstones (id, workflow, input_digest, state, started_at, finished_at, purged_at)
        SELECT id, workflow, input_digest, state, started_at, finished_at, $2 FROM gone
        ON CONFLICT (id) DO UPDATE SET workflow = excluded.workflow, input_digest = excluded.input_digest,
            state = excluded.state, started_at = excluded.started_at, finished_at = excluded.finished_at,
            purged_at = excluded.purged_at"
    );
    let statement = wire.prepared(&sql).await?;
    wire.client.execute(&statement, &[of, &at]).await
}

pub(super) async fn one(wire: &mut Wire, run: &str, at: UnixMillis) -> Result<bool, Error> {
    Ok(bury(wire, "id = $1", &text(run), at).await? > 0)
}

/// Whether there is more.
pub(super) async fn sweep(wire: &mut Wire, tombstones_before: UnixMillis) -> Result<bool, Error> {
    let statement = wire
        .prepared(
            "DELETE FROM tombstones WHERE id IN (SELECT id FROM tombstones WHERE purged_at < $1 LIMIT 256)",
        )
        .await?;
    let forgotten = wire.client.execute(&statement, &[&tombstones_before]).await?;
    let statement = wire.prepared("SELECT run FROM purging ORDER BY run LIMIT 1").await?;
    let Some(row) = wire.client.query_opt(&statement, &[]).await? else { return Ok(forgotten > 0) };
    let run: i64 = row.try_get(0)?;
    for (table, number) in [("records", "seq"), ("signals", "ordinal")] {
        let sql = format!(
            "DELETE FROM {table} WHERE run = $1 AND {number} IN (
                SELECT {number} FROM {table} WHERE run = $1 ORDER BY {number} LIMIT {SLICE})"
        );
        let statement = wire.prepared(&sql).await?;
        if wire.client.execute(&statement, &[&run]).await? >= SLICE {
            return Ok(true);
        }
    }
    blocks::forget(wire, run).await?;
    let statement = wire.prepared("DELETE FROM purging WHERE run = $1").await?;
    wire.client.execute(&statement, &[&run]).await?;
    Ok(true)
}

//! Reads of committed rows.
//!
//! It knows no view: rows come out as they stand.

use std::sync::Arc;

use conductor_protocol::entry::{Parent, UnixMillis};
use conductor_protocol::state::RunState;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use crate::store::{
    Head, Home, Owner, Page, PlanRow, RunFilter, RunPage, RunRow, StoredRecord, StoredSignal,
};

type Sql<T> = Result<T, rusqlite::Error>;

const HEAD: &str = "key, id, workflow, plan, language, state, epoch, next_seq, owner_session, owner_pid,
    owner_process_start, input_digest, parent_run, parent_key, cancel_reason, started_at, finished_at, output,
    error";

fn unsigned(value: i64) -> u64 {
    value.cast_unsigned()
}

fn shared(row: &Row<'_>, column: &str) -> Sql<Option<Arc<str>>> {
    Ok(row.get::<_, Option<String>>(column)?.map(Arc::from))
}

fn head(row: &Row<'_>) -> Sql<Head> {
    let name: String = row.get("state")?;
    let state = RunState::parse(&name)
        .ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(5, Type::Text, name.into()))?;
    let owner = match shared(row, "owner_session")? {
        Some(session) => Some(Owner {
            session,
            pid: row.get::<_, Option<u32>>("owner_pid")?.unwrap_or(0),
            process_start: unsigned(row.get::<_, Option<i64>>("owner_process_start")?.unwrap_or(0)),
        }),
        None => None,
    };
    Ok(Head {
        state,
        epoch: unsigned(row.get("epoch")?),
        next_seq: unsigned(row.get("next_seq")?),
        owner,
        plan: shared(row, "plan")?,
        language: shared(row, "language")?,
        cancel: shared(row, "cancel_reason")?,
        finished_at: row.get("finished_at")?,
        output: shared(row, "output")?,
        error: shared(row, "error")?,
    })
}

fn run(row: &Row<'_>, input: Option<String>) -> Sql<RunRow> {
    let parent_run: Option<String> = row.get("parent_run")?;
    let parent_key: Option<String> = row.get("parent_key")?;
    Ok(RunRow {
        key: row.get("key")?,
        id: row.get("id")?,
        workflow: row.get("workflow")?,
        input,
        input_digest: row.get("input_digest")?,
        parent: parent_run.zip(parent_key).map(|(run, key)| Parent { run, key }),
        started_at: row.get("started_at")?,
        home: Home::Here,
        head: head(row)?,
    })
}

pub(super) fn find(connection: &Connection, id: &str) -> Sql<Option<RunRow>> {
    connection
        .prepare_cached(&format!("SELECT {HEAD}, input FROM runs WHERE id = ?1"))?
        .query_row([id], |row| run(row, row.get("input")?))
        .optional()
}

pub(super) fn run_of(connection: &Connection, key: i64) -> Sql<Option<RunRow>> {
    connection
        .prepare_cached(&format!("SELECT {HEAD}, input FROM runs WHERE key = ?1"))?
        .query_row([key], |row| run(row, row.get("input")?))
        .optional()
}

pub(super) fn open_runs(connection: &Connection) -> Sql<Vec<RunRow>> {
    connection
        .prepare(&format!("SELECT {HEAD} FROM runs WHERE finished_at IS NULL ORDER BY key"))?
        .query_map([], |row| run(row, None))?
        .collect()
}

pub(super) fn records(connection: &Connection, key: i64, from: u64, max_bytes: usize) -> Sql<Page> {
    let mut statement = connection
        .prepare_cached("SELECT seq, epoch, body FROM records WHERE run = ?1 AND seq >= ?2 ORDER BY seq")?;
    let mut rows = statement.query(params![key, from.cast_signed()])?;
    let mut page = Page::default();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if bytes >= max_bytes {
            page.more = true;
            break;
        }
        let body: String = row.get(2)?;
        bytes += body.len();
        page.records.push(StoredRecord {
            seq: unsigned(row.get(0)?),
            epoch: unsigned(row.get(1)?),
            body: body.into(),
        });
    }
    Ok(page)
}

pub(super) fn signals(
    connection: &Connection,
    key: i64,
    from: u64,
    max_bytes: usize,
) -> Sql<(Vec<StoredSignal>, bool)> {
    let mut statement = connection.prepare_cached(
        "SELECT ordinal, signal, id, data FROM signals WHERE run = ?1 AND ordinal >= ?2 ORDER BY ordinal",
    )?;
    let mut rows = statement.query(params![key, from.cast_signed()])?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        if bytes >= max_bytes {
            return Ok((found, true));
        }
        let text = |column| row.get::<_, String>(column).map(String::into_boxed_str);
        let data = text(3)?;
        bytes += data.len();
        found.push(StoredSignal { ordinal: unsigned(row.get(0)?), signal: text(1)?, id: text(2)?, data });
    }
    Ok((found, false))
}

pub(super) fn signal_place(connection: &Connection, key: i64, id: &str) -> Sql<(bool, u64)> {
    let is_there: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM signals WHERE run = ?1 AND id = ?2)")?
        .query_row(params![key, id], |row| row.get(0))?;
    let next: i64 = connection
        .prepare_cached("SELECT coalesce(max(ordinal) + 1, 0) FROM signals WHERE run = ?1")?
        .query_row([key], |row| row.get(0))?;
    Ok((is_there, unsigned(next)))
}

/// What of the filter SQL knows, and the order; one row more than asked for is read only to know whether there is more.
pub(super) fn narrow(
    sql: &mut String,
    values: &mut Vec<Value>,
    filter: &RunFilter,
    within: Option<(i64, i64)>,
) {
    if let Some(workflow) = &filter.workflow {
        sql.push_str(" AND workflow = ?");
        values.push(workflow.clone().into());
    }
    if let Some(state) = filter.state {
        sql.push_str(" AND state = ?");
        values.push(state.as_str().to_owned().into());
    }
    match (within, &filter.times, filter.before) {
        (Some((first, last)), _, _) => {
            sql.push_str(" AND key BETWEEN ? AND ? ORDER BY key DESC LIMIT ?");
            values.extend([first.into(), last.into()]);
        }
        (None, Some(times), before) => {
            sql.push_str(" AND started_at >= ? AND (started_at, key) < (?, ?) ORDER BY started_at DESC, key DESC LIMIT ?");
            // Keys begin at 1.
            values.extend([times.since.into(), times.until.into(), before.unwrap_or(0).into()]);
        }
        (None, None, Some(before)) => {
            sql.push_str(" AND key < ? ORDER BY key DESC LIMIT ?");
            values.push(before.into());
        }
        (None, None, None) => sql.push_str(" ORDER BY key DESC LIMIT ?"),
    }
    values.push((i64::from(filter.limit) + 1).into());
}

pub(super) fn list(connection: &Connection, filter: &RunFilter) -> Sql<RunPage> {
    let mut sql = format!("SELECT {HEAD}, input FROM runs WHERE 1");
    let mut values: Vec<Value> = Vec::new();
    narrow(&mut sql, &mut values, filter, None);
    let mut runs: Vec<RunRow> = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| run(row, row.get("input")?))?
        .collect::<Sql<_>>()?;
    let next = if runs.len() > filter.limit as usize {
        runs.truncate(filter.limit as usize);
        runs.last().map(|run| run.key)
    } else {
        None
    };
    Ok(RunPage { runs, next })
}

pub(super) fn places(
    connection: &Connection,
    filter: &RunFilter,
    within: (i64, i64),
) -> Sql<Vec<(UnixMillis, i64)>> {
    let mut sql = "SELECT started_at, key FROM runs WHERE 1".to_owned();
    let mut values: Vec<Value> = Vec::new();
    narrow(&mut sql, &mut values, filter, Some(within));
    connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// One that is purged meanwhile is not found.
pub(super) fn runs_of(connection: &Connection, keys: &[i64]) -> Sql<Vec<RunRow>> {
    keys.iter().filter_map(|key| run_of(connection, *key).transpose()).collect()
}

pub(super) fn plans(connection: &Connection) -> Sql<Vec<PlanRow>> {
    connection
        .prepare_cached("SELECT workflow, digest, language, secret FROM plans ORDER BY workflow, digest")?
        .query_map([], |row| {
            let secret: String = row.get(3)?;
            let secret = serde_json::from_str(&secret)
                .map_err(|error| rusqlite::Error::FromSqlConversionFailure(3, Type::Text, error.into()))?;
            Ok(PlanRow { workflow: row.get(0)?, digest: row.get(1)?, language: row.get(2)?, secret })
        })?
        .collect()
}

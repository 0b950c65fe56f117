//! Reads of committed rows.
//!
//! It knows no view: rows come out as they stand.

use std::borrow::Cow;
use std::sync::Arc;

use conductor_protocol::entry::{Parent, UnixMillis};
use conductor_protocol::plan::{Missed, Schedule};
use conductor_protocol::state::RunState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::link::Wire;
use super::purge;
use super::write::{signed, text};
use crate::store::{
    Head, Home, Known, Owner, Page, PlanRow, RunFilter, RunPage, RunRow, ScheduleRow, StoreError,
    StoredRecord, StoredSignal,
};

/// What is told of a run, and where it is: `$1` is the sidecar that asks.
pub(super) const HEAD: &str = "r.key, r.id, r.workflow, r.plan, r.language, r.state, r.epoch, r.next_seq,
    r.owner_session, r.owner_pid, r.owner_process_start, r.input_digest, r.parent_run, r.parent_key, r.cancel_reason,
    r.started_at, r.finished_at, r.output, r.error,
    CASE WHEN r.sidecar = $1 THEN 'here'
        WHEN r.sidecar IS NULL OR r.owner_session IS NULL OR NOT EXISTS (
            SELECT 1 FROM sidecars s WHERE s.id = r.sidecar AND s.expires_at > clock_timestamp()) THEN 'free'
        ELSE 'away' END AS home";

/// Rows that are not what this build has written.
pub(super) fn damaged(what: &str, found: &str) -> StoreError {
    StoreError::Failed(format!("the store is damaged: {found:?} is no {what}"))
}

pub(super) type Rows<T> = Result<Result<T, StoreError>, Error>;

fn shared(row: &Row, column: &str) -> Result<Option<Arc<str>>, Error> {
    Ok(row.try_get::<_, Option<&str>>(column)?.map(Arc::from))
}

fn unsigned(value: i64) -> u64 {
    value.cast_unsigned()
}

/// A row of [`HEAD`].
pub(super) fn run(row: &Row, with_input: bool) -> Rows<RunRow> {
    let name: &str = row.try_get("state")?;
    let Some(state) = RunState::parse(name) else { return Ok(Err(damaged("state", name))) };
    let owner = match shared(row, "owner_session")? {
        Some(session) => {
            let pid: Option<i64> = row.try_get("owner_pid")?;
            let start: Option<i64> = row.try_get("owner_process_start")?;
            let pid = pid.and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0);
            Some(Owner { session, pid, process_start: unsigned(start.unwrap_or(0)) })
        }
        None => None,
    };
    let parent_run: Option<String> = row.try_get("parent_run")?;
    let parent_key: Option<String> = row.try_get("parent_key")?;
    Ok(Ok(RunRow {
        key: row.try_get("key")?,
        id: row.try_get("id")?,
        workflow: row.try_get("workflow")?,
        input: if with_input { Some(row.try_get("input")?) } else { None },
        input_digest: row.try_get("input_digest")?,
        parent: parent_run.zip(parent_key).map(|(run, key)| Parent { run, key }),
        started_at: row.try_get("started_at")?,
        home: match row.try_get("home")? {
            "here" => Home::Here,
            "free" => Home::Free,
            _ => Home::Away,
        },
        head: Head {
            state,
            epoch: unsigned(row.try_get("epoch")?),
            next_seq: unsigned(row.try_get("next_seq")?),
            owner,
            plan: shared(row, "plan")?,
            language: shared(row, "language")?,
            cancel: shared(row, "cancel_reason")?,
            finished_at: row.try_get("finished_at")?,
            output: shared(row, "output")?,
            error: shared(row, "error")?,
        },
    }))
}

pub(super) fn runs(rows: &[Row], with_input: bool) -> Rows<Vec<RunRow>> {
    rows.iter().map(|row| run(row, with_input)).collect::<Result<Result<_, _>, _>>()
}

fn find_sql() -> String {
    format!("SELECT {HEAD}, r.input FROM runs r WHERE r.id = $2")
}

pub(super) async fn find(wire: &Wire, me: &str, id: &str) -> Rows<Option<RunRow>> {
    let statement = wire.prepared(&find_sql()).await?;
    let found = wire.client.query_opt(&statement, &[&me, &text(id)]).await?;
    found.map(|row| run(&row, true)).transpose().map(Option::transpose)
}

/// Both are asked for at the same time, as most ids are of neither: the run first, since it leaves a tombstone.
pub(super) async fn known(wire: &Wire, me: &str, id: &str) -> Rows<Known> {
    // What would have to be prepared first could overtake the other.
    wire.prepared(&find_sql()).await?;
    wire.prepared(purge::STONE).await?;
    let (row, stone) = tokio::try_join!(find(wire, me, id), purge::tombstone(wire, id))?;
    let known = match row {
        Ok(Some(row)) => Ok(Known::Run(Box::new(row))),
        Ok(None) => stone.map(|stone| stone.map_or(Known::Nothing, |stone| Known::Purged(Box::new(stone)))),
        Err(damaged) => Err(damaged),
    };
    Ok(known)
}

pub(super) async fn run_of(wire: &mut Wire, me: &str, key: i64) -> Rows<Option<RunRow>> {
    let statement = wire.prepared(&format!("SELECT {HEAD}, r.input FROM runs r WHERE r.key = $2")).await?;
    let found = wire.client.query_opt(&statement, &[&me, &key]).await?;
    found.map(|row| run(&row, true)).transpose().map(Option::transpose)
}

/// Those that this sidecar has.
pub(super) async fn open_runs(wire: &mut Wire, me: &str) -> Rows<Vec<RunRow>> {
    let sql =
        format!("SELECT {HEAD} FROM runs r WHERE r.sidecar = $1 AND r.finished_at IS NULL ORDER BY r.key");
    let statement = wire.prepared(&sql).await?;
    runs(&wire.client.query(&statement, &[&me]).await?, false)
}

/// Rows in one exchange with the server, of which there may be too many for one.
const FETCH: i64 = 512;

pub(super) async fn records(wire: &mut Wire, key: i64, from: u64, max_bytes: usize) -> Result<Page, Error> {
    let sql = "SELECT seq, epoch, body FROM records WHERE run = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
    let statement = wire.prepared(sql).await?;
    let (mut page, mut bytes, mut from) = (Page::default(), 0, signed(from));
    loop {
        let rows = wire.client.query(&statement, &[&key, &from, &FETCH]).await?;
        let is_last = rows.len() < usize::try_from(FETCH).unwrap_or(usize::MAX);
        for row in &rows {
            if bytes >= max_bytes {
                page.more = true;
                return Ok(page);
            }
            let (seq, body): (i64, &str) = (row.try_get(0)?, row.try_get(2)?);
            bytes += body.len();
            from = seq + 1;
            let epoch = unsigned(row.try_get(1)?);
            page.records.push(StoredRecord { seq: unsigned(seq), epoch, body: body.into() });
        }
        if is_last {
            return Ok(page);
        }
    }
}

pub(super) async fn signals(
    wire: &mut Wire,
    key: i64,
    from: u64,
    max_bytes: usize,
) -> Result<(Vec<StoredSignal>, bool), Error> {
    let sql = "SELECT ordinal, signal, id, data FROM signals WHERE run = $1 AND ordinal >= $2 ORDER BY ordinal LIMIT $3";
    let statement = wire.prepared(sql).await?;
    let (mut found, mut bytes, mut from) = (Vec::new(), 0, signed(from));
    loop {
        let rows = wire.client.query(&statement, &[&key, &from, &FETCH]).await?;
        let is_last = rows.len() < usize::try_from(FETCH).unwrap_or(usize::MAX);
        for row in &rows {
            if bytes >= max_bytes {
                return Ok((found, true));
            }
            let text = |column| row.try_get::<_, String>(column).map(String::into_boxed_str);
            let (ordinal, data): (i64, _) = (row.try_get(0)?, text(3)?);
            bytes += data.len();
            from = ordinal + 1;
            found.push(StoredSignal { ordinal: unsigned(ordinal), signal: text(1)?, id: text(2)?, data });
        }
        if is_last {
            return Ok((found, false));
        }
    }
}

pub(super) async fn signal_place(wire: &mut Wire, key: i64, id: &str) -> Result<(bool, u64), Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM signals WHERE run = $1 AND id = $2),
        (SELECT coalesce(max(ordinal) + 1, 0) FROM signals WHERE run = $1)";
    let statement = wire.prepared(sql).await?;
    let row = wire.client.query_one(&statement, &[&key, &text(id)]).await?;
    Ok((row.try_get(0)?, unsigned(row.try_get(1)?)))
}

/// Rows of [`HEAD`] and their inputs; one more than asked for is read only to know whether there is more. With `within`, the
/// first and the last key, in the order of their keys even where there are times.
pub(super) async fn selected(
    wire: &mut Wire,
    me: &str,
    filter: &RunFilter,
    within: Option<(i64, i64)>,
) -> Result<Vec<Row>, Error> {
    let limit = i64::from(filter.limit) + 1;
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&me];
    let head = Sought::of(filter);
    let same = head.same();
    let mut sql = format!("SELECT {HEAD}, r.input FROM runs r WHERE ");
    let before = filter.before.unwrap_or(i64::MAX);
    let (first, last) = within.unwrap_or((0, before.saturating_sub(1)));
    // Keys begin at 1.
    let place = filter.before.unwrap_or(0);
    match filter.times.as_ref().filter(|_| within.is_none()) {
        Some(times) => {
            let number = values.len() + 1;
            values.extend([&times.since as &(dyn ToSql + Sync), &times.until, &place]);
            sql.push_str(&format!(
                "r.started_at >= ${number} AND (r.started_at, r.key) < (${}, ${})",
                number + 1,
                number + 2
            ));
            for (column, value) in same {
                values.push(value);
                sql.push_str(&format!(" AND {column} = ${}", values.len()));
            }
            values.push(&limit);
            let last = values.len();
            sql.push_str(&format!(" ORDER BY r.started_at DESC, r.key DESC LIMIT ${last}"));
        }
        None => by_key(&mut sql, &mut values, &same, (&first, &last), &limit),
    }
    let statement = wire.prepared(&sql).await?;
    wire.client.query(&statement, &values).await
}

/// The workflow and the state of a filter, as the server is given them.
struct Sought<'a> {
    workflow: Option<Cow<'a, str>>,
    state: Option<&'static str>,
}

impl<'a> Sought<'a> {
    fn of(filter: &'a RunFilter) -> Sought<'a> {
        Sought { workflow: filter.workflow.as_deref().map(text), state: filter.state.map(RunState::as_str) }
    }

    /// Columns and the values that they have.
    fn same(&self) -> Vec<(&'static str, &(dyn ToSql + Sync))> {
        let workflow = self.workflow.as_ref().map(|workflow| ("r.workflow", workflow as _));
        let state = self.state.as_ref().map(|state| ("r.state", state as _));
        workflow.into_iter().chain(state).collect()
    }
}

/// Runs of which some columns have these values, by the index that begins with them. They are compared as one value and are a
/// part of the order: where they stood by themselves, the server might think that it soon finds enough of them by looking
/// through all runs.
fn by_key<'a>(
    sql: &mut String,
    values: &mut Vec<&'a (dyn ToSql + Sync)>,
    same: &[(&str, &'a (dyn ToSql + Sync))],
    (first, last): (&'a i64, &'a i64),
    limit: &'a i64,
) {
    let columns: Vec<&str> = same.iter().map(|(column, _)| *column).chain(["r.key"]).collect();
    let mut row = |key| {
        let begun = values.len() + 1;
        values.extend(same.iter().map(|(_, value)| *value));
        values.push(key);
        (begun..=values.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
    };
    let (from, to) = (row(first), row(last));
    let all = columns.join(", ");
    let order = columns.iter().map(|column| format!("{column} DESC")).collect::<Vec<_>>().join(", ");
    values.push(limit);
    let limit = values.len();
    sql.push_str(&format!("({all}) >= ({from}) AND ({all}) <= ({to}) ORDER BY {order} LIMIT ${limit}"));
}

pub(super) async fn places(
    wire: &mut Wire,
    filter: &RunFilter,
    (first, last): (i64, i64),
) -> Result<Vec<(UnixMillis, i64)>, Error> {
    let limit = i64::from(filter.limit) + 1;
    let (mut sql, mut values) = ("SELECT r.started_at, r.key FROM runs r WHERE ".to_owned(), Vec::new());
    let head = Sought::of(filter);
    by_key(&mut sql, &mut values, &head.same(), (&first, &last), &limit);
    let statement = wire.prepared(&sql).await?;
    let rows = wire.client.query(&statement, &values).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

pub(super) async fn runs_of(wire: &mut Wire, me: &str, keys: &[i64]) -> Rows<Vec<RunRow>> {
    let sql = format!(
        "SELECT {HEAD}, r.input FROM unnest($2::bigint[]) WITH ORDINALITY AS k (key, place)
         JOIN runs r ON r.key = k.key ORDER BY k.place"
    );
    let statement = wire.prepared(&sql).await?;
    runs(&wire.client.query(&statement, &[&me, &keys]).await?, true)
}

pub(super) async fn list(wire: &mut Wire, me: &str, filter: &RunFilter) -> Rows<RunPage> {
    let rows = selected(wire, me, filter, None).await?;
    Ok(runs(&rows, true)?.map(|mut runs| {
        let next = if runs.len() > filter.limit as usize {
            runs.truncate(filter.limit as usize);
            runs.last().map(|run| run.key)
        } else {
            None
        };
        RunPage { runs, next }
    }))
}

pub(super) async fn plans(wire: &mut Wire) -> Rows<Vec<PlanRow>> {
    let sql = "SELECT workflow, digest, language, secret FROM plans ORDER BY workflow, digest";
    let statement = wire.prepared(sql).await?;
    let rows = wire.client.query(&statement, &[]).await?;
    let plan = |row: &Row| {
        let secret: &str = row.try_get(3)?;
        let Ok(names) = serde_json::from_str(secret) else {
            return Ok(Err(damaged("list of names", secret)));
        };
        Ok(Ok(PlanRow {
            workflow: row.try_get(0)?,
            digest: row.try_get(1)?,
            language: row.try_get(2)?,
            secret: names,
        }))
    };
    rows.iter().map(plan).collect::<Result<Result<_, _>, _>>()
}

pub(super) async fn schedules(wire: &mut Wire) -> Rows<Vec<ScheduleRow>> {
    let sql = "SELECT workflow, cron, time_zone, missed, done, boot, process_start FROM schedules
        ORDER BY workflow";
    let statement = wire.prepared(sql).await?;
    let rows = wire.client.query(&statement, &[]).await?;
    let one = |row: &Row| {
        let cron: Option<String> = row.try_get(1)?;
        let word: &str = row.try_get(3)?;
        let missed =
            [Missed::Skip, Missed::Once, Missed::All].into_iter().find(|missed| missed.as_str() == word);
        let schedule = match (cron, missed) {
            (None, _) => None,
            (Some(_), None) => return Ok(Err(damaged("way with missed times", word))),
            (Some(cron), Some(missed)) => Some(Schedule { cron, time_zone: row.try_get(2)?, missed }),
        };
        let start: i64 = row.try_get(6)?;
        Ok(Ok(ScheduleRow {
            workflow: row.try_get(0)?,
            schedule,
            done: row.try_get(4)?,
            boot: row.try_get(5)?,
            process_start: start.cast_unsigned(),
        }))
    };
    rows.iter().map(one).collect::<Result<Result<_, _>, _>>()
}

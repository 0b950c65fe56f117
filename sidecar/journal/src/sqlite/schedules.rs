//! The rows of schedules.
//!
//! It knows no calendar: when a schedule fires is for others to say.

use conductor_protocol::plan::{Missed, Schedule};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, TransactionBehavior, params};

use crate::store::ScheduleRow;

type Sql<T> = Result<T, rusqlite::Error>;

pub(super) fn keep(connection: &mut Connection, rows: &[ScheduleRow]) -> Sql<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for row in rows {
        let schedule = row.schedule.as_ref();
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO schedules (workflow, cron, time_zone, missed, done, boot, process_start)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                row.workflow,
                schedule.map(|schedule| &schedule.cron),
                schedule.map_or("", |schedule| &schedule.time_zone),
                schedule.map_or("", |schedule| schedule.missed.as_str()),
                row.done,
                row.boot,
                row.process_start.cast_signed(),
            ])?;
    }
    transaction.commit()
}

pub(super) fn all(connection: &Connection) -> Sql<Vec<ScheduleRow>> {
    connection
        .prepare_cached(
            "SELECT workflow, cron, time_zone, missed, done, boot, process_start FROM schedules ORDER BY workflow",
        )?
        .query_map([], |row| {
            Ok(ScheduleRow {
                workflow: row.get(0)?,
                schedule: schedule(row)?,
                done: row.get(4)?,
                boot: row.get(5)?,
                process_start: row.get::<_, i64>(6)?.cast_unsigned(),
            })
        })?
        .collect()
}

fn schedule(row: &Row<'_>) -> Sql<Option<Schedule>> {
    let Some(cron) = row.get(1)? else { return Ok(None) };
    let word: String = row.get(3)?;
    let missed = [Missed::Skip, Missed::Once, Missed::All].into_iter().find(|missed| missed.as_str() == word);
    let missed =
        missed.ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(3, Type::Text, word.into()))?;
    Ok(Some(Schedule { cron, time_zone: row.get(2)?, missed }))
}

//! The rows of decisions that people take on breakers and policies: appended, never changed.
//!
//! It knows no breaker: what a decision says is its writer's.

use rusqlite::{Connection, Row, params};

use crate::store::AuditRow;

type Sql<T> = Result<T, rusqlite::Error>;

const COLUMNS: &str = "kind, id, decision, reason, by, at";

pub(super) fn append(connection: &Connection, row: &AuditRow) -> Sql<()> {
    connection
        .prepare_cached(&format!("INSERT INTO audit ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"))?
        .execute(params![row.kind, row.id, row.decision, row.reason, row.by, row.at])
        .map(drop)
}

pub(super) fn of(connection: &Connection, kind: &str, id: Option<&str>, limit: u32) -> Sql<Vec<AuditRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM audit WHERE kind = ?1 AND (?2 IS NULL OR id = ?2) ORDER BY ordinal DESC LIMIT ?3"
        ))?
        .query_map(params![kind, id, limit], read)?
        .collect()
}

pub(super) fn standing(connection: &Connection, kind: &str) -> Sql<Vec<AuditRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM audit WHERE ordinal IN (SELECT max(ordinal) FROM audit WHERE kind = ?1 GROUP BY id)
             ORDER BY id"
        ))?
        .query_map([kind], read)?
        .collect()
}

fn read(row: &Row<'_>) -> Sql<AuditRow> {
    Ok(AuditRow {
        kind: row.get(0)?,
        id: row.get(1)?,
        decision: row.get(2)?,
        reason: row.get(3)?,
        by: row.get(4)?,
        at: row.get(5)?,
    })
}

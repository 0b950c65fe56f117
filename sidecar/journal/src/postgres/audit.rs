//! The rows of decisions that people take on breakers and policies: appended, never changed.
//!
//! It knows no breaker: what a decision says is its writer's.

use tokio_postgres::{Error, Row};

use super::link::Wire;
use super::write::text;
use crate::store::AuditRow;

const COLUMNS: &str = "kind, id, decision, reason, by, at";

pub(super) async fn append(wire: &mut Wire, row: &AuditRow) -> Result<(), Error> {
    let sql = format!("INSERT INTO audit ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)");
    let statement = wire.prepared(&sql).await?;
    let (kind, id, decision) = (text(&row.kind), text(&row.id), text(&row.decision));
    let (reason, by) = (text(&row.reason), text(&row.by));
    wire.client.execute(&statement, &[&kind, &id, &decision, &reason, &by, &row.at]).await.map(drop)
}

pub(super) async fn of(
    wire: &mut Wire,
    kind: &str,
    id: Option<&str>,
    limit: u32,
) -> Result<Vec<AuditRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit WHERE kind = $1 AND ($2::text IS NULL OR id = $2)
         ORDER BY ordinal DESC LIMIT $3"
    );
    let statement = wire.prepared(&sql).await?;
    let rows = wire.client.query(&statement, &[&text(kind), &id.map(text), &i64::from(limit)]).await?;
    rows.iter().map(read).collect()
}

pub(super) async fn standing(wire: &mut Wire, kind: &str) -> Result<Vec<AuditRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit WHERE ordinal IN (SELECT max(ordinal) FROM audit WHERE kind = $1 GROUP BY id)
         ORDER BY id"
    );
    let statement = wire.prepared(&sql).await?;
    let rows = wire.client.query(&statement, &[&text(kind)]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<AuditRow, Error> {
    Ok(AuditRow {
        kind: row.try_get(0)?,
        id: row.try_get(1)?,
        decision: row.try_get(2)?,
        reason: row.try_get(3)?,
        by: row.try_get(4)?,
        at: row.try_get(5)?,
    })
}

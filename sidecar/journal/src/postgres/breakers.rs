//! The rows of circuit breakers that all hosts share.
//!
//! It knows no breaker; who may change a row says its version.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio_postgres::{Error, Row};

use super::PostgresStore;
use super::link::Wire;
use super::write::text;
use crate::breakers::{BreakerChange, BreakerRow, SharedBreakers};
use crate::store::StoreError;

const COLUMNS: &str = "id, version, body, extract(epoch FROM due - clock_timestamp())::float8";

async fn alive(wire: &mut Wire) -> Result<BTreeSet<String>, Error> {
    let statement = wire.prepared("SELECT id FROM sidecars WHERE expires_at > clock_timestamp()").await?;
    let rows = wire.client.query(&statement, &[]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

fn read(row: &Row) -> Result<BreakerRow, Error> {
    let left: Option<f64> = row.try_get(3)?;
    Ok(BreakerRow {
        id: row.try_get(0)?,
        version: row.try_get(1)?,
        body: row.try_get(2)?,
        left: left.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()),
    })
}

/// A probe's number from before that time is nobody's any more, so that rows may begin anew.
pub(super) async fn forget_the_quiet(wire: &mut Wire) -> Result<(), Error> {
    let sql = "DELETE FROM breakers WHERE quiet AND changed_at < clock_timestamp() - interval '1 day'";
    wire.client.execute(sql, &[]).await.map(drop)
}

impl SharedBreakers for PostgresStore {
    fn name(&self) -> &str {
        self.me()
    }

    fn breaker(&self, id: &str) -> Result<(Option<BreakerRow>, BTreeSet<String>), StoreError> {
        self.engine.read(&self.keeper, async |wire| {
            let sql = format!("SELECT {COLUMNS} FROM breakers WHERE id = $1");
            let statement = wire.prepared(&sql).await?;
            let row = wire.client.query_opt(&statement, &[&text(id)]).await?;
            Ok((row.as_ref().map(read).transpose()?, alive(wire).await?))
        })
    }

    fn breakers(&self) -> Result<(Vec<BreakerRow>, BTreeSet<String>), StoreError> {
        self.engine.read(&self.keeper, async |wire| {
            let sql = format!(
                "SELECT {COLUMNS} FROM breakers
                 WHERE NOT quiet OR changed_at > clock_timestamp() - interval '5 minutes'"
            );
            let statement = wire.prepared(&sql).await?;
            let rows = wire.client.query(&statement, &[]).await?;
            Ok((rows.iter().map(read).collect::<Result<_, _>>()?, alive(wire).await?))
        })
    }

    fn change_breaker(&self, change: &BreakerChange) -> Result<bool, StoreError> {
        self.engine.read(&self.keeper, async |wire| {
            let sql = "INSERT INTO breakers AS b (id, version, body, due, quiet, changed_at)
                SELECT $1::text, $2::bigint + 1, $3::text, clock_timestamp() + make_interval(secs => $4::float8), $5::boolean,
                    clock_timestamp()
                    WHERE $2 = 0 OR EXISTS (SELECT 1 FROM breakers WHERE id = $1)
                ON CONFLICT (id) DO UPDATE SET version = excluded.version, body = excluded.body, due = excluded.due,
                    quiet = excluded.quiet, changed_at = excluded.changed_at
                    WHERE b.version = $2";
            let statement = wire.prepared(sql).await?;
            let (id, body) = (text(&change.id), text(&change.body));
            let seconds = change.left.map(|left| left.as_secs_f64());
            let written = wire
                .client
                .execute(&statement, &[&id, &change.expect, &body, &seconds, &change.is_quiet])
                .await?;
            if written == 0 {
                return Ok(false);
            }
            wire.client.batch_execute(&self.notify()).await?;
            Ok(true)
        })
    }
}

//! The rows of Plans, among those of `meta`.
//!
//! It knows no reason to keep one or to forget it.

use conductor_protocol::entry::UnixMillis;

use super::PostgresStore;
use super::write::text;
use crate::plans::{KeptPlan, KeptPlans, PREFIX};
use crate::store::StoreError;

impl KeptPlans for PostgresStore {
    fn keep_plan(&self, digest: &str, text: &str, at: UnixMillis) -> Result<(), StoreError> {
        let (name, value) = (format!("{PREFIX}{digest}"), format!("{at} {text}"));
        self.engine.read(&self.keeper, async |wire| {
            let sql = "INSERT INTO meta (name, value) VALUES ($1, $2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            let statement = wire.prepared(sql).await?;
            wire.client.execute(&statement, &[&name, &value]).await.map(drop)
        })
    }

    fn kept_plan(&self, digest: &str) -> Result<Option<String>, StoreError> {
        let name = format!("{PREFIX}{}", text(digest));
        self.engine.read(&self.reader, async |wire| {
            let sql = "SELECT substr(value, position(' ' in value) + 1) FROM meta WHERE name = $1";
            let statement = wire.prepared(sql).await?;
            let row = wire.client.query_opt(&statement, &[&name]).await?;
            row.map(|row| row.try_get(0)).transpose()
        })
    }

    fn kept_plans(&self) -> Result<Vec<KeptPlan>, StoreError> {
        self.engine.read(&self.reader, async |wire| {
            let sql = "SELECT substr(name, 6), octet_length(value)::bigint, split_part(substr(value, 1, 20), ' ', 1)::bigint
                 FROM meta WHERE name LIKE 'plan %' ORDER BY name COLLATE \"C\"";
            let statement = wire.prepared(sql).await?;
            let rows = wire.client.query(&statement, &[]).await?;
            let read = |row: &tokio_postgres::Row| {
                let bytes: i64 = row.try_get(1)?;
                Ok(KeptPlan { digest: row.try_get(0)?, bytes: bytes.unsigned_abs(), used_at: row.try_get(2)? })
            };
            rows.iter().map(read).collect()
        })
    }

    fn use_plans(&self, digests: &[&str], at: UnixMillis) -> Result<(), StoreError> {
        let (names, at) = (names(digests), at.to_string());
        self.engine.read(&self.keeper, async |wire| {
            let sql =
                "UPDATE meta SET value = $2::text || substr(value, position(' ' in value)) WHERE name = ANY($1)";
            let statement = wire.prepared(sql).await?;
            wire.client.execute(&statement, &[&names, &at]).await.map(drop)
        })
    }

    fn forget_plans(&self, digests: &[&str]) -> Result<(), StoreError> {
        let names = names(digests);
        self.engine.read(&self.keeper, async |wire| {
            let statement = wire.prepared("DELETE FROM meta WHERE name = ANY($1)").await?;
            wire.client.execute(&statement, &[&names]).await.map(drop)
        })
    }

    fn first_start(&self) -> Result<Option<UnixMillis>, StoreError> {
        self.engine.read(&self.reader, async |wire| {
            let statement = wire.prepared("SELECT min(started_at) FROM runs").await?;
            wire.client.query_one(&statement, &[]).await?.try_get(0)
        })
    }
}

fn names(digests: &[&str]) -> Vec<String> {
    digests.iter().map(|digest| format!("{PREFIX}{digest}")).collect()
}

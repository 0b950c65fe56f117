//! The rows of documents, among those of `meta`.
//!
//! It knows no reason to keep one or to forget it.

use conductor_protocol::entry::UnixMillis;

use super::PostgresStore;
use super::write::text as without_zeros;
use crate::shelf::{Kept, Shelf, Shelved};
use crate::store::StoreError;

impl Shelf for PostgresStore {
    fn shelve(&self, kind: Kept, name: &str, text: &str, at: UnixMillis) -> Result<(), StoreError> {
        let (name, value) = (kind.row(&without_zeros(name)), format!("{at} {text}"));
        self.engine.read(&self.keeper, async |wire| {
            let sql = "INSERT INTO meta (name, value) VALUES ($1, $2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            let statement = wire.prepared(sql).await?;
            wire.client.execute(&statement, &[&name, &value]).await.map(drop)
        })
    }

    fn shelved(&self, kind: Kept, name: &str) -> Result<Option<String>, StoreError> {
        let name = kind.row(&without_zeros(name));
        self.engine.read(&self.reader, async |wire| {
            let sql = "SELECT substr(value, position(' ' in value) + 1) FROM meta WHERE name = $1";
            let statement = wire.prepared(sql).await?;
            let row = wire.client.query_opt(&statement, &[&name]).await?;
            row.map(|row| row.try_get(0)).transpose()
        })
    }

    fn all_shelved(&self, kind: Kept) -> Result<Vec<Shelved>, StoreError> {
        let (begin, end) = (kind.row(""), kind.end());
        self.engine.read(&self.reader, async |wire| {
            let sql = "SELECT substr(name, length($1) + 1), octet_length(value)::bigint,
                     split_part(substr(value, 1, 20), ' ', 1)::bigint
                 FROM meta WHERE name COLLATE \"C\" > $1 AND name COLLATE \"C\" < $2 ORDER BY name COLLATE \"C\"";
            let statement = wire.prepared(sql).await?;
            let rows = wire.client.query(&statement, &[&begin, &end]).await?;
            let read = |row: &tokio_postgres::Row| {
                let bytes: i64 = row.try_get(1)?;
                Ok(Shelved { name: row.try_get(0)?, bytes: bytes.unsigned_abs(), used_at: row.try_get(2)? })
            };
            rows.iter().map(read).collect()
        })
    }

    fn touch_shelved(&self, kind: Kept, names: &[&str], at: UnixMillis) -> Result<(), StoreError> {
        let (names, at) = (rows(kind, names), at.to_string());
        self.engine.read(&self.keeper, async |wire| {
            let sql =
                "UPDATE meta SET value = $2::text || substr(value, position(' ' in value)) WHERE name = ANY($1)";
            let statement = wire.prepared(sql).await?;
            wire.client.execute(&statement, &[&names, &at]).await.map(drop)
        })
    }

    fn unshelve(&self, kind: Kept, names: &[&str]) -> Result<(), StoreError> {
        let names = rows(kind, names);
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

fn rows(kind: Kept, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| kind.row(&without_zeros(name))).collect()
}

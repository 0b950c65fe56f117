//! The rows of Plans, among those of `meta`.
//!
//! It knows no reason to keep one or to forget it.

use conductor_protocol::entry::UnixMillis;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::SqliteStore;
use crate::plans::{KeptPlan, KeptPlans, PREFIX};
use crate::store::StoreError;

impl KeptPlans for SqliteStore {
    fn keep_plan(&self, digest: &str, text: &str, at: UnixMillis) -> Result<(), StoreError> {
        self.keeping(|connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?
                .execute(params![format!("{PREFIX}{digest}"), format!("{at} {text}")])
                .map(drop)
        })
    }

    fn kept_plan(&self, digest: &str) -> Result<Option<String>, StoreError> {
        self.reading(|connection| {
            connection
                .prepare_cached("SELECT substr(value, instr(value, ' ') + 1) FROM meta WHERE name = ?1")?
                .query_row([format!("{PREFIX}{digest}")], |row| row.get(0))
                .optional()
        })
    }

    fn kept_plans(&self) -> Result<Vec<KeptPlan>, StoreError> {
        self.reading(|connection| {
            // '!' is the character after the space.
            connection
                .prepare_cached(
                    "SELECT name, octet_length(value), CAST(substr(value, 1, 20) AS INTEGER) FROM meta
                     WHERE name > 'plan ' AND name < 'plan!' ORDER BY name",
                )?
                .query_map([], |row| {
                    let name: String = row.get(0)?;
                    Ok(KeptPlan {
                        digest: name[PREFIX.len()..].to_owned(),
                        bytes: row.get::<_, i64>(1)?.cast_unsigned(),
                        used_at: row.get(2)?,
                    })
                })?
                .collect()
        })
    }

    fn use_plans(&self, digests: &[&str], at: UnixMillis) -> Result<(), StoreError> {
        let sql = "UPDATE meta SET value = ?2 || substr(value, instr(value, ' ')) WHERE name = ?1";
        let at = at.to_string();
        self.keeping(|connection| {
            each(connection, digests, |change, name| change.prepare_cached(sql)?.execute([name, &at]))
        })
    }

    fn forget_plans(&self, digests: &[&str]) -> Result<(), StoreError> {
        let sql = "DELETE FROM meta WHERE name = ?1";
        self.keeping(|connection| {
            each(connection, digests, |change, name| change.prepare_cached(sql)?.execute([name]))
        })
    }

    fn first_start(&self) -> Result<Option<UnixMillis>, StoreError> {
        self.reading(|connection| {
            connection.prepare_cached("SELECT min(started_at) FROM runs")?.query_row([], |row| row.get(0))
        })
    }
}

fn each(
    connection: &mut Connection,
    digests: &[&str],
    change: impl Fn(&Connection, &str) -> Result<usize, rusqlite::Error>,
) -> Result<(), rusqlite::Error> {
    let all = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for digest in digests {
        change(&all, &format!("{PREFIX}{digest}"))?;
    }
    all.commit()
}

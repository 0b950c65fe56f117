//! The rows of documents, among those of `meta`.
//!
//! It knows no reason to keep one or to forget it.

use conductor_protocol::entry::UnixMillis;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::SqliteStore;
use crate::shelf::{Kept, Shelf, Shelved};
use crate::store::StoreError;

impl Shelf for SqliteStore {
    fn shelve(&self, kind: Kept, name: &str, text: &str, at: UnixMillis) -> Result<(), StoreError> {
        self.keeping(|connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?
                .execute(params![kind.row(name), format!("{at} {text}")])
                .map(drop)
        })
    }

    fn shelved(&self, kind: Kept, name: &str) -> Result<Option<String>, StoreError> {
        self.reading(|connection| {
            connection
                .prepare_cached("SELECT substr(value, instr(value, ' ') + 1) FROM meta WHERE name = ?1")?
                .query_row([kind.row(name)], |row| row.get(0))
                .optional()
        })
    }

    fn all_shelved(&self, kind: Kept) -> Result<Vec<Shelved>, StoreError> {
        self.reading(|connection| {
            connection
                .prepare_cached(
                    "SELECT substr(name, length(?1) + 1), octet_length(value), CAST(substr(value, 1, 20) AS INTEGER)
                     FROM meta WHERE name > ?1 AND name < ?2 ORDER BY name",
                )?
                .query_map([kind.row(""), kind.end()], |row| {
                    Ok(Shelved {
                        name: row.get(0)?,
                        bytes: row.get::<_, i64>(1)?.cast_unsigned(),
                        used_at: row.get(2)?,
                    })
                })?
                .collect()
        })
    }

    fn touch_shelved(&self, kind: Kept, names: &[&str], at: UnixMillis) -> Result<(), StoreError> {
        let sql = "UPDATE meta SET value = ?2 || substr(value, instr(value, ' ')) WHERE name = ?1";
        let at = at.to_string();
        let names: Vec<String> = names.iter().map(|name| kind.row(name)).collect();
        self.keeping(|connection| {
            each(connection, &names, |change, name| change.prepare_cached(sql)?.execute([name, &at]))
        })
    }

    fn unshelve(&self, kind: Kept, names: &[&str]) -> Result<(), StoreError> {
        let sql = "DELETE FROM meta WHERE name = ?1";
        let names: Vec<String> = names.iter().map(|name| kind.row(name)).collect();
        self.keeping(|connection| {
            each(connection, &names, |change, name| change.prepare_cached(sql)?.execute([name]))
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
    names: &[String],
    change: impl Fn(&Connection, &str) -> Result<usize, rusqlite::Error>,
) -> Result<(), rusqlite::Error> {
    let all = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for name in names {
        change(&all, name)?;
    }
    all.commit()
}

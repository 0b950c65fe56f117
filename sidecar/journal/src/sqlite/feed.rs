//! All records in the order of their commits, and how far somebody has read them.
//!
//! It knows nobody who reads. The order is that of SQLite's own row numbers: one writer gives them, each higher than all that are
//! there. Where the highest are purged they are given again, and the mark goes back with them.

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::{Fed, Feed};

type Sql<T> = Result<T, rusqlite::Error>;

/// Rows in one page at most.
const LONGEST: usize = 2048;

const LAST: &str = "coalesce((SELECT max(rowid) FROM records), 0)";

/// From now on, unless somebody has begun before.
pub(super) fn begin(connection: &Connection) -> Sql<()> {
    connection
        .execute(&format!("INSERT OR IGNORE INTO meta (name, value) VALUES ('exported', {LAST})"), [])
        .map(drop)
}

/// Nobody reads any more; who begins later does so at what comes then.
pub(super) fn forget(connection: &Connection) -> Sql<()> {
    let mark = mark(connection)?;
    if mark.is_some() {
        connection.execute("DELETE FROM meta WHERE name = 'exported'", [])?;
    }
    Ok(())
}

fn mark(connection: &Connection) -> Sql<Option<i64>> {
    connection
        .prepare_cached("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'exported'")?
        .query_row([], |row| row.get(0))
        .optional()
}

pub(super) fn page(connection: &Connection, max_bytes: usize) -> Sql<Feed> {
    // One transaction: the mark and the rows belong together.
    let view = connection.unchecked_transaction()?;
    let Some(from) = mark(&view)? else { return Ok(Feed::default()) };
    let mut statement =
        view.prepare_cached("SELECT rowid, run, seq, body FROM records WHERE rowid > ?1 ORDER BY rowid")?;
    let mut rows = statement.query([from])?;
    let (mut feed, mut bytes) = (Feed { from, ..Feed::default() }, 0);
    while let Some(row) = rows.next()? {
        let body: String = row.get(3)?;
        bytes += body.len();
        feed.records.push(Fed {
            place: row.get(0)?,
            run: row.get(1)?,
            seq: row.get::<_, i64>(2)?.cast_unsigned(),
            body: Some(body.into()),
        });
        feed.more = bytes >= max_bytes || feed.records.len() == LONGEST;
        if feed.more {
            break;
        }
    }
    Ok(feed)
}

/// Everything up to `to` is read. Nothing is done where the mark is not at `from` any more.
pub(super) fn done(connection: &Connection, from: i64, to: i64) -> Sql<()> {
    connection
        .prepare_cached(&format!(
            "UPDATE meta SET value = min(?2, {LAST}) WHERE name = 'exported' AND CAST(value AS INTEGER) = ?1"
        ))?
        .execute(params![from, to])
        .map(drop)
}

/// Rows were deleted: their numbers may come again.
pub(super) fn shortened(connection: &Connection) -> Sql<()> {
    connection
        .prepare_cached(&format!(
            "UPDATE meta SET value = {LAST} WHERE name = 'exported' AND CAST(value AS INTEGER) > {LAST}"
        ))?
        .execute([])
        .map(drop)
}

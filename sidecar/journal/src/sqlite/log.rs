//! The write-ahead log as a file: made large before it is used, and begun again before it grows.
//!
//! It knows no table. A flush of what is written over takes half the time of one that makes a file longer, because that is
//! the file system's own log as well.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row};

type Sql<T> = Result<T, rusqlite::Error>;

/// Pages of the log after which they are copied back.
const FULL: i64 = 1000;

/// What a page takes in the log, and its header. What is behind the last commit is nothing to SQLite: each page there is checked.
const ROOM: u64 = FULL.cast_unsigned() * (4096 + 24) + 32;

/// How far the log has come, in pages.
#[derive(Clone, Copy)]
struct Place {
    written: i64,
    copied: i64,
}

pub(super) fn path(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

/// Makes room. Nobody may write to the store meanwhile. It may fail: the log grows by itself then.
pub(super) fn extend(store: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path(store))?;
    let length = file.metadata()?.len();
    let filled = fill(&mut file, ROOM.saturating_sub(length));
    if filled.is_err() {
        file.set_len(length)?;
    }
    filled
}

fn fill(file: &mut File, mut missing: u64) -> io::Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    while missing > 0 {
        let piece = missing.min(ZEROS.len() as u64);
        file.write_all(&ZEROS[..usize::try_from(piece).unwrap_or(ZEROS.len())])?;
        missing -= piece;
    }
    file.sync_all()
}

/// Copies the log back where there is enough of it, or where it `must` be, and lets the next commit begin it again.
/// `pause` keeps commits away. Whether nothing stands in it.
pub(super) fn copy<P>(connection: &Connection, must: bool, pause: impl FnOnce() -> P) -> Sql<bool> {
    let place = checkpoint(connection, "NOOP")?;
    if (place.written < FULL || place.copied == place.written) && !must {
        return Ok(place.written <= 0);
    }
    checkpoint(connection, "PASSIVE")?;
    if place.written >= FULL {
        // Commits came meanwhile, of which the checkpoint does not tell. As long as one always does, nobody could begin again.
        let _paused = pause();
        checkpoint(connection, "PASSIVE")?;
    }
    Ok(false)
}

/// Copies all of the log back, where nobody commits. False where somebody else's reads keep a part of it.
pub(super) fn copy_all(connection: &Connection) -> Sql<bool> {
    let place = checkpoint(connection, "PASSIVE")?;
    Ok(place.written == place.copied)
}

fn checkpoint(connection: &Connection, how: &str) -> Sql<Place> {
    let place = |row: &Row<'_>| Ok(Place { written: row.get(1)?, copied: row.get(2)? });
    connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], place)
}

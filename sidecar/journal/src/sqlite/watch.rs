//! A watch over the two files of an open store, and a mark beside them that says what must be there after an unclean end.
//!
//! It knows files and no page of them. The mark holds for the file as it was last written by the sidecar: where somebody has
//! written or replaced it since, as whoever puts back a copy does, it says nothing.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fstat, open};

use super::log;
use crate::store_error::StoreError;

/// SQLite makes a longer log as short as this when it begins it again: `journal_size_limit`.
const LIMIT: u64 = 64 << 20;

/// What became of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Files {
    There,
    /// The log was taken away, replaced or cut off.
    NoLog,
    /// The store has no name any more.
    NoStore,
}

/// The store as it was last written, and the length of its log; 0 where nothing stands in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    store: (u64, i64, i64, u64),
    log: u64,
}

impl Known {
    fn of(store: &Metadata, log: u64) -> Known {
        Known { store: (store.ino(), store.mtime(), store.mtime_nsec(), store.len()), log }
    }

    fn written(&self) -> String {
        let (inode, seconds, nanos, length) = self.store;
        format!("1 {inode} {seconds} {nanos} {length} {}\n", self.log)
    }

    fn parse(text: &str) -> Option<Known> {
        let mut words = text.strip_prefix("1 ")?.strip_suffix('\n')?.split(' ');
        let mut word = || words.next();
        let store =
            (word()?.parse().ok()?, word()?.parse().ok()?, word()?.parse().ok()?, word()?.parse().ok()?);
        Some(Known { store, log: word()?.parse().ok()? })
    }
}

pub(super) struct Watch {
    store: PathBuf,
    /// Neither is read, so that to close one takes no lock of SQLite's away.
    store_file: OwnedFd,
    log_inode: u64,
    log_length: u64,
    marked: Option<Known>,
}

fn mark_of(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push("-open");
    path.into()
}

/// The mark of a store whose log was cut off while it was open.
fn cut(store: &Metadata) -> String {
    format!("cut {}\n", store.ino())
}

/// Refuses a store of which something is missing that had been there.
pub(super) fn check(path: &Path) -> Result<(), StoreError> {
    let store = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let Ok(mark) = fs::read_to_string(mark_of(&store)) else { return Ok(()) };
    let refuse = |missing: String| Err(StoreError::Incomplete { path: store.display().to_string(), missing });
    let log = log::path(&store);
    if fs::metadata(&store).is_ok_and(|meta| mark == cut(&meta)) {
        return refuse(format!("{} was cut off", log.display()));
    }
    let Some(known) = Known::parse(&mark) else { return Ok(()) };
    match fs::metadata(&store) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return refuse(format!("{} is gone", store.display()));
        }
        Ok(meta) if Known::of(&meta, known.log) == known && known.log > 0 => {}
        _ => return Ok(()),
    }
    match fs::metadata(&log) {
        Ok(meta) if meta.len() < known.log => refuse(format!("{} was cut off", log.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => refuse(format!("{} is gone", log.display())),
        _ => Ok(()),
    }
}

/// Forgets what must be there.
pub(super) fn accept_loss(path: &Path) -> io::Result<()> {
    let store = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::remove_file(mark_of(&store)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Watch {
    /// Begins where the store is open and has its log.
    pub(super) fn begin(path: &Path) -> io::Result<Watch> {
        let store = fs::canonicalize(path)?;
        let store_file = open(&store, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let log = fs::metadata(log::path(&store))?;
        let mut watch =
            Watch { store, store_file, log_inode: log.ino(), log_length: log.len().min(LIMIT), marked: None };
        // The names of both are on the disk before a mark says so.
        watch.sync_folder()?;
        watch.mark(true)?;
        Ok(watch)
    }

    pub(super) fn look(&self) -> io::Result<Files> {
        let store = fstat(&self.store_file)?;
        if store.st_nlink == 0 {
            return Ok(Files::NoStore);
        }
        // Where the folder was moved both files have gone with it.
        let is_in_place = fs::metadata(&self.store).is_ok_and(|meta| meta.ino() == store.st_ino);
        let is_log = |meta: &Metadata| meta.ino() == self.log_inode && meta.len() >= self.log_length;
        match fs::metadata(log::path(&self.store)) {
            Ok(meta) if is_log(&meta) => Ok(Files::There),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ if is_in_place => Ok(Files::NoLog),
            _ => Ok(Files::There),
        }
    }

    /// Writes down how the files are now, where that is news.
    pub(super) fn mark(&mut self, is_log_empty: bool) -> io::Result<()> {
        let log = log::path(&self.store);
        let length = fs::metadata(&log)?.len().min(LIMIT);
        if length > self.log_length {
            // A commit that is on its way may have made it longer, and the power may take that back.
            File::open(&log)?.sync_all()?;
            self.log_length = length;
        }
        let in_log = if is_log_empty { 0 } else { self.log_length };
        let known = Known::of(&fs::metadata(&self.store)?, in_log);
        if self.marked != Some(known) {
            fs::write(mark_of(&self.store), known.written())?;
            self.marked = Some(known);
        }
        Ok(())
    }

    /// Takes the mark away, since everything is in the one file. The log is still there.
    pub(super) fn end(self) -> io::Result<()> {
        fs::remove_file(mark_of(&self.store))?;
        self.sync_folder()
    }

    /// Makes the mark refuse the store until somebody has said that what is gone may be.
    pub(super) fn mark_cut(&self) -> io::Result<()> {
        fs::write(mark_of(&self.store), cut(&fs::metadata(&self.store)?))
    }

    /// Renames what has taken the place of the log: nothing in it belongs to this store.
    pub(super) fn put_aside(&self) -> io::Result<()> {
        let log = log::path(&self.store);
        match fs::metadata(&log) {
            Ok(meta) if meta.ino() != self.log_inode => {
                let mut aside = log.clone().into_os_string();
                aside.push(".aside");
                fs::rename(&log, aside)
            }
            _ => Ok(()),
        }
    }

    fn sync_folder(&self) -> io::Result<()> {
        let folder = self.store.parent().unwrap_or(Path::new("/"));
        File::open(folder)?.sync_all()
    }
}
